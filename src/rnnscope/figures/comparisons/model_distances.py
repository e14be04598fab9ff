"""The distances between the models' predictions, and the dendrogram of their average linkage (companion of the map, F1)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style

COLOURS = colormaps["cividis"]
ROW_HEIGHT = 0.118  # inches: a line of the smallest font


def brackets(merges: pd.DataFrame, models: int) -> list[tuple[list[float], list[float]]]:
    """Return the bracket of each merge in the dendrogram.

    Parameters
    ----------
    merges
        Columns `first`, `second` (indices of models, then of earlier merges) and `distance`.
    models
        Number of models.

    Returns
    -------
    list of tuple
        Four distances and four positions: from one cluster up, across and down to the other. Model i is at position i
        and distance 0, a cluster midway between its two parts, at the distance at which they merge.
    """
    ends = [(0.0, float(index)) for index in range(models)]
    found = []
    for first, second, distance in merges[["first", "second", "distance"]].itertuples(index=False):
        (first_distance, first_position), (second_distance, second_position) = ends[int(first)], ends[int(second)]
        positions = [first_position, first_position, second_position, second_position]
        found.append(([first_distance, distance, distance, second_distance], positions))
        ends.append((distance, (first_position + second_position) / 2))
    return found


def _draw_dendrogram(axes: Axes, merges: pd.DataFrame, models: int) -> None:
    """Draw the merges, the root at the left, the models at the right edge."""
    for distances, positions in brackets(merges, models):
        axes.plot(distances, positions, color=style.NEUTRAL, linewidth=0.7)
    axes.set_xlim(merges["distance"].max() * 1.05, 0)
    axes.set_xlabel("mean distance\nof the two merged")
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])


def _draw_matrix(axes: Axes, matrix: np.ndarray, names: list[str]) -> None:
    """Draw the distances, rows and columns in the order of the dendrogram, with the colour scale."""
    image = axes.imshow(matrix, cmap=COLOURS, aspect="auto", interpolation="nearest", vmin=0)
    axes.set_yticks(range(len(names)), [style.model_title(name) for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(style.text_colour(style.model_colour(name)))
    axes.set_xticks([])
    axes.set_xlabel("the same models in the same order")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    meaning = "distance: root mean square difference of\nthe probabilities of the correct character"
    axes.figure.colorbar(image, ax=axes, label=meaning, pad=0.02, fraction=0.06)


def draw(table: pd.DataFrame, merges: pd.DataFrame, title: str) -> Figure:
    """Draw the `distance` of every two models and the dendrogram; the order of the models is that of `table`."""
    names = list(dict.fromkeys(table["model"]))
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + max(ROW_HEIGHT * len(names), 1.6)))
    left, right = figure.subplots(1, 2, width_ratios=(1, 2.6))
    _draw_matrix(right, table["distance"].to_numpy().reshape(len(names), len(names)), names)
    _draw_dendrogram(left, merges, len(names))
    left.set_ylim(right.get_ylim())
    style.set_title(figure, title)
    return figure


def main(table: Path, merges: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the distances between the models.

    Parameters
    ----------
    table
        model_distances.csv.
    merges
        model_merges.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    distances = style.read(table, ["distance"], ["model", "other"])
    merged = style.read(merges, ["first", "second", "distance"])
    models = distances["model"].nunique()
    if len(distances) != models**2 or len(merged) != models - 1:
        expected = f"{models**2} and {models - 1} for {models} models"
        raise InputError(f"{table}, {merges}: found {len(distances)} and {len(merged)} rows, expected {expected}")
    style.save(draw(distances, merged, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
