"""The configuration, held to its schema and to what a schema cannot say, before anything else reads it."""

import json
import sys
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError


@cache
def models():
    """The names of all models, <cell>-<layers>-<size>: the grid's and the additional ones."""
    grid = config["grid"]
    named = [
        f"{cell}-{layers}-{size}"
        for cell, layers, size in product(grid["cells"], grid["layers"], grid["sizes"])
    ]
    return list(dict.fromkeys([*named, *grid["additional"]]))


def refuse(key, message):
    """Stop before the first job, with one line for a mistake in the configuration."""
    sys.exit(f"configuration: {key}: {message}")


def report_schema_error(error: ValidationError):
    """Tell a schema error: the key, what was found and what was expected."""
    key = ".".join(map(str, error.absolute_path)) or "top level"
    expected = error.schema.get("description", "what the schema says")
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        refuse(key, f"unknown key {unknown!r}, expected one of {', '.join(known)}")
    if error.validator == "required":
        missing = next(
            name for name in error.validator_value if name not in error.instance
        )
        refuse(key, f"no key {missing!r}, expected {', '.join(error.validator_value)}")
    refuse(key, f"found {json.dumps(error.instance)}, expected {expected}")


def check_configuration():
    """Hold the configuration to its schema, and then to what a schema cannot say."""
    path = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
    schema = Draft202012Validator(yaml.safe_load(path.read_text()))
    for error in schema.iter_errors(config):
        report_schema_error(error)
    for corpus in config["run"]:
        if corpus not in config["corpora"]:
            known = ", ".join(config["corpora"])
            refuse("run", f"found {corpus!r}, expected keys of corpora: {known}")
    for corpus, settings in config["corpora"].items():
        total = sum(Decimal(str(fraction)) for fraction in settings["fractions"])
        if total != 1:
            key = f"corpora.{corpus}.fractions"
            refuse(key, f"found a sum of {total}, expected exactly 1")
        lists = config["features"]["lists"]
        if settings.get("features", "prose") not in lists:
            key = f"corpora.{corpus}.features"
            refuse(
                key,
                f"found {settings['features']!r}, expected one of {', '.join(lists)}",
            )
    if not models():
        refuse("grid", "found no model, expected one at least")
    for key in ("activations.models", "errors.candidates"):
        section, _, name = key.partition(".")
        for model in config[section][name]:
            if model not in models():
                refuse(key, f"found {model}, expected a model of the grid")
    for key in ("dynamics.model", "size_breakdown.smaller", "size_breakdown.larger"):
        section, _, name = key.partition(".")
        if config[section][name] not in models():
            refuse(key, f"found {config[section][name]}, expected a model of the grid")
    if config["comparisons"]["ngram"] > config["ngrams"]["horizons"]:
        found = f"found {config['comparisons']['ngram']}"
        refuse(
            "comparisons.ngram",
            f"{found}, expected at most ngrams.horizons, {config['ngrams']['horizons']}",
        )
    if config["dynamics"]["epochs"] > config["training"]["epochs"]:
        found = f"found {config['dynamics']['epochs']}"
        refuse(
            "dynamics.epochs",
            f"{found}, expected at most training.epochs, {config['training']['epochs']}",
        )


check_configuration()
