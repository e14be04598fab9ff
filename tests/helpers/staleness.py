"""The staleness matrix: what becomes stale with each key of config.yaml and each module of ours, stated by hand.

A new rule goes in READERS, a new key in KEYS, a new module in MODULES; test_staleness.py fails until it does.
The rules that dump activations, one for each depth, count as one.
"""

from dataclasses import dataclass, field
from typing import Any

from rnnscope.figures import catalogue

FIGURES = {f"figure_{name}" for name in catalogue.FIGURES}
BREAKDOWNS = {"error_breakdown", "size_breakdown", "dynamic_evaluation"}
UNITS = {"cells", "probes", "memory_span", "cell_text"}  # hold units against features of the text
COMPARISONS = {"model_distances", "paired_differences", "error_overlap", "character_gains", "closing_delimiters"}

# For each rule, those that read what it writes.
READERS = {
    "fetch_text": {"split_text"},
    "split_text": {
        *("train_model", "evaluate_model", "train_snapshots", "dump_activations", "ngrams"),
        *("train_nnn", "evaluate_nnn", "dynamics", "features", "memory_span", "cell_text", "explorer"),
        *("character_gains", "closing_delimiters"),
        *BREAKDOWNS,
    },
    "train_model": {"select_dropout"},
    "select_dropout": {
        *("evaluate_model", "train_snapshots", "dump_activations", "losses", "learning_curves"),
        *("dynamic_evaluation", "explorer"),
    },
    "evaluate_model": {"losses"} | BREAKDOWNS | COMPARISONS,
    "train_snapshots": {"dynamics"},
    "dump_activations": {"saturation", "explorer"} | UNITS,
    "ngrams": {"horizons"} | BREAKDOWNS | COMPARISONS,
    "train_nnn": {"select_width"},
    "select_width": {"evaluate_nnn", "horizons", "dynamics", "error_overlap", "closing_delimiters"},
    "evaluate_nnn": {"horizons"} | COMPARISONS - {"character_gains"},
    "losses": {
        *("figure_loss_table", "figure_loss_against_parameters", "figure_horizons"),
        *("error_breakdown", "dynamic_evaluation", "error_overlap", "character_gains", "closing_delimiters"),
    },
    "learning_curves": {"figure_learning_curves"},
    "saturation": {"figure_saturation"},
    "features": {"closing_delimiters"} | UNITS,
    "cells": {"figure_cells", "probes", "memory_span", "cell_text", "explorer"},
    "probes": {"figure_probes"},
    "memory_span": {"figure_memory_span"},
    "cell_text": {"figure_cell_text"},
    "horizons": {"figure_horizons"},
    "dynamics": {"figure_dynamics"},
    "error_breakdown": {"figure_error_breakdown", "figure_error_snippets"},
    "size_breakdown": {"figure_size_breakdown"},
    "dynamic_evaluation": {"figure_dynamic_evaluation"},
    "model_distances": {"model_map", "figure_model_distances"},
    "model_map": {"figure_model_map"},
    "paired_differences": {"figure_paired_differences", "figure_loss_table"},
    "error_overlap": {"figure_error_overlap", "figure_error_intersections"},
    "character_gains": {"figure_character_gains"},
    "closing_delimiters": {"figure_closing_delimiters"},
    "explorer": set(),
    **{figure: set() for figure in FIGURES},
}
ALL = set(READERS)


def with_readers(rules):
    """Some rules and all that follows from them."""
    found = set(rules)
    while more := set().union(*(READERS[rule] for rule in found)) - found:
        found |= more
    return found


@dataclass(frozen=True)
class Change:
    """Another value of a key of tests/workspace.py's experiment, and what it does.

    `new` rules get jobs that were not there before, and nothing else reads their files; `stale` rules have jobs that
    are to be run again, and with them everything that reads their files.
    """

    value: Any
    stale: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)


MODEL = {"train_model", "select_dropout", "evaluate_model"}  # what one more model needs
TABLES_OF_MODELS = {"losses", "learning_curves", "model_distances", "paired_differences", "error_overlap"}
RECIPE = {"train_model", "train_nnn", "train_snapshots"}
RECURRENT = {"train_model", "evaluate_model", "train_snapshots", "dump_activations", "dynamics", "dynamic_evaluation"}
FEED_FORWARD = {"train_nnn", "evaluate_nnn", "dynamics"}
NETWORKS = RECURRENT | FEED_FORWARD
BOOTSTRAP = {"losses", "horizons", "ngrams"}
BLOCKS = {"paired_differences", "character_gains", "closing_delimiters"}  # bootstrap over blocks
BEST_MODEL = {"error_breakdown", "dynamic_evaluation", "error_overlap", "character_gains", "closing_delimiters"}

KEYS = {
    "run": Change(["tale", "python_manual"], new=ALL),
    "corpora.*.title": Change("Another title", FIGURES | {"explorer"}),
    "corpora.*.fractions": Change([0.5, 0.25, 0.25], {"split_text"}),
    "corpora.*.bytes": Change(1000, {"fetch_text"}),
    "corpora.*.vocabulary": Change(50, {"fetch_text"}),
    "corpora.*.sha256": Change("0" * 64, {"fetch_text"}),
    "corpora.*.sources": Change([{"path": "tale.txt"}, {"path": "another.txt"}], {"fetch_text"}),
    "corpora.*.features": Change("code", {"features"}),
    "split.streams": Change(5, {"split_text"}),
    "split.steps": Change(11, {"split_text"}),
    "grid.cells": Change(["lstm", "rnn"], TABLES_OF_MODELS),
    "grid.layers": Change([1, 2], TABLES_OF_MODELS, new=MODEL),
    "grid.sizes": Change([4, 5], TABLES_OF_MODELS, new=MODEL),
    "grid.additional": Change(["gru-2-5", "rnn-2-4"], TABLES_OF_MODELS, new=MODEL),
    "training.epochs": Change(3, {"train_model", "train_nnn"}),
    "training.learning_rate": Change(0.01, RECIPE),
    "training.smoothing": Change(0.9, RECIPE),
    "training.decay": Change(0.9, RECIPE),
    "training.decay_after": Change(1, RECIPE),
    "training.gradient_clip": Change(1.0, RECIPE),
    "training.seed": Change(2, RECIPE),
    "training.dropout": Change([0.0, 0.5, 0.25], {"select_dropout"}, new={"train_model"}),
    "training.device": Change("auto", NETWORKS),
    "training.threads": Change(2),
    "ngrams.horizons": Change(4, {"ngrams"}),
    "nnn.horizons": Change(
        3,
        {"horizons", "dynamics"} | COMPARISONS - {"character_gains"},
        new={"train_nnn", "select_width", "evaluate_nnn"},
    ),
    "nnn.hidden_widths": Change([4, 8, 16], {"select_width"}, new={"train_nnn"}),
    "nnn.steps": Change(5, {"train_nnn"}),
    "dynamics.model": Change("gru-2-5", {"dynamics"}, new={"train_snapshots"}),
    "dynamics.epochs": Change(2, {"train_snapshots"}),
    "dynamics.snapshots": Change(4, {"train_snapshots"}),
    "activations.models": Change(["lstm-1-4"], {"saturation", "explorer"} | UNITS),
    "activations.precision": Change("float32", {"dump_activations"}),
    "features.lists.prose": Change(["line_position", "capital"], {"features"}),
    "features.lists.code": Change(["line_position", "capital"]),
    "features.newline_within": Change(6, {"features"}),
    "cells.characters": Change(100, UNITS),
    "cells.best": Change(2, {"cells"}),
    "cells.permutations": Change(5, {"cells"}),
    "cells.seed": Change(2, {"cells"}),
    "cell_text.lines": Change(3, {"cell_text"}),
    "cell_text.columns": Change(50, {"cell_text"}),
    "cell_text.random_units": Change(1, {"cell_text"}),
    "cell_text.seed": Change(2, {"cell_text"}),
    "explorer.characters": Change(50, {"explorer"}),
    "errors.candidates": Change(["gru-2-5"], BEST_MODEL),
    "comparisons.ngram": Change(2, COMPARISONS),
    "comparisons.block": Change(10, BLOCKS),
    "comparisons.samples": Change(30, BLOCKS),
    "comparisons.seed": Change(2, BLOCKS),
    "comparisons.minimum_count": Change(4, {"character_gains", "closing_delimiters"}),
    "comparisons.perplexity": Change(5, {"model_map"}),
    "error_breakdown.order": Change(["memory", "n-gram", "rare_words", "word_model", "punctuation", "boost"], BREAKDOWNS),
    "error_breakdown.ngram_horizons": Change(2, BREAKDOWNS),
    "error_breakdown.memory": Change([100, 500], BREAKDOWNS),
    "error_breakdown.rare_words": Change([0, 1], BREAKDOWNS),
    "error_breakdown.boost": Change([0.1, 0.2], BREAKDOWNS),
    "error_breakdown.snippets": Change(2, {"error_breakdown"}),
    "error_breakdown.seed": Change(2, {"error_breakdown"}),
    "size_breakdown.smaller": Change("gru-1-4", {"size_breakdown"}),
    "size_breakdown.larger": Change("gru-2-5", {"size_breakdown"}),
    "dynamic_evaluation.learning_rate": Change(0.02, {"dynamic_evaluation"}),
    "dynamic_evaluation.steps": Change(10, {"dynamic_evaluation"}),
    "dynamic_evaluation.streams": Change(2, {"dynamic_evaluation"}),
    "bootstrap.samples": Change(20, BOOTSTRAP),
    "bootstrap.seed": Change(2, BOOTSTRAP),
}

LOADED = RECURRENT | {"explorer"}  # what reads a recurrent checkpoint or makes one

# For each module, the rules that run it or a module that imports it; figures.<name> is that of figure_<name>. A file that
# is no module, named by its path, belongs to all modules in its folder.
MODULES = {
    "errors": ALL,
    "records": ALL,
    "files": ALL,
    "command": ALL,
    "progress": NETWORKS | {"fetch_text", "ngrams", "explorer"},
    "tables": FIGURES
    | BREAKDOWNS
    | UNITS
    | COMPARISONS
    | {"losses", "learning_curves", "horizons", "saturation", "dynamics", "ngrams", "model_map", "explorer"},
    "parquet": BREAKDOWNS
    | UNITS
    | COMPARISONS
    | {
        "evaluate_model",
        "evaluate_nnn",
        "ngrams",
        "losses",
        "horizons",
        "saturation",
        "features",
        "explorer",
        "dump_activations",
    },
    "predictions": COMPARISONS | {"evaluate_model", "evaluate_nnn", "ngrams", "losses", "horizons", "dynamic_evaluation"},
    "tensors": NETWORKS | {"explorer"},
    "devices": NETWORKS,
    "optimisation": NETWORKS | {"explorer"},
    "bootstrap": BOOTSTRAP,
    "select_candidate": COMPARISONS | {"select_dropout", "select_width"},
    "provenance": set(),
    **{
        f"corpus.{name}": {"fetch_text"}
        for name in ("fetch", "sources", "selection", "archive", "debian", "download", "installed", "unavailable")
    },
    "corpus.split": NETWORKS
    | BREAKDOWNS
    | UNITS
    | {"fetch_text", "split_text", "ngrams", "features", "explorer", "character_gains", "closing_delimiters"},
    **{f"models.{name}": LOADED for name in ("checkpoint", "network", "recurrences", "compiled")},
    "models/compiled.cpp": LOADED,
    "models.sizes": {"train_model", "train_snapshots"},
    "training.segments": RECURRENT,
    "training.train": {"train_model", "train_snapshots"},
    "training.step": {"train_model", "train_snapshots"},
    "training.cross_entropy": {"train_model", "train_snapshots", "evaluate_model", "dynamic_evaluation"},
    "training.evaluate": {"evaluate_model"},
    "training.snapshots": {"train_snapshots"},
    "training.sample": set(),
    "training.dynamic_evaluation": {"dynamic_evaluation"},
    **{f"baselines.{name}": {"ngrams"} for name in ("kneser_ney", "ngrams", "smoothing")},
    **{f"baselines.{name}": set() for name in ("ngram_model", "backoff", "arpa")},
    "baselines.neural": FEED_FORWARD,
    "baselines.train_neural": {"train_nnn"},
    "baselines.evaluate_neural": {"evaluate_nnn"},
    "activations.dump": {"dump_activations"},
    "activations.reader": UNITS | {"saturation", "explorer", "dump_activations"},
    **{
        f"analyses.{name}": {name}
        for name in (
            "losses",
            "learning_curves",
            "horizons",
            "saturation",
            "dynamics",
            "model_map",
            *BREAKDOWNS,
            *UNITS,
            *COMPARISONS,
        )
    },
    "analyses.evaluations": {"losses", "horizons"},
    "analyses.summaries": {"losses", "horizons", "learning_curves"},
    "analyses.errors": BREAKDOWNS | COMPARISONS,
    **{f"analyses.{name}": BREAKDOWNS for name in ("cascade", "oracles", "whole_text")},
    "analyses.error_changes": {"size_breakdown", "dynamic_evaluation"},
    "analyses.snippets": {"error_breakdown"},
    **{f"analyses.{name}": UNITS | {"features"} for name in ("features", "text_features", "code_features")},
    **{f"analyses.{name}": UNITS for name in ("units", "scoring")},
    "analyses.compared": COMPARISONS,
    "analyses.block_bootstrap": BLOCKS,
    "analyses.delimiters": {"closing_delimiters"},
    **{f"explorer.{name}": {"explorer"} for name in ("page", "contents", "listed", "quantise")},
    **{f"explorer/{name}": {"explorer"} for name in ("page.html", "page.css", "data.js", "draw.js", "events.js", "view.js")},
    "figures.style": FIGURES,
    **{figure.replace("_", "s.", 1): {figure} for figure in FIGURES},
}
