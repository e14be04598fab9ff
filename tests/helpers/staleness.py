"""The staleness matrix: which rules have to run again when a key of config.yaml or a module of rnnscope changes.

Stated by hand is intent alone: which rules a key is for (`KEYS`, one entry a key), and what must hold of some modules
(`RULES_OF`). Who reads what a rule writes follows from the DAG (`readers_of`), and who imports a module from its source
(`imports_of`). The rules that dump activations, one for each depth, count as one; n-NNs have the rules of networks, which
count as two here, so that a change of the one kind is seen to leave the other alone.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.workspace import EXPERIMENT
from helpers.workspace import FEATURES as ALL_FEATURES

from rnnscope.figures import catalogue


@dataclass(frozen=True)
class Change:
    """Another value of a key of the tests' experiment, and what it does.

    `new` rules get jobs that were not there before, and nothing else reads their files; `stale` rules have jobs that
    have to run again, and with them everything that reads their files. `beside` has other keys of the experiment, with the
    values that they have before and after the change: those with which the value is allowed.
    """

    value: Any
    stale: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    beside: dict[str, Any] = field(default_factory=dict)


FIGURES = {f"figure_{name}" for name in catalogue.FIGURES}
PAPER_FIGURES = {f"figure_{name}" for name, entry in catalogue.FIGURES.items() if entry.draws_paper}
BREAKDOWNS = {"error_breakdown", "error_snippets", "size_breakdown", "dynamic_evaluation", "realisable", "against_paper"}
UNITS = {"cells", "probes", "memory_span", "cell_text"}  # compare units with features of the text
MODEL = {"train_model", "select_candidate", "evaluate_model"}  # what one more model needs
NNN = {f"{rule} of n-NNs" for rule in MODEL}
TABLES_OF_MODELS = {
    *("best_models", "error_overlap", "learning_curves", "losses", "loss_intervals"),
    *("model_distances", "paired_differences", "position_loss", "against_paper"),
}
RECIPE = {"train_model", "train_model of n-NNs", "train_snapshots", "train_seed"}
EVALUATE = {"evaluate_model", "evaluate_model of n-NNs"}
DEVICE = RECIPE | EVALUATE | {"dump_activations", "dynamics", "dynamic_evaluation", "realisable_predictions", "memory_span"}
DEVICE |= {"context", "swapped_states", "ablations", "train_seed", "evaluate_seed", "similarity"}
BOOTSTRAP = {"losses", "horizons"}
CLUSTERED = {
    *("loss_intervals", "paired_differences", "character_gains", "closing_delimiters"),
    *("error_breakdown", "size_breakdown", "error_overlap", "against_paper", "seed_losses"),
}
# Whose clusters are streams, or groups of them.
INTERVALS = CLUSTERED | {"position_loss", "dynamic_evaluation", "realisable", "memory_span", "context", "ablations"}
INTERVALS |= {"timescales", "swapped_states"}
# The models of the experiment without those whose cells have no bfloat16.
WITH_KERNELS = {"grid.additional": ["gru-2-5"]}
WITH_KERNELS |= {f"{section}.models": ["lstm-1-4"] for section in ("activations", "context", "ablations")}
# Stands for every rule there is.
EVERY = {"every rule"}

KEYS = {
    "run": Change(["tale", "war_and_peace"], new=EVERY),  # both have numbers of the paper
    "corpora.*.title": Change("Another {title} {0}", FIGURES | {"explorer"}),
    "corpora.*.fractions": Change([0.5, 0.25, 0.25], {"split_text"}),
    "corpora.*.characters": Change("unicode", {"fetch_text", "split_text"}),
    "corpora.*.encoding": Change("latin-1", {"fetch_text", "split_text"}),
    "corpora.*.minimum_count": Change(2, {"split_text"}),
    "corpora.*.bytes": Change(1000, {"fetch_text"}),
    "corpora.*.vocabulary": Change(50, {"fetch_text"}),
    "corpora.*.sha256": Change("0" * 64, {"fetch_text"}),
    "corpora.*.sources": Change([{"path": "tale.txt"}, {"path": "another.txt"}], {"fetch_text"}),
    "corpora.*.paper": Change("linux_kernel", PAPER_FIGURES | {"against_paper"}),
    "corpora.*.paper_numbers": Change("orientation", PAPER_FIGURES | {"against_paper"}),
    "corpora.*.features": Change(ALL_FEATURES[:2], {"features"}),
    "split.streams": Change(5, {"split_text"}),
    "split.sequence_length": Change(11, {"split_text"}),
    "grid.cells": Change(["lstm", "rnn"], TABLES_OF_MODELS),
    "grid.layers": Change([1, 2], TABLES_OF_MODELS, new=MODEL),
    "grid.sizes": Change([4, 5], TABLES_OF_MODELS, new=MODEL),
    "grid.additional": Change([*EXPERIMENT["grid"]["additional"], "rnn-2-4"], TABLES_OF_MODELS, new=MODEL),
    "training.epochs": Change(3, {"train_model", "train_model of n-NNs", "train_seed"}),
    "training.patience": Change(1, {"train_model", "train_model of n-NNs", "train_seed"}),
    "training.learning_rate": Change(0.01, RECIPE),
    "training.rmsprop_alpha": Change(0.9, RECIPE),
    "training.learning_rate_decay": Change(0.9, RECIPE),
    "training.learning_rate_decay_after": Change(1, RECIPE),
    "training.gradient_clip": Change(1.0, RECIPE),
    "training.precision": Change("bfloat16", RECIPE - {"train_model of n-NNs"}, beside=WITH_KERNELS),
    "training.seed": Change(3, RECIPE),
    "training.dropout": Change([0.0, 0.5, 0.25], {"select_candidate"}, new={"train_model"}),
    "training.device": Change("auto", DEVICE),
    "training.threads": Change(2),
    "ngrams.longest_context": Change(4, {"ngrams", "loss_intervals", "context", "against_paper"}),
    "nnn.longest_context": Change(
        3,
        {
            *("best_models", "horizons", "dynamics", "model_distances", "paired_differences", "loss_intervals"),
            *("error_overlap", "closing_delimiters", "context", "against_paper"),
        },
        new=NNN,
    ),
    "nnn.hidden_widths": Change([4, 8, 16], {"select_candidate of n-NNs"}, new={"train_model of n-NNs"}),
    "nnn.sequence_length": Change(5, {"train_model of n-NNs"}),
    "dynamics.model": Change("gru-2-5", {"dynamics"}, new={"train_snapshots"}),
    "dynamics.epochs": Change(2, {"train_snapshots"}),
    "dynamics.snapshots": Change(4, {"train_snapshots"}),
    "activations.models": Change(["lstm-1-4"], {"saturation", "explorer", "timescales", "swapped_states"} | UNITS),
    "activations.precision": Change("float32", {"dump_activations"}),
    "features.newline_within": Change(6, {"features"}),
    "units.characters": Change(100, UNITS | {"similarity"}),
    "cells.best": Change(2, {"cells"}),
    "cells.permutations": Change(5, {"cells"}),
    "cells.seed": Change(2, {"cells"}),
    "memory_span.restart_steps": Change(4, {"memory_span"}),
    "memory_span.restart_cases": Change(5, {"memory_span"}),
    "cell_text.lines": Change(3, {"cell_text"}),
    "cell_text.columns": Change(50, {"cell_text"}),
    "cell_text.random_units": Change(1, {"cell_text"}),
    "cell_text.seed": Change(2, {"cell_text"}),
    "explorer.characters": Change(50, {"explorer"}),
    "errors.candidates": Change(["gru-2-5"], {"best_models"}),
    "comparisons.ngram": Change(2, {"ngrams", "best_models", "model_distances", "paired_differences", "realisable_predictions"}),
    "comparisons.minimum_count": Change(4, {"closing_delimiters", "against_paper"}),
    "intervals.clusters": Change(10, CLUSTERED),
    "intervals.samples": Change(30, INTERVALS),
    "intervals.seed": Change(2, INTERVALS),
    "model_map.perplexity": Change(5, {"model_map"}),
    "error_breakdown.order": Change(["memory", "n-gram", "rare_words", "word_model", "punctuation", "boost"], BREAKDOWNS),
    "error_breakdown.reading": Change("strict", BREAKDOWNS),
    "error_breakdown.longest_context": Change(2, BREAKDOWNS),
    "error_breakdown.memory": Change([100, 500], BREAKDOWNS | {"realisable_predictions"}),
    "error_breakdown.rare_words": Change([0, 1], BREAKDOWNS),
    "error_breakdown.boost": Change([0.1, 0.2], BREAKDOWNS),
    "error_snippets.snippets": Change(2, {"error_snippets"}),
    "error_snippets.seed": Change(2, {"error_snippets"}),
    "size_breakdown.smaller": Change("gru-1-4", {"size_breakdown"}),
    "size_breakdown.larger": Change("gru-2-5", {"size_breakdown"}),
    "dynamic_evaluation.learning_rate": Change(0.02, {"dynamic_evaluation"}),
    "dynamic_evaluation.sequence_length": Change(10, {"dynamic_evaluation"}),
    "dynamic_evaluation.streams": Change(2, {"dynamic_evaluation"}),
    "realisable.learning_rates": Change([0.01], {"realisable_predictions"}),
    "realisable.decays": Change([0.1], {"realisable_predictions"}),
    "realisable.sequence_length": Change(10, {"realisable_predictions"}),
    "realisable.streams": Change(2, {"realisable_predictions", "realisable"}),
    "realisable.thetas": Change([0.5], {"realisable_predictions"}),
    "realisable.characters": Change(400, {"realisable_predictions"}),
    "context.models": Change(["gru-2-5"], {"context"}),
    "context.lengths": Change([1, 2], {"context"}),
    "context.targets": Change(20, {"context"}),
    "context.shuffled": Change(5, {"context"}),
    "context.tolerance": Change(0.02, {"context"}),
    "context.choice_seed": Change(2, {"context"}),
    "timescales.places": Change(20, {"swapped_states", "mutual_information"}),
    "timescales.longest": Change(15, {"swapped_states", "mutual_information"}),
    "timescales.choice_seed": Change(2, {"swapped_states", "mutual_information"}),
    "ablations.models": Change(["gru-2-5"], {"ablations"}),
    "ablations.holds": Change(["zero"], {"ablations"}),
    "ablations.characters": Change(200, {"ablations"}),
    "ablations.group_sizes": Change([1, 2], {"ablations"}),
    "ablations.controls": Change(2, {"ablations"}),
    "ablations.control_groups": Change(2, {"ablations"}),
    "ablations.choice_seed": Change(2, {"ablations"}),
    "seeds.models": Change(["lstm-1-4"], {"seed_losses", "similarity"}),
    "seeds.values": Change([2, 3], {"seed_losses", "similarity"}, new={"train_seed", "evaluate_seed"}),
    "bootstrap.samples": Change(20, BOOTSTRAP),
    "bootstrap.seed": Change(2, BOOTSTRAP),
}

# The rules whose stages use some modules, whatever imports what. A file that is no module belongs to all in its folder.
RULES_OF = {
    "errors": EVERY,
    "storage.files": EVERY,
    "cli": EVERY,
    "settings.base": EVERY,
    "figures.style": FIGURES,
    "figures.catalogue": {"overview"},
    "storage.provenance": {"overview"},
    "training.sample": set(),
    "ngrams.ngram_model": set(),
    "configuration.checks": set(),
    "configuration.schema": set(),
    "training.select": {"select_candidate"},
    "explorer.page": {"explorer"},
    "explorer/browser/page.css": {"explorer"},
    "explorer/worker/network.js": {"explorer"},
    **{figure.replace("_", f"s.{catalogue.FIGURES[figure[7:]].folder}.", 1): {figure} for figure in FIGURES},
}


def plain(rule, output=""):
    """A rule's name without the depth of the networks it is for, and with the kind of the model that makes an output."""
    name = re.sub(r"_of_\d+_layers$", "", rule)
    return f"{name} of n-NNs" if name in MODEL and re.search(r"/nnn-\d", output) else name


def readers_of(jobs):
    """For each rule, those that read what it writes; `jobs` are those of dag_of.py."""
    rule_of = {output: plain(rule, output) for output, (rule, _, _) in jobs.items()}
    found = {rule: set() for rule in rule_of.values()}
    for output, (_, inputs, _) in jobs.items():
        for path in inputs:
            if path in rule_of:
                found[rule_of[path]].add(rule_of[output])
    return found


def with_readers(rules, readers):
    """Some rules and all that follows from them."""
    found = set(readers) if rules == EVERY else set(rules)
    while more := set().union(*(readers[rule] for rule in found)) - found:
        found |= more
    return found


def imports_of(root):
    """For each module below a package's folder, those of the package that it imports, directly or not, and itself."""
    files = {".".join(path.relative_to(root.parent).with_suffix("").parts): path for path in Path(root).rglob("*.py")}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    direct = {name: set(imported(path, root)) & files.keys() for name, path in files.items()}
    found = {name: {name} for name in files}
    for modules in found.values():
        while more := set().union(*(direct[module] for module in modules)) - modules:
            modules |= more
    return found


def imported(path, root):
    """Everything that a file imports: of `from a import b` the module a.b if there is one, else a."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = Path(*node.module.split("."))
            for alias in node.names:
                below = root.parent / source / alias.name
                is_module = below.with_suffix(".py").exists() or below.is_dir()
                yield f"{node.module}.{alias.name}" if is_module else node.module
