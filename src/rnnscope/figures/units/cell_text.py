"""Text coloured by the values of one unit, -1 red to +1 blue: best units of features, then random ones (paper section 4, F2)."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.models.cells import ModelName
from rnnscope.storage.tables import read_csv

MONOSPACE = FontProperties(family="DejaVu Sans Mono")  # comes with matplotlib
ADVANCE = 1233 / 2048  # of its letters, in ems
LINE_HEIGHT = 1.25  # ems
TITLE, GAP = 12, 7  # points
# Letters for white space, and for bytes without a letter.
SYMBOLS = {" ": "\u00b7", "\n": "\u21b5", "\r": "\u2190", "\t": "\u2192"}
WITHOUT_LETTER = "\u25af"
COLOURS = "RdBu"
DARK = (-0.67, 0.72)  # beyond these values white letters have more contrast than black ones
MEASURES = {"auc": "AUC", "spearman": "Spearman"}


@cache
def outline(letter: str, points: float) -> Outline:
    """Return the outline of a letter in points, the left end of its baseline at 0."""
    return TextPath((0, 0), letter, size=points, prop=MONOSPACE)


def _letter_of(character: int) -> str:
    """Return the letter that shows a byte: itself, or a symbol."""
    letter = chr(character)
    return SYMBOLS.get(letter, letter if 32 < character < 127 else WITHOUT_LETTER)


def _draw_letters(axes: Axes, panel: pd.DataFrame, points: float) -> None:
    """Draw the characters, one collection of equal outlines per letter and colour; `points` is the size of the font."""
    letters = panel["character"].map(_letter_of)
    colours = np.where(panel["value"].between(*DARK), "black", "white")
    for (letter, colour), rows in panel.groupby([letters, colours]):
        faint = 0.45 if rows["character"].iloc[0] in b" \n\r\t" else 1.0
        letters_drawn = PathCollection(
            [outline(str(letter), points)],
            offsets=np.stack([rows["column"], rows["line"] + 0.8], axis=1),
            offset_transform=axes.transData,
            facecolors=str(colour),
            alpha=faint,
            linewidths=0,
        )
        letters_drawn.set_transform(Affine2D().scale(1 / 72) + axes.figure.dpi_scale_trans)
        axes.add_collection(letters_drawn, autolim=False)


def _draw_panel(axes: Axes, panel: pd.DataFrame, columns: int, points: float) -> None:
    """Draw one snippet: a coloured rectangle and a letter for each character."""
    grid = np.full((panel["line"].max() + 1, columns), np.nan)
    grid[panel["line"], panel["column"]] = panel["value"]
    extent = (0, columns, len(grid), 0)
    axes.imshow(grid, cmap=COLOURS, vmin=-1, vmax=1, interpolation="none", aspect="auto", extent=extent)
    axes.set_axis_off()
    _draw_letters(axes, panel, points)


def _panel_title(panel: pd.Series) -> str:
    """Return the feature, the unit, and its score."""
    activation = ModelName.parse(panel["model"]).cell.by_name[panel["quantity"]]
    divided = activation.name if panel["scale"] == 1 else f"{activation.name}/{panel['scale']:.3g}"
    state = f"tanh({divided}) of cell" if activation.saturating else f"{activation.name} of unit"
    unit = f"{state} {panel['unit']}, layer {panel['layer']} of {panel['model']}"
    if panel["feature"] == "random":
        return f"drawn at random: {unit}"
    return f"{style.words(panel['feature'])}: {unit} ({MEASURES[panel['measure']]} {panel['held_out_score']:.2f})"


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw one panel per unit, one below the other, each as high as its lines; a colour bar at the bottom."""
    panels = [panel for _, panel in table.groupby("panel")]
    columns = int(table["column"].max()) + 1
    width = style.PAGE_WIDTH * 72
    points = width * 0.98 / columns / ADVANCE
    line = LINE_HEIGHT * points
    heights = [line * (panel["line"].max() + 1) for panel in panels]
    height = sum(heights) + (TITLE + GAP) * len(panels) + 60
    figure = Figure(figsize=(style.PAGE_WIDTH, height / 72))
    figure.set_layout_engine("none")  # all positions are computed here
    top = height - 20
    for panel, panel_height in zip(panels, heights, strict=True):
        top -= TITLE
        figure.text(0.01, (top + 2) / height, _panel_title(panel.iloc[0]), fontsize=7.5, va="bottom")
        axes = figure.add_axes((0.01, (top - panel_height) / height, 0.98, panel_height / height))
        _draw_panel(axes, panel, columns, points)
        top -= panel_height + GAP
    bar = figure.add_axes((0.35, 24 / height, 0.3, 6 / height))
    figure.colorbar(ScalarMappable(Normalize(-1, 1), COLOURS), bar, orientation="horizontal", ticks=[-1, 0, 1])
    figure.text(0.5, (height - 4) / height, title, ha="center", va="top", fontsize=9)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw text coloured by the values of single units.

    Parameters
    ----------
    table
        cell_text.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["panel", "layer", "unit", "line", "column", "character", "scale", "value"]
    snippets = style.read(table, numbers, ["model", "quantity", "feature", "measure"])
    snippets["held_out_score"] = read_csv(table, ["held_out_score"])["held_out_score"]  # empty for random units
    style.save(draw(snippets, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
