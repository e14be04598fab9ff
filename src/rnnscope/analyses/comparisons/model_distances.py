"""How far apart the models' predictions are, and which of them belong together (companion of the map, paper section 4, F1).

There are two measures. The paper's text compares the most likely characters: the `disagreement` of two models is the fraction
of the test characters at which they differ. The caption of its figure compares probabilities. For these a model is the vector of
the probabilities that it gave to the correct test characters, and the `distance` of two models is the Euclidean distance of their
vectors over the square root of their length: the root mean square of the difference of their probabilities of a character,
whatever the length of the text. The merges are those of average linkage (Sokal and Michener 1958): a dendrogram shows the
distances of probabilities without choosing a plane, as a map has to.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned_predictions
from rnnscope.storage.tables import Table

MODEL_DISTANCES = Table(
    "analyses/model_distances.csv",
    "Figure F1's companion: one row for each ordered pair of the models of `paired_differences.csv`, a model with itself "
    "too. Both follow the order of the dendrogram.",
    (
        Column("model", "text", "name of a model"),
        Column("other", "text", "name of a model"),
        Column(
            "distance",
            "number",
            "root mean square, over the test characters, of the difference of the two probabilities of the correct character",
        ),
        Column(
            "disagreement",
            "number",
            "fraction of the test characters at which the two most likely characters differ; empty with external predictions "
            "that lack them",
        ),
    ),
)
MODEL_MERGES = Table(
    "analyses/model_merges.csv",
    "The dendrogram of these distances by average linkage: one row a merge of two clusters, the nearest first. A model is a "
    "cluster by itself, whose number is its index in the order of `model_distances.csv`, from 0; with M models, row r makes "
    "the cluster M + r.",
    (
        Column("first", "integer", "one of the two clusters"),
        Column("second", "integer", "the other"),
        Column("distance", "number", "mean distance between the models of one and those of the other"),
        Column("models", "integer", "number of models of the new cluster"),
    ),
)
BLOCK = 4096  # characters whose probabilities are in memory as float64, for all models


def read_all(folder: Path, models: list[str]) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Read the predictions of all models.

    Returns
    -------
    log_prob : ndarray of float32, shape (models, characters)
        Log-probabilities of the correct characters, nats.
    predicted : list of ndarray of uint8 or uint16, shape (characters,), or None
        Ids of the most likely characters under each model; None for an external model that lacks them.

    Raises
    ------
    InputError
        If predictions are missing or corrupt, or are of other characters than the first model's.
    """
    log_prob, predicted = np.empty((len(models), 0), dtype=np.float32), list[np.ndarray | None]()
    for row, predictions in enumerate(read_aligned_predictions(folder, models)):
        if not row:
            log_prob = np.empty((len(models), predictions.log_prob.size), dtype=np.float32)
        # Copies, so that no more of the file than these stays in memory.
        log_prob[row] = predictions.log_prob.ravel()
        predicted.append(None if predictions.predicted is None else predictions.predicted.ravel().copy())
    return log_prob, predicted


def disagreements(predicted: Sequence[np.ndarray | None]) -> np.ndarray:
    """Return the fraction of the characters at which every two models differ: float64 (models, models).

    `predicted` are the most likely characters under each model, integer (characters,); NaN with a model that has none.
    """
    apart = np.full((len(predicted), len(predicted)), np.nan)
    known = [(model, characters) for model, characters in enumerate(predicted) if characters is not None]
    for rank, (model, characters) in enumerate(known):
        apart[model, model] = 0
        for other, others in known[rank + 1 :]:
            apart[model, other] = apart[other, model] = np.mean(characters != others)
    return apart


def distances(log_prob: np.ndarray) -> np.ndarray:
    """Return the root mean square differences of the models' probabilities.

    Parameters
    ----------
    log_prob : ndarray of float, shape (models, characters)
        In nats.

    Returns
    -------
    distances : ndarray of float64, shape (models, models)
        From 0 to 1.

    Notes
    -----
    Differences are squared and summed in float64. Inner products would lose the distance of two models that nearly agree.
    """
    models, characters = log_prob.shape
    squares = np.zeros((models, models))
    for start in range(0, characters, BLOCK):
        probabilities = np.exp(log_prob[:, start : start + BLOCK], dtype=np.float64)
        for model in range(models - 1):
            difference = probabilities[model + 1 :] - probabilities[model]
            squares[model, model + 1 :] += np.einsum("mc,mc->m", difference, difference)
    return np.sqrt((squares + squares.T) / characters)


def order_and_merges(apart: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the order of the models in a dendrogram of average linkage, and its merges.

    Parameters
    ----------
    apart : ndarray of float64, shape (models, models)
        Distances of two models at least.

    Returns
    -------
    order : ndarray of int, shape (models,)
        Indices of the models. Of the orders that fit the dendrogram, the one whose neighbours are nearest (Bar-Joseph and
        others 2001).
    merges : DataFrame
        The columns of `MODEL_MERGES`.
    """
    condensed = squareform(apart, checks=False)
    tree = optimal_leaf_ordering(linkage(condensed, "average"), condensed)
    order = leaves_list(tree)
    cluster_numbers = np.concatenate([np.argsort(order), np.arange(len(order), len(order) + len(tree))])
    joined = cluster_numbers[tree[:, :2].astype(np.int64)]
    columns = {"first": joined[:, 0], "second": joined[:, 1], "distance": tree[:, 2], "models": tree[:, 3].astype(np.int64)}
    return order, pd.DataFrame(columns)


def main(predictions_folder: Path, models: list[str], out_distances: Path, out_merges: Path) -> None:
    """Write the distances of every two models, both in the dendrogram's order, and its merges.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the models, two at least.
    out_distances
        CSV file to write: a row for each two models.
    out_merges
        CSV file to write: a row a merge.
    """
    if len(models) < 2:
        raise InputError(f"--models: found {models[0]} alone, expected at least two models")
    log_prob, predicted = read_all(predictions_folder, models)
    apart = distances(log_prob)
    order, merges = order_and_merges(apart)
    names = np.array(models)[order]
    pairs = {"model": np.repeat(names, len(names)), "other": np.tile(names, len(names))}
    measures = {"distance": apart, "disagreement": disagreements(predicted)}
    columns = {name: values[np.ix_(order, order)].ravel() for name, values in measures.items()}
    MODEL_DISTANCES.write(pd.DataFrame(pairs | columns), out_distances)
    MODEL_MERGES.write(merges, out_merges)


if __name__ == "__main__":
    run(main)
