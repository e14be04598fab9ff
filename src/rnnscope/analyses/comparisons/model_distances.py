"""How far apart the models' predictions are, and which of them belong together (companion of the map, paper section 4, F1).

    python -m rnnscope.analyses.comparisons.model_distances --predictions-folder DIR --models MODEL ... --out-distances FILE.csv
        --out-merges FILE.csv

A model is the vector of the probabilities that it gave to the correct test characters. The distance of two models is the
Euclidean distance of their vectors over the square root of their length: the root mean square of how far their
probabilities of a character are apart, whatever the length of the text. The merges are those of average linkage (Sokal and
Michener 1958): a dendrogram shows these distances without choosing a plane, as a map has to.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from rnnscope.analyses.comparisons.aligned import read_aligned
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.tables import write_csv

BLOCK = 4096  # characters whose probabilities lie in memory as float64, for all models


def read_all(folder: Path, models: list[str]) -> np.ndarray:
    """The log-probabilities of the correct characters under all models, float32 (models, characters), nats.

    Raises InputError when predictions are missing or damaged, or speak of other characters than the first model's.
    """
    together = np.empty((len(models), 0), dtype=np.float32)
    for row, log_prob in enumerate(read_aligned(folder, models)):
        if not row:
            together = np.empty((len(models), log_prob.size), dtype=np.float32)
        together[row] = log_prob.ravel()  # a copy, so that no more of the file than this stays in memory
    return together


def distances(log_prob: np.ndarray) -> np.ndarray:
    """Root mean square differences of the models' probabilities: float64 (models, models), from 0 to 1.

    log_prob: float (models, characters), nats. Differences are squared and summed in float64, and not taken from inner products,
    in which the distance of two models that nearly agree would drown.
    """
    models, characters = log_prob.shape
    squares = np.zeros((models, models))
    for start in range(0, characters, BLOCK):
        probabilities = np.exp(log_prob[:, start : start + BLOCK], dtype=np.float64)
        for model in range(models - 1):
            apart = probabilities[model + 1 :] - probabilities[model]
            squares[model, model + 1 :] += np.einsum("mc,mc->m", apart, apart)
    root_mean: np.ndarray = np.sqrt((squares + squares.T) / characters)
    return root_mean


def order_and_merges(apart: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """The order of the models in a dendrogram, int (models,), and its merges: first, second, distance, models.

    apart: distances (models, models), at least two. In the merges a model is its place in that order, and the cluster
    that row r makes is models + r; `distance` is the mean distance between the models of the two, and `models` counts them.
    Of the orders that a dendrogram leaves open, the one whose neighbours are nearest (Bar-Joseph and others 2001).
    """
    condensed = squareform(apart, checks=False)
    tree = optimal_leaf_ordering(linkage(condensed, "average"), condensed)
    order = leaves_list(tree)
    places = np.concatenate([np.argsort(order), np.arange(len(order), len(order) + len(tree))])
    joined = places[tree[:, :2].astype(np.int64)]
    columns = {"first": joined[:, 0], "second": joined[:, 1], "distance": tree[:, 2], "models": tree[:, 3].astype(np.int64)}
    return order, pd.DataFrame(columns)


def main() -> None:
    """Write the distances of every two models, both in the dendrogram's order, and its merges."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--predictions-folder", type=Path, required=True, help="holds <model>.parquet")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODEL", help="two at least")
    parser.add_argument("--out-distances", type=Path, required=True, help="CSV to write")
    parser.add_argument("--out-merges", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    if len(arguments.models) < 2:
        raise InputError(f"--models: found {arguments.models[0]} alone, expected at least two models")
    apart = distances(read_all(arguments.predictions_folder, arguments.models))
    order, merges = order_and_merges(apart)
    names = np.array(arguments.models)[order]
    pairs = {"model": np.repeat(names, len(names)), "other": np.tile(names, len(names))}
    write_csv(pd.DataFrame(pairs | {"distance": apart[np.ix_(order, order)].ravel()}), arguments.out_distances)
    write_csv(merges, arguments.out_merges)


if __name__ == "__main__":
    run(main)
