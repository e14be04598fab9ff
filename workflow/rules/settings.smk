"""Slices of the configuration: the models that it names, and command-line flags of its sections."""

import json
import os
import sys
from pathlib import Path

from rnnscope import settings
from rnnscope.configuration.checks import check_configuration, dropout_candidates, grid_models
from rnnscope.configuration.kept import with_kept_models
from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.settings import *

KEPT = ""  # the folder of the models that are taken over; none: models are trained
try:
    check_configuration(config)
    if "kept_models" in config:
        KEPT = os.path.relpath(Path(workflow.basedir, config["kept_models"]))
        kept_config, remarks = with_kept_models(config, Path(KEPT))
        config.update(kept_config)
        if workflow.is_main_process:
            print(*(f"kept models: {remark}" for remark in remarks), sep="\n", file=sys.stderr)
except InputError as error:
    sys.exit(f"configuration: {error}")


def finite_models(kind, longest_context):
    """The names of the models that see only the last 1, 2, ... characters."""
    return [f"{kind}-{context}" for context in range(1, longest_context + 1)]


MODELS = grid_models(config)  # the recurrent networks
NNNS = finite_models("nnn", config["nnn"]["longest_context"])
NGRAMS = finite_models("ngram", config["ngrams"]["longest_context"])
REFERENCE_NGRAM = f"ngram-{config['comparisons']['ngram']}"
# The n-gram models of the oracle, as far as there are any.
ORACLE_NGRAMS = NGRAMS[: config["error_breakdown"]["longest_context"]]

CANDIDATES = config["errors"]["candidates"]  # the best of them is analysed
DUMPED = config["activations"]["models"]
GATED = [model for model in DUMPED if ModelName.parse(model).cell.gates]
OBSERVED = config["dynamics"]["model"]  # early in its training

# The models that are compared with each other: of the n-grams, those of the same context as an n-NN and the reference.
COMPARED_NGRAMS = list(dict.fromkeys([*NGRAMS[: len(NNNS)], REFERENCE_NGRAM]))
COMPARED = [*MODELS, *COMPARED_NGRAMS, *NNNS]


def flags(*sections, **changes):
    """The command-line flags of some sections of the settings, with some values changed."""
    return [word for section in sections for word in settings.flags(section, config[section.key] | changes)]


def stage(module, *sections, **changes):
    """What every stage has among its parameters: its module, the state of its source, and its settings as flags."""
    found = {"module": f"rnnscope.{module}", "source": source_of(f"rnnscope.{module}")}
    return found | ({"settings": flags(*sections, **changes)} if sections else {})


def corpus_of(wildcards):
    """What the configuration says about a corpus."""
    return config["corpora"][wildcards.corpus]


def title(wildcards):
    """The name of a corpus in figures."""
    return corpus_of(wildcards)["title"]


def text_flags(wildcards):
    """What the configuration says about a text: its sources, and what it has to be."""
    corpus = corpus_of(wildcards)
    declared = [key for key in ("bytes", "vocabulary", "sha256") if key in corpus]
    facts = [word for key in declared for word in (f"--{key}", str(corpus[key]))]
    return ["--sources", *map(json.dumps, corpus["sources"]), *facts]


def fractions(wildcards):
    """The shares of train, validation and test, as one word."""
    return ",".join(map(str, corpus_of(wildcards)["fractions"]))


def features_of(wildcards):
    """The features that units are compared with: the name of a list, or names of features."""
    return corpus_of(wildcards).get("features", "prose")


def candidates_of(model):
    """The names of a model's training runs, of which the one of the best validation loss is selected."""
    if ModelName.parse(model).is_recurrent:
        return [f"dropout-{dropout}" for dropout in dropout_candidates(config, model)]
    return [f"width-{width}" for width in config["nnn"]["hidden_widths"]]


def candidate_flags(wildcards):
    """What one training run of a model has of its own."""
    kind, _, value = wildcards.candidate.partition("-")
    if kind == "dropout":
        return ["--dropout", value]
    return ["--hidden-width", value, *flags(FeedForwardTraining)]
