"""Maps of the models on which those that predict alike are near each other: t-SNE (paper section 4, F1).

The paper's text makes the map from how often two models agree on the most likely character, the caption of its figure from the
probabilities of the correct characters; there is a map of either (`MEASURES`). With the most likely characters as one-hot codes,
the Euclidean distance of two models is in proportion to the square root of their disagreement.

The distances of the models' vectors (`model_distances`) determine all that t-SNE needs of the vectors (van
der Maaten and Hinton 2008, "Visualizing data using t-SNE"). Nothing is drawn at random: it starts from classical scaling, the
plane in which the distances are kept best (Kobak and Berens 2019, "The art of using t-SNE for single-cell transcriptomics").
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE, ClassicalMDS

from rnnscope.analyses.comparisons.model_distances import MODEL_DISTANCES
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.predictions import ModelMap
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

MODEL_MAP = Table(
    "analyses/model_map.csv",
    "Figure F1: one row a map and model, its position on a map that t-SNE makes of the columns of `model_distances.csv`. "
    "A map of fewer than two models is left out: that of `agreement`, where external models lack their most likely characters.",
    (
        Column(
            "map",
            "text",
            "`agreement`: of the square root of `disagreement`, as the text of the paper has it; `probabilities`: of `distance`",
        ),
        Column("model", "text", "name of the model"),
        Column("x", "number", "position on the map, which has no unit"),
        Column("y", "number", "position on the map, which has no unit"),
    ),
)
# The Euclidean distances behind each map, from a table of distances.
MEASURES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "agreement": lambda table: np.sqrt(table["disagreement"]),
    "probabilities": lambda table: table["distance"],
}
START_DEVIATION = 1e-4  # of the first coordinate at the start, as the method's authors have it


def distance_matrix(table: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Return the models of a table of distances and the matrix of the distances.

    Parameters
    ----------
    table
        The columns of `MODEL_DISTANCES`.

    Returns
    -------
    models : list of str
    distances : ndarray of float64, shape (models, models)

    Raises
    ------
    InputError
        If a pair of models is missing.
    """
    matrix = table.pivot_table(index="model", columns="other", values="distance", sort=False)
    names = list(matrix.index)
    matrix = matrix.reindex(columns=names)
    if matrix.isna().any(axis=None):
        raise InputError("table of distances: not every two of its models are in it; expected a row for each")
    return names, matrix.to_numpy()


def classical_scaling(distances: np.ndarray) -> np.ndarray:
    """Return coordinates in the plane that keeps the distances best.

    Parameters
    ----------
    distances : ndarray of float64, shape (models, models)
        Euclidean, of two models at least.

    Returns
    -------
    coordinates : ndarray of float64, shape (models, 2)
        Centred. The largest coordinate of each axis by its absolute value is positive.

    Notes
    -----
    Torgerson 1952, "Multidimensional scaling: I. Theory and method".
    """
    with np.errstate(invalid="ignore"):  # models on one line: the second eigenvalue is zero, and after rounding perhaps below
        coordinates = ClassicalMDS(n_components=2, metric="precomputed").fit_transform(distances)
    return np.nan_to_num(coordinates)


def perplexity_for(models: int, wanted: float) -> float:
    """Return the perplexity, an effective number of neighbours: `wanted`, but at most a third of the other models, at least 1."""
    return max(1.0, min(wanted, (models - 1) / 3))


def embed(distances: np.ndarray, perplexity: float) -> np.ndarray:
    """Return the positions of the models on the map.

    Parameters
    ----------
    distances : ndarray of float64, shape (models, models)
        Of two models at least.
    perplexity
        Effective number of neighbours.

    Returns
    -------
    positions : ndarray of float32, shape (models, 2)
        Without a unit.
    """
    start = classical_scaling(distances)
    start *= START_DEVIATION / (start[:, 0].std() or 1)  # 0 where all models agree: they stay at one point
    method = TSNE(
        metric="precomputed", method="exact", init=start.astype(np.float32), perplexity=perplexity_for(len(distances), perplexity)
    )
    return method.fit_transform(distances.copy())  # a copy, which it squares in place


def main(distances: Path, settings: ModelMap, out: Path) -> None:
    """Map the models by the distances of their predictions, once for each measure.

    Parameters
    ----------
    distances
        Table model_distances.csv.
    settings
        The perplexity.
    out
        CSV file to write: a row a map and model.

    Raises
    ------
    InputError
        If the table is missing or corrupt, or has fewer than two models.
    """
    table, maps = MODEL_DISTANCES.read(distances), []
    for name, measure in MEASURES.items():
        known = table.assign(distance=measure(table)).dropna(subset="distance")
        if known["model"].nunique() < 2:
            continue
        models, apart = distance_matrix(known)
        positions = embed(apart, settings.perplexity)
        maps.append(pd.DataFrame({"map": name, "model": models, "x": positions[:, 0], "y": positions[:, 1]}))
    if not maps:
        raise InputError(f"{distances}: found {table['model'].nunique()} models, expected at least two")
    MODEL_MAP.write(pd.concat(maps), out)


if __name__ == "__main__":
    run(main)
