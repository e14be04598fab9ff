"""A map of the models, on which those that predict alike lie side by side: t-SNE (paper section 4, F1).

    python -m rnnscope.analyses.comparisons.model_map --distances model_distances.csv --perplexity 10 --out FILE.csv

From the distances of the models' vectors of probabilities (`model_distances`) follows all that t-SNE asks of the vectors (van der
Maaten and Hinton 2008, "Visualizing data using t-SNE"). Nothing is drawn at random: it starts from classical scaling, the plane
in which the distances are kept best (Kobak and Berens 2019, "The art of using t-SNE for single-cell transcriptomics").
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.tables import read_csv, write_csv

START_DEVIATION = 1e-4  # of the first coordinate at the start, as the method's authors have it


def distance_matrix(table: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """The models of a table of distances and the matrix, float64 (models, models). Raises InputError when a pair is missing."""
    matrix = table.pivot_table(index="model", columns="other", values="distance", sort=False)
    names = list(matrix.index)
    matrix = matrix.reindex(columns=names)
    if matrix.isna().any(axis=None):
        raise InputError("table of distances: not every two of its models are in it; expected a row for each")
    return names, matrix.to_numpy()


def classical_scaling(distances: np.ndarray) -> np.ndarray:
    """Coordinates in the plane that keeps the distances best: float64 (models, 2), centred (Torgerson 1952).

    The larger side of each axis is made its positive one, which an eigenvector leaves open.
    """
    squares = distances**2
    inner = -(squares - squares.mean(axis=0) - squares.mean(axis=1, keepdims=True) + squares.mean()) / 2
    values, vectors = np.linalg.eigh(inner)
    axes = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    largest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    scaled: np.ndarray = axes * np.where(largest < 0, -1, 1)
    return scaled


def perplexity_for(models: int, wanted: float) -> float:
    """The perplexity, an effective number of neighbours: `wanted`, but at most a third of the other models, and at least 1."""
    return max(1.0, min(wanted, (models - 1) / 3))


def embed(distances: np.ndarray, perplexity: float) -> np.ndarray:
    """The places of the models on the map: float32 (models, 2), without a unit; distances (models, models), two at least."""
    start = classical_scaling(distances)
    start *= START_DEVIATION / start[:, 0].std()
    method = TSNE(
        metric="precomputed", method="exact", init=start.astype(np.float32), perplexity=perplexity_for(len(distances), perplexity)
    )
    places: np.ndarray = method.fit_transform(distances.copy())  # it squares them in place
    return places


def main() -> None:
    """Write a row a model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--distances", type=Path, required=True, help="model_distances.csv")
    parser.add_argument("--perplexity", type=float, required=True, help="how many neighbours a model is placed by")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    names, distances = distance_matrix(read_csv(arguments.distances, ["model", "other", "distance"]))
    places = embed(distances, arguments.perplexity)
    write_csv(pd.DataFrame({"model": names, "x": places[:, 0], "y": places[:, 1]}), arguments.out)


if __name__ == "__main__":
    run(main)
