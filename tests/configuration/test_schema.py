import copy
import math

import pytest
import yaml
from helpers.workspace import REPOSITORY
from jsonschema import Draft202012Validator

from rnnscope.configuration.schema import configuration_schema, validator
from rnnscope.models.cells import CELLS
from rnnscope.settings.base import is_optional, settings_of
from rnnscope.settings.sections import SECTIONS

CONFIGURATION = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
SHA256 = "0123456789abcdef" * 4


def changed(key, value):
    configuration = copy.deepcopy(CONFIGURATION)
    *parents, last = key.split(".")
    section = configuration
    for parent in parents:
        section = section[parent]
    section[last] = value
    return configuration


def test_it_is_a_schema_that_describes_every_part():
    schema = configuration_schema()
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == ["run", "corpora", "imported", "external", "kept_models", *SECTIONS]
    assert "kept_models" not in schema["required"]

    def parts(part):
        yield part
        for below in (*part.get("properties", {}).values(), *(part[word] for word in ("items",) if word in part)):
            yield from parts(below)

    for part in (*parts(schema), *parts(schema["properties"]["corpora"]["additionalProperties"])):
        assert part["description"]
        if part.get("type") == "object" and "properties" in part:
            assert part["additionalProperties"] is False


def test_the_configuration_holds_the_keys_of_the_settings_and_is_valid():
    assert set(CONFIGURATION) == {"run", "corpora", "imported", "external", *SECTIONS}
    for key, section in SECTIONS.items():
        required = {name for name, (kind, _) in settings_of(section).items() if not is_optional(kind)}
        assert set(CONFIGURATION[key]) == required
    assert list(validator().iter_errors(CONFIGURATION)) == []


ALLOWED = [
    ("grid.cells", []),
    ("grid.cells", list(CELLS)),
    ("grid.additional", []),
    ("activations.models", []),
    ("training.dropout", [0]),
    ("training.dropout", {64: [0.0], 512: [0.25, 0.5]}),
    ("training.patience", 1),
    ("training.rmsprop_alpha", 0),
    ("training.learning_rate_decay", 1),
    ("training.learning_rate_decay_after", 0),
    ("training.seed", 2**32 - 1),
    ("split.streams", 32767),
    ("cell_text.columns", 20),
    ("cell_text.columns", 110),
    ("cell_text.random_units", 0),
    ("error_breakdown.rare_words", [0]),
    ("error_breakdown.boost", [0.5]),
    ("bootstrap.samples", 2),
    ("model_map.perplexity", 1),
    ("corpora.war_and_peace.bytes", 1),
    ("corpora.war_and_peace.vocabulary", 256),
    ("corpora.war_and_peace.sha256", SHA256),
    ("corpora.war_and_peace.features", "code"),
    ("corpora.war_and_peace.features", ["capital", "inside_word"]),
    ("corpora.war_and_peace.sources", [{"path": "a"}, {"url": "https://b"}]),
    ("corpora.war_and_peace.sources", [{"archive": {"debian": "linux", "members": ["*.c"], "shuffle_seed": 0}}]),
    ("corpora.war_and_peace.sources", [{"installed": {"package": "torch", "members": ["*.h"], "shuffle_seed": 1}}]),
]

# At least everything that earlier versions did not allow.
REFUSED = [
    ("run", []),
    ("run", ["war_and_peace", "war_and_peace"]),
    ("corpora", {}),
    ("corpora", {"war and peace": CONFIGURATION["corpora"]["war_and_peace"]}),
    ("split", None),
    ("split.streams", 0),
    ("split.streams", 32768),
    ("split.streams", 1.0),
    ("split.streams", True),
    ("split.sequence_length", 0),
    ("grid.cells", ["lstm", "lstm"]),
    ("grid.cells", ["ltsm"]),
    ("grid.layers", [0]),
    ("grid.sizes", [64, 64]),
    *(("grid.additional", [name]) for name in ("lstm-3", "lstm-0-512", "lstm-03-512", "nnn-3", "ngram-3", "lstm-3-5-1", 3)),
    ("training.epochs", 0),
    ("training.learning_rate", 0),
    ("training.learning_rate", math.inf),
    ("training.learning_rate", math.nan),
    ("training.learning_rate", "2e-3"),
    ("training.rmsprop_alpha", 1),
    ("training.learning_rate_decay", 0),
    ("training.learning_rate_decay", 1.01),
    ("training.learning_rate_decay_after", -1),
    ("training.gradient_clip", 0),
    ("training.dropout", []),
    ("training.dropout", {}),
    ("training.dropout", {64: []}),
    ("training.dropout", {64: 0.5}),
    ("training.dropout", {64: [0.1, 0.1]}),
    ("training.dropout", {0: [0.1]}),
    ("training.dropout", {"64": [0.1]}),
    ("training.dropout", {64.0: [0.1]}),
    ("training.dropout", 0.5),
    ("training.patience", 0),
    ("training.patience", None),
    ("training.dropout", [1]),
    ("training.dropout", [0.1, 0.1]),
    ("training.seed", -1),
    ("training.seed", 2**32),
    ("training.device", "gpu"),
    ("training.threads", 0),
    ("ngrams.longest_context", 0),
    ("nnn.longest_context", 0),
    ("nnn.hidden_widths", []),
    ("nnn.hidden_widths", [0]),
    ("nnn.sequence_length", 0),
    ("dynamics.model", "lstm"),
    ("dynamics.epochs", 0),
    ("dynamics.snapshots", 0),
    ("activations.precision", "float64"),
    ("features.newline_within", 0),
    ("units.characters", 0),
    ("cells.best", 0),
    ("cells.permutations", 0),
    ("cell_text.lines", 0),
    ("cell_text.columns", 19),
    ("cell_text.columns", 111),
    ("cell_text.random_units", -1),
    ("errors.candidates", []),
    ("error_breakdown.order", []),
    ("error_breakdown.order", ["words"]),
    ("error_breakdown.longest_context", 0),
    ("error_breakdown.memory", [0]),
    ("error_breakdown.rare_words", [-1]),
    ("error_breakdown.boost", [0]),
    ("error_breakdown.boost", [0.51]),
    ("error_snippets.snippets", 0),
    ("size_breakdown.smaller", "lstm"),
    ("dynamic_evaluation.learning_rate", 0),
    ("dynamic_evaluation.learning_rate", 1e300),
    ("dynamic_evaluation.sequence_length", 0),
    ("dynamic_evaluation.streams", 0),
    ("realisable.learning_rates", [0]),
    ("realisable.learning_rates", [0.1, 1e300]),
    ("realisable.decays", [1.1]),
    ("realisable.sequence_length", 0),
    ("realisable.streams", 0),
    ("realisable.thetas", [-1]),
    ("realisable.thetas", [1, 1e300]),
    ("realisable.characters", 0),
    ("context.models", []),
    ("context.lengths", [0]),
    ("context.targets", 0),
    ("context.shuffled", 0),
    ("context.tolerance", 0),
    ("timescales.places", 0),
    ("timescales.longest", 0),
    ("timescales.choice_seed", -1),
    ("ablations.models", []),
    ("ablations.holds", ["median"]),
    ("ablations.characters", 0),
    ("ablations.group_sizes", [0]),
    ("ablations.controls", 0),
    ("ablations.control_groups", 0),
    ("seeds.models", []),
    ("seeds.models", ["lstm"]),
    ("seeds.values", []),
    ("seeds.values", [2, 2]),
    ("seeds.values", [-1]),
    ("seeds.values", ["two"]),
    ("comparisons.ngram", 0),
    ("comparisons.minimum_count", 0),
    ("intervals.clusters", 9),
    ("intervals.samples", 1),
    ("model_map.perplexity", 0.99),
    ("bootstrap.samples", 1),
    ("explorer.characters", 0),
    ("corpora.war_and_peace.title", ""),
    ("corpora.war_and_peace.title", 3),
    ("corpora.war_and_peace.fractions", [0.5, 0.5]),
    ("corpora.war_and_peace.fractions", [0.5, 0.5, 0]),
    ("corpora.war_and_peace.fractions", [1, 0.5, 0.5]),
    ("corpora.war_and_peace.bytes", 0),
    ("corpora.war_and_peace.vocabulary", 1_114_113),
    ("corpora.war_and_peace.characters", "letters"),
    ("corpora.war_and_peace.encoding", "utf-9"),
    ("corpora.war_and_peace.minimum_count", 0),
    ("corpora.war_and_peace.sources", [{"path": []}]),
    ("corpora.war_and_peace.sources", [{"folder": {"path": "x"}}]),
    ("corpora.war_and_peace.sha256", SHA256.upper()),
    ("corpora.war_and_peace.features", ""),
    ("corpora.war_and_peace.features", 3),
    ("corpora.war_and_peace.features", []),
    ("corpora.war_and_peace.features", ["capital", "capital"]),
    ("corpora.war_and_peace.sources", []),
    ("corpora.war_and_peace.sources", [{}]),
    ("corpora.war_and_peace.sources", [{"path": ""}]),
    ("corpora.war_and_peace.sources", [{"path": "a", "url": "https://b"}]),
    ("corpora.war_and_peace.sources", [{"url": "ftp://b"}]),
    ("corpora.war_and_peace.sources", [{"archive": {"path": "a", "members": ["*"]}}]),
    ("corpora.war_and_peace.sources", [{"archive": {"path": "a", "url": "https://b", "members": ["*"], "shuffle_seed": 1}}]),
    ("corpora.war_and_peace.sources", [{"archive": {"path": "a", "members": [], "shuffle_seed": 1}}]),
    ("corpora.war_and_peace.sources", [{"installed": {"attribute": "topics"}}]),
    ("corpora.war_and_peace.sources", [{"ftp": "a"}]),
    ("corpora.war_and_peace.sources", [{"url": "https://name:password@example.org/text"}]),
    # What Python's $ alone lets pass.
    ("corpora", {"tale\n": CONFIGURATION["corpora"]["war_and_peace"]}),
    ("corpora.war_and_peace.sha256", SHA256 + "\n"),
    ("grid.additional", ["lstm-1-4\n"]),
    # No float, and no number at all.
    ("training.learning_rate", 10**400),
    ("training.epochs", 10**400),
    ("training.epochs", math.nan),
    ("training.epochs", math.inf),
    ("error_breakdown.boost", [math.nan]),
    ("corpora.war_and_peace.fractions", [0.5, 0.5, math.nan]),
    # As many rules, or as long a search.
    ("ngrams.longest_context", 1001),
    ("nnn.longest_context", 1001),
    ("error_breakdown.longest_context", 1001),
    ("dynamics.snapshots", 10_001),
    ("grid.layers", [101]),
    ("grid.sizes", [100_001]),
    ("grid.additional", ["lstm-101-4"]),
    ("grid.additional", ["lstm-1-100001"]),
]


@pytest.mark.parametrize(("key", "value"), ALLOWED)
def test_values_within_the_bounds_are_allowed(key, value):
    assert list(validator().iter_errors(changed(key, value))) == []


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_values_out_of_the_bounds_are_not_allowed(key, value):
    assert list(validator().iter_errors(changed(key, value))) != []


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_required_and_no_other_is_allowed(section):
    for name in CONFIGURATION[section]:
        without = {key: value for key, value in CONFIGURATION[section].items() if key != name}
        assert list(validator().iter_errors(CONFIGURATION | {section: without})) != []
    more = CONFIGURATION[section] | {"more": 1}
    assert list(validator().iter_errors(CONFIGURATION | {section: more})) != []
