"""What YAML and a command line make of values, and keys that are there twice."""

import copy
import re

import pytest
import yaml
from configuration.test_schema import CONFIGURATION
from snakemake.cli import parse_config
from snakemake.utils import update_config

from rnnscope.configuration.checks import check_configuration
from rnnscope.configuration.files import check_duplicated_keys, check_readable, convert_texts
from rnnscope.errors import InputError


def converted(overlay: dict) -> dict:
    configuration = copy.deepcopy(CONFIGURATION)
    update_config(configuration, overlay)
    convert_texts(configuration)
    return configuration


def test_numbers_that_yaml_takes_for_texts_are_numbers():
    overlay = yaml.safe_load("training: {learning_rate: 1e-3, dropout: [0.0, 5e-1]}\nexplorer: {characters: 100}\n")
    assert overlay["training"]["learning_rate"] == "1e-3"
    configuration = converted(overlay)
    assert configuration["training"]["learning_rate"] == 0.001
    assert configuration["training"]["dropout"] == [0.0, 0.5]
    check_configuration(configuration)


def test_nested_values_of_a_command_line_are_typed():
    words = ["training={epochs: 3, learning_rate: 0.01}", "split={streams: 4}", "grid={sizes: [256, 128, 64]}", "nnn="]
    configuration = converted(parse_config(words))
    assert configuration["training"]["epochs"] == 3
    assert type(configuration["training"]["epochs"]) is int
    assert configuration["grid"]["sizes"] == [256, 128, 64]
    assert configuration["split"] == {"streams": 4, "sequence_length": CONFIGURATION["split"]["sequence_length"]}
    assert "nnn" not in configuration
    check_configuration(configuration)


def test_texts_and_what_is_no_number_stay():
    overlay = {"training": {"epochs": "ten", "seed": "1.5"}, "corpora": {"war_and_peace": {"title": "1984", "bytes": "7"}}}
    configuration = converted(overlay)
    assert configuration["training"]["epochs"] == "ten"
    assert configuration["training"]["seed"] == "1.5"
    assert configuration["corpora"]["war_and_peace"]["title"] == "1984"
    assert configuration["corpora"]["war_and_peace"]["bytes"] == 7
    with pytest.raises(InputError, match='found "ten", expected a whole number'):
        check_configuration(configuration)


def test_a_configuration_of_the_right_types_stays_as_it_is():
    assert converted({}) == CONFIGURATION


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("split:\n  streams: 1\nrun: [a]\nsplit: {}\n", "the key split is in line 1 and in line 4"),
        ("training:\n  epochs: 1\n  seed: 2\n  epochs: 3\n", "the key training.epochs is in line 2 and in line 4"),
        ("corpora:\n  x:\n    sources:\n    - path: a\n      path: b\n", "corpora.x.sources.0.path is in line 4 and in line 5"),
        ('{"a": 1,\n "a": 2}', "the key a is in line 1 and in line 2"),
    ],
)
def test_a_key_that_is_there_twice_is_reported_with_both_places(tmp_path, text, found):
    (tmp_path / "good.yaml").write_text("a: {b: 1}\nc: {b: 1}\n")
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InputError, match=found) as caught:
        check_duplicated_keys([tmp_path / "good.yaml", tmp_path / "bad.yaml"])
    assert str(caught.value).startswith(f"{tmp_path / 'bad.yaml'}: ")


NESTED = "training: {epochs: " + "[" * 300 + "]" * 300 + "}"
HOLDS_ITSELF = "training: &a {x: *a}"
DOUBLED = "a: &a0 [x, x]\n" + "".join(f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]\n" for level in range(1, 29))
TOO_MUCH = "found more than 100,000 values or 30 levels, expected fewer"
TOO_LONG = "found a whole number of very many digits, expected at most 64 bits"


@pytest.mark.parametrize(
    ("text", "key", "found"),
    [(NESTED, "training.epochs.0.0", TOO_MUCH), (HOLDS_ITSELF, "training.x.x.x", TOO_MUCH), (DOUBLED, r"a\d+[.01]*", TOO_MUCH)],
)
def test_values_without_end_are_one_line(tmp_path, text, key, found):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"^{tmp_path}/x\.yaml: {key}: {found}$"):
        check_duplicated_keys([tmp_path / "x.yaml"])
    with pytest.raises(InputError, match=f"^{key}: {found}$"):
        convert_texts(yaml.safe_load(text))


@pytest.mark.parametrize("section", [{"epochs": -(16**20_000)}, {"epochs": {16**20_000: 1}}, {"epochs": {2**64: 1}}])
def test_a_number_that_cannot_be_spelled_is_one_line(section):
    with pytest.raises(InputError, match=f"^training.epochs: {TOO_LONG}$"):
        convert_texts({"training": section})


@pytest.mark.parametrize("key", ["epochs", "learning_rate"])
@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "-" + "9" * 400, "1e400", "nan"])
def test_a_text_of_a_number_without_bounds_stays_a_text(key, text):
    configuration = converted(parse_config([f"training={{{key}: '{text}'}}"]))
    assert configuration["training"][key] == text
    with pytest.raises(InputError, match=f'^training.{key}: found "'):
        check_configuration(configuration)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("training: {epochs: {2020-01-01: 1}}", 'training.epochs: found {"2020-01-01": 1}, expected a whole number'),
        ("training: {epochs: {null: {2.5: 1}}}", 'training.epochs: found {"None": {"2.5": 1}}, expected a whole number'),
        ("training: {2020-01-01: 1}", "training: unknown key '2020-01-01', expected one of"),
        ("2020-01-01: 1", "top level: unknown key '2020-01-01', expected one of"),
        ("imported: {2020-01-01: 1}", 'imported: found "2020-01-01", expected a name <cell>-<layers>-<size>-<label>; write "'),
        ("external: {7: x.parquet}", 'external: found 7, expected a name of letters, digits and underscores; write "7", with'),
        ("external: {null: x.parquet}", "external: found null, expected a name of letters, digits and underscores"),
        ("grid: {additional: [2020-01-01]}", 'grid.additional.0: found "2020-01-01", expected a model'),
        ("size_breakdown: {smaller: 2020-01-01}", 'size_breakdown.smaller: found "2020-01-01", expected a model'),
    ],
)
def test_keys_that_are_no_texts_are_one_line(text, line):
    with pytest.raises(InputError, match="^" + re.escape(line)):
        check_configuration(converted(yaml.safe_load(text)))


def test_files_that_are_no_yaml_are_left_to_their_reader(tmp_path):
    (tmp_path / "x.yaml").write_text("a: [")
    (tmp_path / "deep.yaml").write_text("[" * 3000)
    check_duplicated_keys([tmp_path / "gone.yaml", tmp_path / "x.yaml", tmp_path / "deep.yaml"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"run: [tale]\n epochs: 2\n", "line 2: not readable as YAML: "),
        (b"run: [tale]\ntitle: A tale: part 2\n", "line 2: not readable as YAML: "),
        (b"training:\n\tepochs: 2\n", "line 2: not readable as YAML: "),
        (b"a: 1\nb: 2\ntitle: Caf\xe9\n", "line 3: found the byte 0xe9, expected text in UTF-8"),
        ("run: [tale]\n".encode("utf-16"), "line 1: found the byte 0xff, expected text in UTF-8"),
        (b"# nothing yet\n", "found nothing, expected keys with values"),
        (b"[1, 2]\n", "found a list, expected keys with values"),
        (b"a tale\n", "found a single value, expected keys with values"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_with_its_place(tmp_path, content, message):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        check_readable(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [b"run: [tale]\n", b'{"run": ["tale"], "title": "Caf\xc3\xa9"}', b"\xef\xbb\xbfrun: [tale]\n"]
)
def test_a_file_of_keys_is_readable(tmp_path, content):
    (tmp_path / "config.yaml").write_bytes(content)
    check_readable(tmp_path / "config.yaml")
    check_readable(tmp_path / "missing.yaml")
