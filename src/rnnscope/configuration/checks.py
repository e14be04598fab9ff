"""Check a configuration before the first job runs, and report the first mistake in one line."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

from jsonschema import ValidationError

import rnnscope.analyses.units.text_features  # noqa: F401 (registers the features)
from rnnscope.analyses.units.feature_registry import chosen_features
from rnnscope.analyses.units.language_features import lexer_of
from rnnscope.configuration.schema import validator
from rnnscope.corpus.sources import check_source
from rnnscope.corpus.spelling import spell, without_password
from rnnscope.errors import InputError, quoted
from rnnscope.models.cells import CELLS_WITH_KERNELS, EXTERNAL, ModelName
from rnnscope.settings.base import settings_of
from rnnscope.settings.predictions import MOST_INTERSECTED
from rnnscope.settings.sections import SECTIONS, Grid
from rnnscope.settings.seeds import FEWEST_STREAMS, Seeds

Configuration = Mapping[str, Any]

# Keys of earlier versions, and what they are called now.
RENAMED_KEYS = {
    "split.steps": "split.sequence_length",
    "training.smoothing": "training.rmsprop_alpha",
    "training.decay": "training.learning_rate_decay",
    "training.decay_after": "training.learning_rate_decay_after",
    "ngrams.horizons": "ngrams.longest_context",
    "nnn.horizons": "nnn.longest_context",
    "nnn.steps": "nnn.sequence_length",
    "features.lists": "corpora.<corpus>.features: prose, code or a list of names",
    "cells.characters": "units.characters",
    "comparisons.block": "intervals.clusters",
    "intervals.block": "intervals.clusters",
    "comparisons.samples": "intervals.samples",
    "comparisons.seed": "intervals.seed",
    "comparisons.perplexity": "model_map.perplexity",
    "error_breakdown.ngram_horizons": "error_breakdown.longest_context",
    "error_breakdown.snippets": "error_snippets.snippets",
    "error_breakdown.seed": "error_snippets.seed",
    "dynamic_evaluation.steps": "dynamic_evaluation.sequence_length",
}

# Keys that name models of the grid; those of the grid itself say which these are.
MODEL_KEYS = tuple(
    f"{section}.{key}"
    for section, settings in SECTIONS.items()
    for key, (_, declared) in settings_of(settings).items()
    if section != Grid.key and declared.names in ("model", "model or external")
)

# Of these, those whose model is trained again.
TRAINED_KEYS = ("dynamics.model", "seeds.models")

# Of MODEL_KEYS, those whose analyses compare streams with each other; without a model one stream is enough.
TWO_STREAMS_KEYS = ("activations.models", "context.models", "ablations.models")

# Keys that are bounded by other keys.
BOUNDED_KEYS = {"comparisons.ngram": "ngrams.longest_context", "dynamics.epochs": "training.epochs"}


def check_configuration(config: Configuration) -> None:
    """Check a whole configuration.

    Raises
    ------
    InputError
        At the first mistake: one line that names the key, what was found and what was expected.
    """
    check_renamed_keys(config)
    check_names(config)
    for error in validator().iter_errors(config):
        raise InputError(report_schema_error(error))
    check_corpora(config)
    check_models(config)
    check_precision(config)
    check_dropout(config)
    check_bounds(config)
    check_seeds(config)
    check_streams(config)


def check_renamed_keys(config: Configuration) -> None:
    """Raise InputError, naming the new key, if the configuration has a key of an earlier version."""
    for old, new in RENAMED_KEYS.items():
        section, _, key = old.partition(".")
        values = config.get(section)
        if isinstance(values, Mapping) and key in values:
            raise InputError(f"{old}: this key was renamed, expected {new}")


def check_names(config: Configuration) -> None:
    """Raise InputError if a corpus has the name of a number, which YAML does not take for a text."""
    corpora = config.get("corpora")
    for name in corpora if isinstance(corpora, Mapping) else ():
        if not isinstance(name, str):
            raise InputError(f'corpora: found the name {name}, expected a text; write "{name}", with quotes, here and in run')


def report_schema_error(error: ValidationError) -> str:
    """Return the line that reports a mistake which the schema found."""
    key = without_password(".".join(map(str, error.absolute_path))) or "top level"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        return f"{key}: unknown key {quoted(without_password(str(unknown)))}, expected one of {', '.join(known)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{key}: no key {missing!r}, expected {', '.join(error.validator_value)}"
    found = spell(error.instance, is_address="url" in error.absolute_path)
    return f"{key}: found {found}, expected {error.schema['description']}{_spelling(error)}"


def _spelling(error: ValidationError) -> str:
    """Return how to write a number as a text, where that is what the schema wants; else nothing."""
    is_number = isinstance(error.instance, int | float | date)
    wants_text = error.validator == "type" and error.validator_value == "string"
    return f'; write "{error.instance}", with quotes' if is_number and wants_text else ""


def check_corpora(config: Configuration) -> None:
    """Raise InputError if a corpus to run is missing, or a title, sum of shares, source, feature or key of the paper is wrong."""
    for corpus in config["run"]:
        if corpus not in config["corpora"]:
            raise InputError(f"run: found {quoted(corpus)}, expected keys of corpora: {', '.join(config['corpora'])}")
    for corpus, settings in config["corpora"].items():
        if not settings["title"].isprintable():
            found = quoted(settings["title"])
            raise InputError(f"corpora.{corpus}.title: found {found}, expected printable characters on one line")
        total = sum(Decimal(str(fraction)) for fraction in settings["fractions"])
        if total != 1:
            raise InputError(f"corpora.{corpus}.fractions: found a sum of {total}, expected exactly 1")
        for index, source in enumerate(settings["sources"]):
            try:
                check_source(source)
            except InputError as error:
                raise InputError(f"corpora.{corpus}.sources.{index}: {str(error).removeprefix('source: ')}") from None
        is_unicode = settings.get("characters") == "unicode"
        if not is_unicode and settings.get("vocabulary", 0) > 256:
            raise InputError(
                f"corpora.{corpus}.vocabulary: found {settings['vocabulary']}, expected at most 256 bytes, or characters: unicode"
            )
        features = settings.get("features", "prose")
        try:
            check_features(features)
        except InputError as error:
            raise InputError(f"corpora.{corpus}.{error}") from None
        if "paper_numbers" in settings and "paper" not in settings:
            raise InputError(f"corpora.{corpus}.paper_numbers: found without the key paper, expected both")


def check_features(features: str | list[str] | dict[str, Any]) -> None:
    """Raise InputError if a corpus names a feature or a programming language that is not known."""
    if isinstance(features, dict):
        lexer_of(features["language"])
        chosen_features(features.get("names", ["language"]), features["language"])
    else:
        chosen_features(features if isinstance(features, list) else [features])


def check_models(config: Configuration) -> None:
    """Raise InputError if there are no two models, if a key names one that there is not, or if two are hard to distinguish."""
    grid = grid_models(config)
    if not grid:
        raise InputError("grid: found no model, expected at least one")
    for model in grid:
        if ModelName.parse(model).label:
            raise InputError(f"grid.additional: found {model}, expected a name without a label, or a key of imported")
    for key in _present(config, MODEL_KEYS):
        found = value_of(config, key)
        for model in found if isinstance(found, list) else [found]:
            if model not in allowed(config, key):
                raise InputError(f"{key}: found {model}, expected a model of the grid")
    alike: dict[ModelName, str] = {}
    for model in networks(config):
        first = alike.setdefault(replace(ModelName.parse(model), label=""), model)
        if first != model:
            raise InputError(f"imported: found {model} beside {first}, expected another cell, depth or size: figures show these")
    check_compared(config)
    check_intersected(config)


def check_intersected(config: Configuration) -> None:
    """Raise InputError if the errors of too many models are intersected."""
    cells = {ModelName.parse(model).kind for model in networks(config)}
    others = len(cells) + len({"ngrams", "nnn"} & config.keys())
    if len(external_models(config)) + others > MOST_INTERSECTED:
        raise InputError(
            f"external: found {len(external_models(config))} models, expected at most {MOST_INTERSECTED - others}: "
            f"with the {others} of the grid, ngrams and nnn that they are compared with, {MOST_INTERSECTED}"
        )


def check_compared(config: Configuration) -> None:
    """Raise InputError if there is one model alone, which can be compared with none."""
    named = [*networks(config), *external_models(config)]
    if len(named) == 1 and not {"ngrams", "nnn"} & config.keys():
        raise InputError(
            f"grid: found {named[0]} alone, expected two models at least, which are compared: another network, or a section "
            "ngrams or nnn"
        )


def allowed(config: Configuration, key: str) -> list[str]:
    """Return the models that a key of `MODEL_KEYS` may name."""
    if key in TRAINED_KEYS:
        return grid_models(config)
    return [*networks(config), *(external_models(config) if key.startswith("size_breakdown.") else [])]


def check_precision(config: Configuration) -> None:
    """Raise InputError if a network that is trained cannot be trained in the precision on any machine."""
    if config["training"]["precision"] != "bfloat16":
        return
    further = value_of(config, "seeds.models") if "seeds" in config else []
    for model in further if "kept_models" in config else grid_models(config):
        if not ModelName.parse(model).cell.has_kernel:
            cells = ", ".join(CELLS_WITH_KERNELS)
            raise InputError(f"training.precision: found bfloat16, expected float32 with {model}: bfloat16 is for {cells}")


def check_dropout(config: Configuration) -> None:
    """Raise InputError if dropout is given by size and a size of a model is left out."""
    dropout = config["training"]["dropout"]
    sizes = sorted({ModelName.parse(model).size for model in grid_models(config)})
    if isinstance(dropout, Mapping) and (missing := [size for size in sizes if size not in dropout]):
        raise InputError(f"training.dropout: found no list for size {missing[0]}, expected one for each of {_listed(sizes)}")


def dropout_candidates(config: Configuration, model: str) -> list[float]:
    """Return the values of dropout that a recurrent network is trained with."""
    dropout = config["training"]["dropout"]
    return dropout[ModelName.parse(model).size] if isinstance(dropout, Mapping) else dropout


def check_bounds(config: Configuration) -> None:
    """Raise InputError if a key exceeds the key that bounds it."""
    for key, bound in BOUNDED_KEYS.items():
        if len(_present(config, (key, bound))) < 2:
            continue
        if value_of(config, key) > value_of(config, bound):
            raise InputError(f"{key}: found {value_of(config, key)}, expected at most {bound}, {value_of(config, bound)}")


def check_seeds(config: Configuration) -> None:
    """Raise InputError if a further seed is that of all models, or if there are too few streams to compare seeds."""
    if Seeds.key not in config:
        return
    seed, streams = config["training"]["seed"], config["split"]["streams"]
    if seed in config[Seeds.key]["values"]:
        raise InputError(f"seeds.values: found {seed}, expected other seeds than training.seed")
    if streams < FEWEST_STREAMS:
        raise InputError(f"split.streams: found {streams}, expected at least {FEWEST_STREAMS} with the section seeds")


def check_streams(config: Configuration) -> None:
    """Raise InputError if there is one stream and an analysis chooses by some and reports on others, or swaps their pasts."""
    if config["split"]["streams"] > 1:
        return
    for key in _present(config, TWO_STREAMS_KEYS):
        if value_of(config, key):
            raise InputError(f"split.streams: found 1, expected at least 2 with {key}")


def _listed(values: list[int]) -> str:
    return ", ".join(map(str, values))


def _present(config: Configuration, keys: tuple[str, ...]) -> list[str]:
    """The keys whose section is there; optional ones may be left out."""
    return [key for key in keys if key.partition(".")[0] in config]


def value_of(config: Configuration, key: str) -> Any:
    """Return the value of a key that is written as `section.key`."""
    section, _, name = key.partition(".")
    return config[section][name]


def grid_models(config: Configuration) -> list[str]:
    """Return the names of the recurrent networks that are trained: those of the grid, then the additional ones."""
    grid = config["grid"]
    named = [f"{cell}-{layers}-{size}" for cell, layers, size in product(grid["cells"], grid["layers"], grid["sizes"])]
    return list(dict.fromkeys([*named, *grid["additional"]]))


def networks(config: Configuration) -> list[str]:
    """Return the names of all recurrent networks: those that are trained, then those that were trained elsewhere."""
    return [*grid_models(config), *config.get("imported", {})]


def external_models(config: Configuration) -> list[str]:
    """Return the names of the models of which only the predictions are known."""
    return [f"{EXTERNAL}-{name}" for name in config.get("external", {})]
