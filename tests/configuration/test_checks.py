import copy

import pytest
import yaml
from configuration.test_schema import CONFIGURATION, changed
from helpers.workspace import EXPERIMENT, OPTIONAL_SECTIONS, REPOSITORY
from snakemake.utils import update_config

from rnnscope.configuration.checks import RENAMED_KEYS, check_configuration, dropout_candidates, grid_models
from rnnscope.configuration.files import convert_texts
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.compiled import KERNELS


def message(configuration):
    """The one line with which a configuration is refused."""
    with pytest.raises(InputError) as error:
        check_configuration(configuration)
    assert "\n" not in str(error.value)
    return str(error.value)


def overlays():
    """What is changed in config.yaml: by the tests and by the profiles."""
    yield EXPERIMENT
    for path in sorted((REPOSITORY / "workflow/profiles").glob("*/*.yaml")):
        if path.name != "config.yaml":
            yield yaml.safe_load(path.read_text())


def test_the_configuration_and_every_overlay_pass():
    check_configuration(CONFIGURATION)
    for overlay in overlays():
        configuration = copy.deepcopy(CONFIGURATION)
        update_config(configuration, overlay)
        convert_texts(configuration)  # which removes what an overlay leaves out
        check_configuration(configuration)


@pytest.mark.parametrize("old", RENAMED_KEYS)
def test_an_old_key_is_refused_with_the_new_one(old):
    section, _, key = old.partition(".")
    assert key not in CONFIGURATION[section]
    found = message(CONFIGURATION | {section: CONFIGURATION[section] | {key: 1}})
    assert found == f"{old}: this key was renamed, expected {RENAMED_KEYS[old]}"


def test_the_new_keys_exist():
    for new in RENAMED_KEYS.values():
        section, _, key = new.partition(".")
        if section == "corpora":
            assert CONFIGURATION["corpora"]["linux_kernel"]["features"] == "code"
        else:
            assert key in CONFIGURATION[section]


FILES = {"weights": "mine.safetensors", "vocabulary": "mine.json"}
MESSAGES = [
    ("imported", {"lstm-1-100": FILES}, 'imported: found "lstm-1-100", expected a name <cell>-<layers>-<size>-<label>'),
    ("imported", {"lstm-1-100-mine": {"weights": "a"}}, "imported.lstm-1-100-mine: no key 'vocabulary', expected weights, vocab"),
    ("imported", {"lstm-1-64-mine": FILES}, "imported: found lstm-1-64-mine beside lstm-1-64, expected another cell, depth or"),
    ("grid.additional", ["lstm-1-9-mine"], "grid.additional: found lstm-1-9-mine, expected a name without a label, or a key of"),
    ("training.learing_rate", 0.1, "training: unknown key 'learing_rate', expected one of epochs, learning_rate, "),
    ("more", 1, "top level: unknown key 'more', expected one of run, corpora, imported, "),
    ("split", {"streams": 1}, "split: no key 'sequence_length', expected streams, sequence_length"),
    ("split", None, "split: found null, expected a section with the keys streams, sequence_length"),
    ("training.epochs", "ten", 'training.epochs: found "ten", expected a whole number from 1 to 1000000'),
    ("training.dropout", [1.5], "training.dropout.0: found 1.5, expected a number of at least 0 and below 1"),
    (
        "training.dropout",
        0.5,
        "training.dropout: found 0.5, expected a list of different numbers of at least 0 and below 1, at lea",
    ),
    ("training.dropout", {64: [0.0, 2]}, "training.dropout.64.1: found 2, expected a number of at least 0 and below 1"),
    ("training.dropout", {64: []}, "training.dropout.64: found [], expected a list of different numbers of at least 0 and below"),
    ("training.dropout", {"64": [0.0]}, 'training.dropout: found "64", expected sizes as keys, each a whole number from 1 to'),
    (
        "training.dropout",
        {64: [0.0], 512: [0.5], 1024: [0.5]},
        "training.dropout: found no list for size 128, expected one for each of 64, 128, 256, 512",
    ),
    ("training.patience", 0, "training.patience: found 0, expected a whole number from 1 to 1000000"),
    ("training.seed", -1, "training.seed: found -1, expected a whole number from 0 to 4294967295"),
    ("error_breakdown.boost", [0.6], "error_breakdown.boost.0: found 0.6, expected a number above 0 and at most 0.5"),
    (
        "dynamic_evaluation.learning_rate",
        1e4,
        "dynamic_evaluation.learning_rate: found 10000.0, expected a number above 0 and at ",
    ),
    (
        "realisable.learning_rates",
        [1e4],
        "realisable.learning_rates.0: found 10000.0, expected a number above 0 and at most 1000",
    ),
    ("realisable.thetas", [1e5], "realisable.thetas.0: found 100000.0, expected a number from 0 to 10000"),
    ("error_breakdown.order.1", "words", 'error_breakdown.order.1: found "words", expected n-gram, memory, rare_words, '),
    ("grid.cells", ["ltsm"], 'grid.cells.0: found "ltsm", expected a cell among lstm, rnn, gru'),
    (
        "grid.additional",
        ["lstm-3"],
        'grid.additional.0: found "lstm-3", expected a model <cell>-<layers>-<size>, such as lstm-',
    ),
    ("grid.sizes", [64, 64], "grid.sizes: found [64, 64], expected a list of different whole numbers from 1 to 100000"),
    (
        "nnn.hidden_widths",
        [],
        "nnn.hidden_widths: found [], expected a list of different whole numbers from 1 to 100000, at least",
    ),
    ("run", ["tail"], "run: found 'tail', expected keys of corpora: war_and_peace, linux_kernel, "),
    (
        "corpora.logs",
        {},
        'corpora: found "logs", expected a name of letters, digits and underscores, and none of benchmarks, logs',
    ),
    ("corpora.my book", {}, 'corpora: found "my book", expected a name of letters, digits and underscores'),
    ("corpora.linux_kernel.sources", [], "corpora.linux_kernel.sources: found [], expected a list of one or more sources"),
    ("corpora.linux_kernel.fractions", [0.8, 0.1, 0.2], "corpora.linux_kernel.fractions: found a sum of 1.1, expected exactly 1"),
    (
        "corpora.linux_kernel.fractions",
        [0.1, 0.9],
        "corpora.linux_kernel.fractions: found [0.1, 0.9], expected a list of 3 ",
    ),
    (
        "corpora.linux_kernel.features",
        "verse",
        "corpora.linux_kernel.features: found 'verse', expected one list (prose or language or code) ",
    ),
    ("corpora.linux_kernel.features", ["verse"], "corpora.linux_kernel.features: found 'verse', expected one list "),
    ("grid", {"cells": [], "layers": [1], "sizes": [64], "additional": []}, "grid: found no model, expected at least one"),
    ("activations.models", ["lstm-3-9"], "activations.models: found lstm-3-9, expected a model of the grid"),
    ("errors.candidates", ["lstm-3-64", "gru-9-9"], "errors.candidates: found gru-9-9, expected a model of the grid"),
    ("dynamics.model", "lstm-3-9", "dynamics.model: found lstm-3-9, expected a model of the grid"),
    ("size_breakdown.smaller", "lstm-3-9", "size_breakdown.smaller: found lstm-3-9, expected a model of the grid"),
    ("size_breakdown.larger", "lstm-3-9", "size_breakdown.larger: found lstm-3-9, expected a model of the grid"),
    ("context.models", ["lstm-3-9"], "context.models: found lstm-3-9, expected a model of the grid"),
    ("ablations.models", ["lstm-3-9"], "ablations.models: found lstm-3-9, expected a model of the grid"),
    ("seeds.models", ["lstm-3-9"], "seeds.models: found lstm-3-9, expected a model of the grid"),
    ("seeds.values", [2, 1], "seeds.values: found 1, expected other seeds than training.seed"),
    ("seeds.values", [], "seeds.values: found [], expected a list of different whole numbers from 0 to 4294967295, at least one"),
    ("split.streams", 3, "split.streams: found 3, expected at least 4 with the section seeds"),
    ("comparisons.ngram", 21, "comparisons.ngram: found 21, expected at most ngrams.longest_context, 20"),
    ("dynamics.epochs", 51, "dynamics.epochs: found 51, expected at most training.epochs, 50"),
]


@pytest.mark.parametrize("section", ["ngrams", "nnn", "external", "none"])
def test_one_model_is_not_compared_with_any(section):
    one = changed("grid", {"cells": ["lstm"], "layers": [1], "sizes": [64], "additional": []})
    one["errors"]["candidates"] = ["lstm-1-64"]
    one["external"] = {"other": "other.parquet"}
    optional = {*OPTIONAL_SECTIONS, "imported", "external"} - {section}
    one = {key: value for key, value in one.items() if key not in optional}
    if section == "none":
        expected = "grid: found lstm-1-64 alone, expected two models at least, which are compared: another network, or a section "
        assert message(one) == expected + "ngrams or nnn"
        one["grid"]["cells"].append("gru")
    check_configuration(one)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_refused_in_bfloat16_where_training_could_never_have_it(cell):
    """By the kernels that there are. The check itself imports no torch."""
    rounded = changed("training.precision", "bfloat16")
    check_configuration(rounded)
    rounded["grid"]["additional"] = [*rounded["grid"]["additional"], f"{cell}-1-64"]
    if cell in KERNELS:
        check_configuration(rounded)
    else:
        expected = f"training.precision: found bfloat16, expected float32 with {cell}-1-64: bfloat16 is for lstm, rnn, gru"
        assert message(rounded) == expected
        kept = rounded | {"kept_models": "somewhere"}
        check_configuration(kept)
        assert message(kept | {"seeds": {"models": [f"{cell}-1-64"], "values": [2]}}) == expected
    rounded["training"]["precision"] = "float32"
    check_configuration(rounded)


OPTIONAL = (*OPTIONAL_SECTIONS, "imported", "external")


@pytest.mark.parametrize("section", OPTIONAL)
def test_an_optional_section_may_be_left_out(section):
    configuration = copy.deepcopy(CONFIGURATION)
    del configuration[section]
    check_configuration(configuration)


@pytest.mark.parametrize("section", sorted(set(CONFIGURATION) - {*OPTIONAL}))
def test_no_other_section_may_be_left_out(section):
    configuration = {key: value for key, value in CONFIGURATION.items() if key != section}
    assert message(configuration).startswith(f"top level: no key {section!r}, expected ")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"title": 1984}, 'corpora.x.title: found 1984, expected a text; write "1984", with quotes'),
        ({"encoding": "utf-9"}, 'corpora.x.encoding: found "utf-9", expected the name of an encoding, such as utf-8, '),
        ({"characters": "letters"}, 'corpora.x.characters: found "letters", expected bytes or unicode'),
        ({"vocabulary": 257}, "corpora.x.vocabulary: found 257, expected at most 256 bytes, or characters: unicode"),
    ],
)
def test_a_mistake_in_a_corpus_is_one_line(change, line):
    corpus = {"title": "x", "fractions": [0.8, 0.1, 0.1], "sources": [{"path": "x"}]}
    unicode_text = {"characters": "unicode", "encoding": "gb18030", "vocabulary": 4000, "minimum_count": 2}
    check_configuration(CONFIGURATION | {"corpora": CONFIGURATION["corpora"] | {"x": corpus | unicode_text}})
    assert message(CONFIGURATION | {"corpora": CONFIGURATION["corpora"] | {"x": corpus | change}}).startswith(line)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ({"installed": {"package": "torch"}}, 'installed: found {"package": "torch"}, expected keys '),
        ({"installed": {"package": "torch", "members": ["*.h"]}}, "installed: found {"),
        (
            {"installed": {"package": "my-package", "attribute": "topics"}},
            "installed: package: found 'my-package', expected the ",
        ),
        ({"url": "http://example.org/text"}, "url: found 'http://example.org/text', expected https://"),
        ({"folder": {"path": "x", "members": ["!"], "shuffle_seed": 1}}, "members: found "),
        ({"archive": {"debian": "a b!", "members": ["*"], "shuffle_seed": 1}}, "debian: found "),
    ],
)
def test_a_source_that_no_job_could_read_is_found_before_the_first_job(source, line):
    found = message(changed("corpora.war_and_peace.sources", [{"path": "x"}, source]))
    assert found.startswith(f"corpora.war_and_peace.sources.1: {line}")


def test_a_corpus_with_the_name_of_a_number():
    corpora = CONFIGURATION["corpora"] | {1984: CONFIGURATION["corpora"]["war_and_peace"]}
    expected = 'corpora: found the name 1984, expected a text; write "1984", with quotes, here and in run'
    assert message(CONFIGURATION | {"corpora": corpora, "run": [1984]}) == expected


@pytest.mark.parametrize(("key", "value", "line"), MESSAGES)
def test_a_mistake_is_one_line_with_the_key_what_was_found_and_what_was_expected(key, value, line):
    if key == "error_breakdown.order.1":
        key, value = "error_breakdown.order", ["n-gram", value]
    assert message(changed(key, value)).startswith(line)


@pytest.mark.parametrize("key", ["activations.models", "context.models", "ablations.models"])
def test_one_stream_is_refused_where_streams_are_compared(key):
    sections = {"activations", "context", "ablations", "seeds"}
    one = changed("split.streams", 1)
    one = {name: value for name, value in one.items() if name not in sections}
    check_configuration(one)
    section = key.partition(".")[0]
    one[section] = CONFIGURATION[section]
    assert message(one) == f"split.streams: found 1, expected at least 2 with {key}"
    check_configuration(one | {"split": CONFIGURATION["split"] | {"streams": 2}})


@pytest.mark.parametrize(("left_out", "others"), [((), 5), (("nnn", "dynamics"), 4), (("nnn", "dynamics", "ngrams"), 3)])
def test_more_models_than_can_be_intersected_are_refused(left_out, others):
    """Beside the external models one network of each of the three cells, an n-gram model and an n-NN."""
    configuration = {key: value for key, value in CONFIGURATION.items() if key not in left_out}
    external = {f"model_{number}": "other.parquet" for number in range(16 - others)}
    check_configuration(configuration | {"external": external})
    expected = (
        f"external: found {17 - others} models, expected at most {16 - others}: with the {others} of the grid, ngrams and nnn"
    )
    assert message(configuration | {"external": external | {"last": "other.parquet"}}).startswith(expected)


def test_one_stream_is_enough_for_activations_of_no_model():
    one = changed("split.streams", 1)
    one["activations"]["models"] = []
    check_configuration({name: value for name, value in one.items() if name not in {"context", "ablations", "seeds"}})


def test_shares_are_added_as_decimals():
    """0.7 + 0.2 + 0.1 is not 1 as a sum of floating-point numbers."""
    assert sum([0.7, 0.2, 0.1]) != 1
    check_configuration(changed("corpora.linux_kernel.fractions", [0.7, 0.2, 0.1]))


def test_models_of_the_grid_come_in_order_and_once():
    grid = {"cells": ["gru", "lstm"], "layers": [1, 2], "sizes": [8], "additional": ["rnn-1-4", "gru-2-8"]}
    assert grid_models({"grid": grid}) == ["gru-1-8", "gru-2-8", "lstm-1-8", "lstm-2-8", "rnn-1-4"]


def test_dropout_by_size_of_an_overlay_replaces_the_list():
    configuration = copy.deepcopy(CONFIGURATION)
    update_config(configuration, yaml.safe_load("training: {dropout: {64: [0.0], 128: [0.0], 256: [0.25], 512: [0.25, 0.5]}}"))
    check_configuration(configuration)
    assert dropout_candidates(configuration, "gru-3-512") == [0.25, 0.5]
    assert dropout_candidates(configuration, "rnn-1-64") == [0.0]
    assert dropout_candidates(CONFIGURATION, "rnn-1-64") == CONFIGURATION["training"]["dropout"]


@pytest.mark.parametrize("title", ["a\nb", "a\x1b[31m", "a\x00", "\u202eb", "\udc80"])
def test_a_title_with_control_characters_is_refused(title):
    found = message(changed("corpora.war_and_peace.title", title))
    assert found.startswith("corpora.war_and_peace.title: found ")
    assert found.endswith(", expected printable characters on one line")
    assert found.isprintable()


@pytest.mark.parametrize("title", ["War & Peace: $5 {or} '--more\"", "--help", "$x$", "Война и мир", "a\\b"])
def test_any_other_title_passes(title):
    check_configuration(changed("corpora.war_and_peace.title", title))


@pytest.mark.parametrize("key", ["a\x1b[31mb", "a\nb"])
def test_whatever_is_found_is_printable(key):
    assert message(CONFIGURATION | {key: 1}).isprintable()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.epochs", "9" * 5000),
        ("training.epochs", -(10**4000)),
        ("training.dropout", "9" * 5000),
        ("training." + "x" * 5000, 1),
        ("run", ["x" * 5000]),
        ("corpora.war_and_peace.title", "\n" * 5000),
        ("corpora.war_and_peace.sources", [{"path": "x" * 5000, "url": "https://a.org/"}]),
        ("corpora.war_and_peace.sources", [{"url": "x" * 5000}]),
    ],
)
def test_whatever_is_found_is_one_short_line(key, value):
    found = message(changed(key, value))
    assert ", expected " in found
    assert len(found.partition(", expected ")[0]) < 600


@pytest.mark.parametrize(
    "url",
    [
        "https://name:s3cret@example.org/text",
        "name:s3cret@example.org/text",
        "s3cret@example.org/text",
        "https:/name:s3cret@example.org/text",
        "https://name:s3cret word@example.org/text",
        'https://name:s3cret"word@example.org/text',
    ],
)
def test_a_password_is_not_printed(url):
    for source in ({"url": url}, {"url": url, "path": "x"}, {"url": [url]}, {"archive": {"url": url}}, f"url: {url}"):
        found = message(changed("corpora.war_and_peace.sources", [source]))
        assert found.startswith("corpora.war_and_peace.sources.0")
        assert "s3cret" not in found


def test_what_holds_no_password_is_printed_whole():
    found = message(changed("corpora.war_and_peace.sources", [{"path": "~/me@home/text", "url": "https://a.org/@b"}]))
    assert 'found {"path": "~/me@home/text", "url": "https://...@b"}, expected' in found
