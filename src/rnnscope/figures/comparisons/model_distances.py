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
ROW_HEIGHT = 0.118  # inches: room for a line of the smallest type


def brackets(merges: pd.DataFrame, models: int) -> list[tuple[list[float], list[float]]]:
    """The bracket of each merge: four distances and four places, from the one cluster up, across and down to the other.

    A model stands at its own place at distance 0, a cluster midway between its two, at the distance at which they merge.
    """
    ends = [(0.0, float(place)) for place in range(models)]
    found = []
    for first, second, distance in merges[["first", "second", "distance"]].itertuples(index=False):
        (first_distance, first_place), (second_distance, second_place) = ends[int(first)], ends[int(second)]
        found.append(
            ([first_distance, distance, distance, second_distance], [first_place, first_place, second_place, second_place])
        )
        ends.append((distance, (first_place + second_place) / 2))
    return found


def draw_dendrogram(axes: Axes, merges: pd.DataFrame, models: int) -> None:
    """The merges, the root at the left, the models at the right edge."""
    for distances, places in brackets(merges, models):
        axes.plot(distances, places, color=style.NEUTRAL, linewidth=0.7)
    axes.set_xlim(merges["distance"].max() * 1.05, 0)
    axes.set_xlabel("mean distance\nof the two merged")
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])


def draw_matrix(axes: Axes, matrix: np.ndarray, names: list[str]) -> None:
    """The distances, a row and a column a model, both in the dendrogram's order, with the colour scale."""
    image = axes.imshow(matrix, cmap=COLOURS, aspect="auto", interpolation="nearest", vmin=0)
    axes.set_yticks(range(len(names)), [style.model_name(name) for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(style.MODEL_COLOURS[style.kind_of(name)])
    axes.set_xticks([])
    axes.set_xlabel("the same models in the same order")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    meaning = "distance: root mean square difference of\nthe probabilities of the correct character"
    axes.figure.colorbar(image, ax=axes, label=meaning, pad=0.02, fraction=0.06)


def draw(table: pd.DataFrame, merges: pd.DataFrame, title: str) -> Figure:
    """Draw the `distance` of every two models beside the dendrogram; `table` has its rows and columns in the order to draw."""
    names = list(dict.fromkeys(table["model"]))
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + max(ROW_HEIGHT * len(names), 1.6)))
    left, right = figure.subplots(1, 2, width_ratios=(1, 2.6))
    draw_matrix(right, table["distance"].to_numpy().reshape(len(names), len(names)), names)
    draw_dendrogram(left, merges, len(names))
    left.set_ylim(right.get_ylim())
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the distances."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="model_distances.csv")
    parser.add_argument("--merges", type=Path, required=True, help="model_merges.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["distance"], ["model", "other"])
    merges = style.read(arguments.merges, ["first", "second", "distance"])
    models = table["model"].nunique()
    if len(table) != models**2 or len(merges) != models - 1:
        expected = f"{models**2} and {models - 1} for {models} models"
        raise InputError(f"{arguments.table}, {arguments.merges}: found {len(table)} and {len(merges)} rows, expected {expected}")
    style.save(draw(table, merges, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
