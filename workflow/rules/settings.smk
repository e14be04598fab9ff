"""Slices of the configuration: the models that it names, and command-line flags of its sections."""

import json
import os
import sys
from pathlib import Path

from snakemake.logging import logger

from rnnscope.analyses.errors.methods import realisable_methods
from rnnscope.analyses.seeds.runs import FOLDER as SEED_FOLDER
from rnnscope.analyses.seeds.runs import runs_of, seed_of
from rnnscope.configuration.checks import check_configuration, dropout_candidates, external_models, grid_models, networks
from rnnscope.configuration.files import check_duplicated_keys, convert_texts
from rnnscope.configuration.kept import with_kept_models
from rnnscope.data.paper import paper_models
from rnnscope.errors import InputError, printable
from rnnscope.models.cells import ModelName
from rnnscope.settings import base
from rnnscope.settings.sections import *

KEPT = ""  # the folder of the models that are taken over; none: models are trained
try:
    check_duplicated_keys(Path(path) for path in workflow.configfiles)
    convert_texts(config)
    check_configuration(config)
    if "kept_models" in config:
        KEPT = os.path.relpath(Path(HOME, config["kept_models"]))
        kept_config, remarks = with_kept_models(config, Path(KEPT))
        config.clear()
        config.update(kept_config)
        for remark in remarks if workflow.is_main_process else []:
            print(printable(f"kept models: {remark}"), file=sys.stderr)
except InputError as error:
    sys.exit(f"configuration: {error}")


def finite_models(kind, longest_context):
    """The names of the models that see only the last 1, 2, ... characters."""
    return [f"{kind}-{context}" for context in range(1, longest_context + 1)]


def value_of(section, key, otherwise):
    """A value of the configuration; `otherwise` where its section is left out."""
    return config[section][key] if section in config else otherwise


MODELS = networks(config)  # the recurrent networks
IMPORTED = list(config.get("imported", {}))  # those of them that were trained elsewhere
NNNS = finite_models("nnn", value_of("nnn", "longest_context", 0))
NGRAMS = finite_models("ngram", value_of("ngrams", "longest_context", 0))
REFERENCE_NGRAMS = [f"ngram-{config['comparisons']['ngram']}"] if NGRAMS else []  # one, if there is any
# The n-gram models of the oracle, as far as there are any.
ORACLE_NGRAMS = NGRAMS[: config["error_breakdown"]["longest_context"]]
ORACLE_CONTEXT = len(ORACLE_NGRAMS)
REALISABLE = realisable_methods(config["error_breakdown"]["memory"], bool(NGRAMS))  # of the best network
EXTERNAL = external_models(config)  # of which only the predictions are known

CANDIDATES = config["errors"]["candidates"]  # the best of them is analysed
DUMPED = value_of("activations", "models", [])
GATED = [model for model in DUMPED if ModelName.parse(model).cell.gates]
CONTEXT_MODELS = value_of("context", "models", [])
ABLATED = value_of("ablations", "models", [])
SEED_RUNS = [run for model in value_of("seeds", "models", []) for run in runs_of(model, config["seeds"]["values"])]
OBSERVED = value_of("dynamics", "model", None)  # early in its training
OBSERVED_EPOCHS = value_of("dynamics", "epochs", 0)

# What figures need that is there; the others are left out.
AVAILABLE = {section for section in SECTIONS if section in config} - {"activations"}
AVAILABLE |= {name for name, models in {"activations": DUMPED, "gates": GATED}.items() if models}

# The corpora that are texts of the paper, or like one.
OF_THE_PAPER = [name for name, corpus in config["corpora"].items() if "paper" in corpus]

# The models whose predictions are compared with the paper's numbers: its own, and those of the oracles.
PAPER_MODELS = [name for name in [*MODELS, *NGRAMS, *NNNS] if name in {*paper_models(), *ORACLE_NGRAMS}]
# The tables in which the paper's numbers and claims are looked for.
PAPER_TABLES = ["losses", "paired_differences", "model_distances"]
PAPER_TABLES += ["dynamics"] if {"nnn", "dynamics"} <= AVAILABLE else []
PAPER_TABLES += ["saturation"] if GATED else []

# The models that are compared with each other: of the n-grams, those of the same context as an n-NN and the reference.
COMPARED_NGRAMS = list(dict.fromkeys([*NGRAMS[: len(NNNS)], *REFERENCE_NGRAMS]))
COMPARED = [*MODELS, *COMPARED_NGRAMS, *NNNS, *EXTERNAL]


def flags(*sections, **changes):
    """The command-line flags of some sections of the settings, with some values changed."""
    present = [section for section in sections if section.key in config]
    return [word for section in present for word in base.flags(section, config[section.key] | changes)]


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


def title_of(figure):
    """A parameter: the title of a figure, the corpus and what is shown."""
    return lambda wildcards: f"{title(wildcards)}: {FIGURES[figure].heading}"


def paper_flags(wildcards):
    """The text of the paper that a corpus is, or is like, and whether its numbers are compared with ours."""
    return ["--paper", corpus_of(wildcards)["paper"], "--numbers", paper_numbers(wildcards)]


def paper_numbers(wildcards):
    """Whether the paper's numbers are compared with ours, or shown for orientation; none for a text that it has not."""
    corpus = corpus_of(wildcards)
    return corpus.get("paper_numbers", "compared") if "paper" in corpus else "none"


def paper_points(wildcards):
    """The text of the paper whose points figures show."""
    return ["--paper", corpus_of(wildcards)["paper"]] if paper_numbers(wildcards) == "compared" else ""


def text_flags(wildcards):
    """What the configuration says about a text: its sources, and what it has to be."""
    corpus = corpus_of(wildcards)
    facts = declared_flags(corpus, "bytes", "vocabulary", "sha256", "characters", "encoding")
    return ["--sources", *map(json.dumps, corpus["sources"]), *facts]


def character_flags(wildcards):
    """What a character of a corpus is."""
    return declared_flags(corpus_of(wildcards), "characters", "encoding", "minimum_count")


def declared_flags(corpus, *keys):
    """The command-line flags of the keys that a corpus has."""
    return [word for key in keys if key in corpus for word in (base.flag_of(key), str(corpus[key]))]


def fractions(wildcards):
    """The shares of train, validation and test, as one word."""
    return ",".join(map(str, corpus_of(wildcards)["fractions"]))


def features_of(wildcards):
    """The features that units are compared with: the name of a list, names of features, or those of a language."""
    features = corpus_of(wildcards).get("features", "prose")
    if isinstance(features, dict):
        return [*features.get("names", ["language"]), "--language", features["language"]]
    return features


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


def recipe_flags(wildcards):
    """How a model is trained. Nothing in an n-NN depends on the precision, which is that of recurrent networks."""
    changes = {} if ModelName.parse(wildcards.model).is_recurrent else {"precision": "float32"}
    return flags(Optimisation, Patience, Device, **changes)


def corpus_facts(wildcards):
    """What the page knows of every corpus that is run, as JSON."""
    keys = ("title", "paper", "paper_numbers")
    corpora = [config["corpora"][corpus] for corpus in config["run"]]
    return [json.dumps({key: corpus[key] for key in keys if key in corpus}) for corpus in corpora]
