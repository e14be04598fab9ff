"""How alike the layers of several training runs are: linear CKA, and the correlation of matched units, as two matrices."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from rnnscope.cli import run
from rnnscope.figures import style

COLOURS = colormaps["cividis"]
MISSING_COLOUR = "#EEEEEE"
ROW_HEIGHT = 0.118  # inches: a line of the smallest font
NUMBERED_HEIGHT = 0.2  # of a row with numbers
MOST_NUMBERED = 9  # layers whose numbers fit into their fields
LAYER = ["model", "seed", "layer"]
OTHER = [f"other_{name}" for name in LAYER]
PANELS = {"cka": "linear CKA of two layers", "matched": "mean |correlation|\nof matched units"}


def layers_of(table: pd.DataFrame) -> list[tuple[str, int, int]]:
    """Return all layers, as model, seed and layer, in the order of the table."""
    ends = [table[columns].itertuples(index=False, name=None) for columns in (LAYER, OTHER)]
    return list(dict.fromkeys(layer for rows in ends for layer in rows))


def matrix_of(table: pd.DataFrame, layers: list[tuple[str, int, int]], column: str) -> np.ndarray:
    """Return a column as a symmetric matrix of the layers; NaN on its diagonal."""
    matrix = np.full((len(layers), len(layers)), np.nan)
    for *pair, value in table[[*LAYER, *OTHER, column]].itertuples(index=False, name=None):
        first, second = layers.index(tuple(pair[:3])), layers.index(tuple(pair[3:]))
        matrix[first, second] = matrix[second, first] = value
    return matrix


def _name(layer: tuple[str, int, int], has_depth: bool) -> str:
    model, seed, number = layer
    return f"{style.model_title(model)}, seed {seed}{f', layer {number}' if has_depth else ''}"


def _draw_matrix(axes: Axes, matrix: np.ndarray, layers: list[tuple[str, int, int]]) -> AxesImage:
    """Draw one matrix, with white lines between models and with its numbers where they fit."""
    image = axes.imshow(np.ma.masked_invalid(matrix), cmap=COLOURS, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_facecolor(MISSING_COLOUR)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.set_yticks([])
    for index in range(1, len(layers)):
        if layers[index][0] != layers[index - 1][0]:
            axes.axvline(index - 0.5, color="white", linewidth=1.5)
            axes.axhline(index - 0.5, color="white", linewidth=1.5)
    if len(layers) <= MOST_NUMBERED:
        for (row, column), value in np.ndenumerate(matrix):
            if not np.isnan(value):
                colour = "black" if style.luminance(COLOURS(value)) > 0.179 else "white"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)
    return image


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw both matrices beside each other, with one scale; the order of the layers is that of the table."""
    layers = layers_of(table)
    height = NUMBERED_HEIGHT if len(layers) <= MOST_NUMBERED else ROW_HEIGHT
    figure = Figure(figsize=(style.PAGE_WIDTH, max(height * len(layers), 0.8) + 0.95))
    panels: list[Axes] = list(figure.subplots(1, len(PANELS)))
    for axes, (column, heading) in zip(panels, PANELS.items(), strict=True):
        image = _draw_matrix(axes, matrix_of(table, layers, column), layers)
        axes.set_title(heading, loc="left")
        axes.set_xlabel(f"control: {table[f'{column}_control'].mean():.2f}, at most {table[f'{column}_control'].max():.2f}")
    has_depth = len({layer for _, _, layer in layers}) > 1
    panels[0].set_yticks(range(len(layers)), [_name(layer, has_depth) for layer in layers])
    for label, (model, _, _) in zip(panels[0].get_yticklabels(), layers, strict=True):
        label.set_color(style.text_colour(style.model_colour(model)))
    figure.colorbar(image, ax=panels, pad=0.02, fraction=0.04)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw how alike layers are.

    Parameters
    ----------
    table
        similarity.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["seed", "layer", "other_seed", "other_layer", "cka", "cka_control", "matched", "matched_control"]
    style.save(draw(style.read(table, numbers, ["model", "other_model"]), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
