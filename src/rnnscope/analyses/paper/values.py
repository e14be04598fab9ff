"""Our estimate of every value of the paper: losses, characters, overlaps, delimiters, dynamics, classes of errors.

A value is estimated for the model that the paper has it of. Where that model is not in the grid, there is no estimate.
"""

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.character_gains import name_of
from rnnscope.analyses.comparisons.closing_delimiters import PAPER_EDGES, frequent_groups, probabilities
from rnnscope.analyses.errors.cascade import Cascade
from rnnscope.analyses.errors.errors import is_error
from rnnscope.analyses.losses.bootstrap import grouped_sums
from rnnscope.analyses.losses.clusters import Clusters, draw_clusters
from rnnscope.analyses.paper.estimates import Estimate, Estimates, Key, mean_estimates, share_estimates, total_estimates
from rnnscope.corpus.split_reader import Split
from rnnscope.data.paper import DIVERGENCE, LOSS_DIFFERENCE
from rnnscope.models.cells import ModelName
from rnnscope.settings.predictions import Intervals
from rnnscope.storage.predictions import predictions_path

LARGER, SMALLER = "lstm-3-512", "lstm-2-64"  # the models of the paper's figures F4 to F8, and the smaller one of F7 and F8
NGRAM, NNN = "ngram-20", "nnn-7"
BRACE = "}"


class Predicted:
    """The predictions of the test part by the models of the grid, each read when it is first needed.

    Parameters
    ----------
    split
        The split.
    folder
        Holds <model>.parquet.
    models
        Names of the models that there are.
    intervals
        Settings of the bootstrap.
    """

    def __init__(self, split: Split, folder: Path, models: Iterable[str], intervals: Intervals) -> None:
        self.split = split
        self.folder = folder
        self.models = set(models)
        self.intervals = intervals
        streams, columns = split.part("test").shape
        self.clusters = draw_clusters((streams, columns - 1), intervals.clusters)

    def log_prob(self, model: str) -> np.ndarray:
        """Return the log-probabilities of the test characters under a model: float32 (streams, steps), nats."""
        return self.split.read_log_prob(predictions_path(self.folder, model))

    def has(self, *models: str) -> bool:
        """Return whether there are all of some models."""
        return self.models.issuperset(models)


def losses(predicted: Predicted, wanted: Iterable[Key]) -> Estimates:
    """Return the test losses of those of the wanted values whose model there is (T1, T2)."""
    found = {}
    for key in wanted:
        if predicted.has(key.model):
            log_prob = predicted.log_prob(key.model)
            counts, sums = (predicted.clusters.sums(values) for values in (np.ones(log_prob.shape), -log_prob))
            (found[key],) = mean_estimates(counts[:, np.newaxis], sums[:, np.newaxis], predicted.intervals)
    return found


def error_sets(predicted: Predicted) -> Estimates:
    """Return on which fraction of the characters each set of the three models errs, and no other of them (F4a)."""
    models = (LARGER, NGRAM, NNN)
    if not predicted.has(*models):
        return {}
    errs = {model: is_error(predicted.log_prob(model)) for model in models}
    sets = [chosen for number in (1, 2, 3) for chosen in combinations(models, number)]
    masks = [np.logical_and.reduce([errs[model] == (model in chosen) for model in models]) for chosen in sets]
    parts = np.stack([predicted.clusters.sums(mask) for mask in masks], axis=1)
    wholes = predicted.clusters.sums(np.ones(masks[0].shape))[:, np.newaxis]
    estimates = share_estimates(parts, wholes, predicted.intervals)
    keys = [Key("F4a", "fraction of the test characters", " ".join(models), " ".join(chosen)) for chosen in sets]
    return dict(zip(keys, estimates, strict=True))


def characters(predicted: Predicted) -> Estimates:
    """Return the mean probability of every character where it is correct (F4b)."""
    targets, clusters = predicted.split.test_targets, predicted.clusters
    is_byte = predicted.split.vocabulary.dtype == np.uint8
    names = [name_of(byte, is_byte) for byte in predicted.split.vocabulary.tolist()]
    found: Estimates = {}
    for model in (LARGER, NGRAM):
        if predicted.has(model):
            probability = np.exp(predicted.log_prob(model).ravel(), dtype=np.float64)
            sums = grouped_sums(probability[np.newaxis], targets, clusters.numbers.ravel(), (len(clusters), len(names)))
            estimates = mean_estimates(sums[:, 0], sums[:, 1], predicted.intervals)
            keys = [Key("F4b", "mean probability of the correct character", model, name) for name in names]
            found |= {key: estimate for key, estimate in zip(keys, estimates, strict=True) if np.isfinite(estimate.value)}
    return found


class ClosingBraces:
    """The closing braces of the test part in the paper's bins of the distance to the opening one (F5).

    Parameters
    ----------
    predicted
        Predictions of the test part.
    found
        Closing delimiters as of `delimiters.closings`.
    minimum_count
        Bins with fewer braces are left out.
    """

    def __init__(self, predicted: Predicted, found: pd.DataFrame, minimum_count: int) -> None:
        self.predicted = predicted
        self.braces = frequent_groups(found[found["delimiter"] == BRACE], np.array(PAPER_EDGES), minimum_count)

    def means(self, values: np.ndarray) -> dict[tuple[int, int], Estimate]:
        """Return the mean of float64 values (braces,) in each bin, by its least distance and the distance that it is below."""
        braces, clusters = self.braces, self.predicted.clusters
        bins = braces[["group", "least_distance", "most_distance"]].drop_duplicates().sort_values("group")
        of_cluster = clusters.numbers[braces["stream"], braces["column"] - 1]
        sums = grouped_sums(values[np.newaxis], braces["group"].to_numpy(), of_cluster, (len(clusters), len(bins)))
        edges = zip(bins["least_distance"].tolist(), (bins["most_distance"] + 1).tolist(), strict=True)
        return dict(zip(edges, mean_estimates(sums[:, 0], sums[:, 1], self.predicted.intervals), strict=True))

    def probabilities(self, model: str) -> np.ndarray:
        """Return the probability of every brace under a model: float64 (braces,)."""
        return probabilities(self.predicted.log_prob(model), self.braces)

    def estimates(self) -> Estimates:
        """Return the mean probability of the braces of each bin under the two models of the figure."""
        return {
            Key("F5", "mean probability of a closing brace", model, f"{least}-{beyond}"): estimate
            for model in (LARGER, NGRAM)
            if self.predicted.has(model) and len(self.braces)
            for (least, beyond), estimate in self.means(self.probabilities(model)).items()
        }

    def leads(self) -> dict[int, Estimate]:
        """Return by how much the network's mean probability is above the n-gram model's, by the least distance of a bin."""
        if not self.predicted.has(LARGER, NGRAM) or self.braces.empty:
            return {}
        differences = self.probabilities(LARGER) - self.probabilities(NGRAM)
        return {least: estimate for (least, _), estimate in self.means(differences).items()}


def dynamics(table: pd.DataFrame, wanted: Iterable[Key]) -> Estimates:
    """Return the wanted values of `dynamics.csv` at the paper's epochs, between two snapshots on a straight line (F6)."""
    if table.empty:
        return {}
    if table["model"].iloc[0] != LARGER:
        return {}
    columns = {DIVERGENCE: "symmetric_divergence", LOSS_DIFFERENCE: "loss_difference"}
    found = {}
    for key in wanted:
        rows = table[table["n"] == ModelName.parse(key.model).context].sort_values("epoch")
        epoch = float(key.case)
        if len(rows) and rows["epoch"].iloc[0] <= epoch <= rows["epoch"].iloc[-1]:
            found[key] = Estimate(float(np.interp(epoch, rows["epoch"], rows[columns[key.quantity]])))
    return found


class ErrorCounts:
    """The errors of a model in each cluster, by class and level.

    Parameters
    ----------
    cascade
        The oracles.
    log_prob
        Float32 (streams, steps).
    clusters
        What a resample draws.
    """

    def __init__(self, cascade: Cascade, log_prob: np.ndarray, clusters: Clusters) -> None:
        breakdown = cascade.breakdown(log_prob.ravel())
        self.levels = breakdown.levels
        removed_by = breakdown.removed_by.reshape(log_prob.shape)
        counts = [clusters.sums(removed_by == level) for level in range(len(self.levels))]
        self.of_level = np.stack(counts, axis=1).astype(np.int64)
        self.errors = self.of_level.sum(axis=1)

    def of_class(self, name: str) -> np.ndarray:
        """Return the errors of a class in each cluster: int64 (clusters,)."""
        return self.of_level[:, [of_class == name for of_class, _ in self.levels]].sum(axis=1)

    @property
    def classes(self) -> list[str]:
        """Names of the classes in their order."""
        return list(dict.fromkeys(name for name, _ in self.levels))


def error_classes(predicted: Predicted, counts: dict[str, ErrorCounts]) -> Estimates:
    """Return the shares of the classes and levels among the errors of each model, and how many errors there are (F7)."""
    found: Estimates = {}
    for model, of_model in counts.items():
        errors = of_model.errors[:, np.newaxis]
        characters = predicted.clusters.sums(np.ones((predicted.clusters.streams, predicted.clusters.steps)))[:, np.newaxis]
        shares = {Key("F7", "share of the errors", model, f"{name} {level}"): (name, level) for name, level in of_model.levels}
        found |= dict(zip(shares, share_estimates(of_model.of_level, errors, predicted.intervals), strict=True))
        whole = np.stack([of_model.of_class(name) for name in of_model.classes], axis=1)
        keys = [Key("F7", "share of a whole class in the errors", model, name) for name in of_model.classes]
        found |= dict(zip(keys, share_estimates(whole, errors, predicted.intervals), strict=True))
        (found[Key("F7", "errors", model, "")],) = total_estimates(errors, predicted.intervals)
        fraction = Key("F7", "fraction of the test characters that are errors", model, "")
        (found[fraction],) = share_estimates(errors, characters, predicted.intervals)
    return found


def _by_class(counts: ErrorCounts) -> dict[str, np.ndarray]:
    """The errors of a model in each cluster, (clusters,) by name: all, those of two classes and those of the others."""
    found = {"all": counts.errors, "n-gram": counts.of_class("n-gram"), "boost": counts.of_class("boost")}
    return found | {"other": found["all"] - found["n-gram"] - found["boost"]}


def scaling_up(predicted: Predicted, counts: dict[str, ErrorCounts]) -> Estimates:
    """Return by how many errors the larger model has fewer than the smaller one, by class (F8)."""
    if not {LARGER, SMALLER} <= counts.keys():
        return {}
    of_both = [_by_class(counts[model]) for model in (SMALLER, LARGER)]
    groups = list(of_both[0])
    before, after = (np.stack(list(of_model.values()), axis=1) for of_model in of_both)
    # A cluster of as many errors of the one model as of the other has cases, too.
    fewer, cases = before - after, before + after
    totals = total_estimates(fewer, predicted.intervals, cases)
    name = f"errors fewer than those of {SMALLER}"
    found = {Key("F8", name, LARGER, case): estimate for case, estimate in zip(groups, totals, strict=True)}
    part, whole = [groups.index("n-gram")], [groups.index("all")]
    shares = share_estimates(fewer[:, part], fewer[:, whole], predicted.intervals, cases[:, part], cases[:, whole])
    (found[Key("F8", f"share of the {name}", LARGER, "n-gram")],) = shares
    return found
