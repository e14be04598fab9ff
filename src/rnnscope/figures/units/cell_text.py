"""Text coloured by the values of one unit, -1 red to +1 blue: best units of features, then random ones (paper section 4, F2)."""

from dataclasses import dataclass
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
from rnnscope.figures.letters import drawn_letters, families, is_wide, read_letters, reads_from_the_right
from rnnscope.models.cells import ModelName
from rnnscope.storage.tables import read_csv

LAST_BYTE = 255
MONOSPACE = "DejaVu Sans Mono"  # comes with matplotlib
ADVANCE = 1233 / 2048  # of its letters, in ems
WIDE_ADVANCE = 1.05  # of letters that are as wide as they are high, with a gap
LINE_HEIGHT = 1.25  # ems
TITLE, GAP = 12, 7  # points
SIGNS = {ord(" "): "\u00b7", ord("\n"): "\u21b5", ord("\r"): "\u2190", ord("\t"): "\u2192"}
COLOURS = "RdBu"
DARK = (-0.67, 0.72)  # beyond these values white letters have more contrast than black ones
MEASURES = {"auc": "AUC", "spearman": "Spearman"}


@dataclass(frozen=True)
class Grid:
    """Where the letters of all panels are.

    Parameters
    ----------
    columns
        Characters of a line.
    points
        Size of the font.
    advance
        Width of a character in ems.
    fonts
        Families that have the letters.
    """

    columns: int
    points: float
    advance: float
    fonts: tuple[str, ...]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Grid":
        """Return the grid of a table: the longest line is as wide as the page."""
        columns = int(table["column"].max()) + 1
        text = "".join(table["letter"].unique())
        # The bytes of a wide letter give it room enough.
        narrow = table["character"].max() <= LAST_BYTE or not any(map(is_wide, text))
        advance = ADVANCE if narrow else WIDE_ADVANCE
        return cls(columns, style.PAGE_WIDTH * 72 * 0.98 / columns / advance, advance, tuple(families(text, MONOSPACE)))

    @property
    def is_wide(self) -> bool:
        """Whether a character is wider than a letter of the monospaced font."""
        return self.advance > ADVANCE


@cache
def outline(letter: str, points: float, fonts: tuple[str, ...] = (MONOSPACE,)) -> Outline:
    """Return the outline of a letter in points, the left end of its baseline at 0."""
    return TextPath((0, 0), letter, size=points, prop=FontProperties(family=list(fonts)))


def _draw_letters(axes: Axes, panel: pd.DataFrame, grid: Grid) -> None:
    """Draw the letters over their characters, one collection of equal outlines per letter and colour."""
    equal: dict[tuple[str, str, float], list[tuple[float, float]]] = {}
    for line in range(int(panel["line"].max()) + 1):
        rows = panel[panel["line"] == line]
        x, value = rows["x"].to_numpy(), rows["value"].to_numpy()
        for letter in drawn_letters(rows, SIGNS):
            over = slice(letter.index, letter.index + letter.span)
            colour = "black" if DARK[0] <= value[over].mean() <= DARK[1] else "white"
            # In the middle of its characters; letters of the monospaced font fill theirs exactly.
            width = 1.0 if letter.span == 1 and not grid.is_wide else _width(letter.text, grid)
            left = x[over].min() + (letter.span - width) / 2
            equal.setdefault((letter.text, colour, 0.45 if letter.is_space else 1.0), []).append((left, line + 0.8))
    for (text, colour, alpha), offsets in equal.items():
        letters_drawn = PathCollection(
            [outline(text, grid.points, grid.fonts)],
            offsets=np.array(offsets),
            offset_transform=axes.transData,
            facecolors=colour,
            alpha=alpha,
            linewidths=0,
        )
        letters_drawn.set_transform(Affine2D().scale(1 / 72) + axes.figure.dpi_scale_trans)
        axes.add_collection(letters_drawn, autolim=False)


@cache
def _width(letter: str, grid: Grid) -> float:
    """Return how wide a letter is, in characters of the grid."""
    ends = outline(letter, grid.points, grid.fonts).get_extents()
    return float(ends.x0 + ends.x1) / grid.points / grid.advance


def _draw_panel(axes: Axes, panel: pd.DataFrame, grid: Grid) -> None:
    """Draw one snippet: a coloured rectangle for each character, and the letters over them."""
    # Text that is read from the right begins there.
    x = grid.columns - 1 - panel["column"] if reads_from_the_right(panel["letter"]) else panel["column"]
    panel = panel.assign(x=x)
    values = np.full((panel["line"].max() + 1, grid.columns), np.nan)
    values[panel["line"], panel["x"]] = panel["value"]
    extent = (0, grid.columns, len(values), 0)
    axes.imshow(values, cmap=COLOURS, vmin=-1, vmax=1, interpolation="none", aspect="auto", extent=extent)
    axes.set_axis_off()
    _draw_letters(axes, panel, grid)


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
    grid = Grid.of(table)
    line = LINE_HEIGHT * grid.points
    heights = [line * (panel["line"].max() + 1) for panel in panels]
    height = sum(heights) + (TITLE + GAP) * len(panels) + 60
    figure = Figure(figsize=(style.PAGE_WIDTH, height / 72))
    figure.set_layout_engine("none")  # all positions are computed here
    top = height - 20
    for panel, panel_height in zip(panels, heights, strict=True):
        top -= TITLE
        figure.text(0.01, (top + 2) / height, _panel_title(panel.iloc[0]), fontsize=7.5, va="bottom")
        axes = figure.add_axes((0.01, (top - panel_height) / height, 0.98, panel_height / height))
        _draw_panel(axes, panel, grid)
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
    snippets["letter"] = read_letters(table)
    snippets["held_out_score"] = read_csv(table, ["held_out_score"])["held_out_score"]  # empty for random units
    style.save(draw(snippets, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
