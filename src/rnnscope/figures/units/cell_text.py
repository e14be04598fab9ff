"""Text coloured by the values of one unit, blue where its feature is on: best units, then random ones (paper section 4, F2)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath, text_to_path
from matplotlib.transforms import Affine2D

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.letters import INVISIBLE, SIGNS, drawn_letters, families, is_wide, read_letters, reads_from_the_right
from rnnscope.models.cells import ModelName
from rnnscope.storage.tables import read_csv

LAST_BYTE = 255
MONOSPACE = "DejaVu Sans Mono"  # comes with matplotlib
ADVANCE = 1233 / 2048  # of its letters, in ems
WIDE_ADVANCE = 1.05  # of letters that are as wide as they are high, with a gap
LINE_HEIGHT = 1.25  # ems
TITLE, GAP, MARGINS = 12, 7, 60  # points
PAGE_HEIGHT = 9.4 * 72  # points: the panels that fit are shown, those of the best units first
AT_RANDOM = "random"
RANDOM_PANELS = 2  # units drawn at random that are shown at least, if there are any
INK = "black"
YES = {True: True, "True": True}
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
    """Return the outline of a letter in points, the left end of its baseline at 0; of one without ink that of `INVISIBLE`."""
    prop = FontProperties(family=list(fonts))
    # Fonts have letters without ink, such as the object replacement character; a TextPath of them alone cannot be made.
    has_ink = len(text_to_path.get_text_path(prop, letter)[0]) > 0
    return TextPath((0, 0), letter if has_ink else INVISIBLE, size=points, prop=prop)


def _draw_letters(axes: Axes, panel: pd.DataFrame, grid: Grid) -> None:
    """Draw the letters over their characters, one collection of equal outlines per letter and colour."""
    equal: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for line in range(int(panel["line"].max()) + 1):
        rows = panel[panel["line"] == line]
        x = rows["x"].to_numpy()
        for letter in drawn_letters(rows, SIGNS):
            over = slice(letter.index, letter.index + letter.span)
            # In the middle of its characters; letters of the monospaced font fill theirs exactly.
            width = 1.0 if letter.span == 1 and not grid.is_wide else _width(letter.text, grid)
            left = x[over].min() + (letter.span - width) / 2
            equal.setdefault((letter.text, 0.45 if letter.is_space else 1.0), []).append((left, line + 0.8))
    for (text, alpha), offsets in equal.items():
        letters_drawn = PathCollection(
            [outline(text, grid.points, grid.fonts)],
            offsets=np.array(offsets),
            offset_transform=axes.transData,
            facecolors=INK,
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
    values[panel["line"], panel["x"]] = panel["value"] * panel["sign"]
    extent = (0, grid.columns, len(values), 0)
    axes.imshow(values, cmap=style.ACTIVATIONS, vmin=-1, vmax=1, interpolation="none", aspect="auto", extent=extent)
    axes.set_axis_off()
    on = panel[panel["on"].astype(bool)]
    lines = [[(x, line + 0.95), (x + 1, line + 0.95)] for x, line in zip(on["x"], on["line"], strict=True)]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.1, capstyle="butt"), autolim=False)
    _draw_letters(axes, panel, grid)


def _panel_title(panel: pd.Series) -> str:
    """Return the feature, the unit, and its score."""
    activation = ModelName.parse(panel["model"]).cell.by_name[panel["quantity"]]
    divided = activation.name if panel["scale"] == 1 else f"{activation.name}/{panel['scale']:.3g}"
    state = f"tanh({divided}) of cell" if activation.saturating else f"{activation.name} of unit"
    state = f"-{state}" if panel["sign"] < 0 else state
    unit = f"{state} {panel['unit']}, layer {panel['layer']} of {style.model_title(panel['model'])}"
    if panel["feature"] == AT_RANDOM:
        return f"drawn at random: {unit}"
    return f"{style.words(panel['feature'])}: {unit} ({MEASURES[panel['measure']]} {panel['held_out_score']:.2f})"


def panels_on_a_page(panels: list[pd.DataFrame], heights: list[float]) -> list[int]:
    """Return which panels are shown: as many as fit on a page, the best units first, with some drawn at random."""
    drawn = [index for index, panel in enumerate(panels) if panel["feature"].iloc[0] == AT_RANDOM]
    wanted = [*drawn[:RANDOM_PANELS], *(index for index in range(len(panels)) if index not in drawn), *drawn[RANDOM_PANELS:]]
    chosen: list[int] = []
    left = PAGE_HEIGHT - MARGINS
    for index in wanted:
        left -= heights[index] + TITLE + GAP
        if left < 0 and chosen:
            break
        chosen.append(index)
    return sorted(chosen)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw one panel per unit, one below the other, each as high as its lines, on a page; a colour bar at the bottom."""
    panels = [panel for _, panel in table.groupby("panel")]
    grid = Grid.of(table)
    line = LINE_HEIGHT * grid.points
    heights = [line * (panel["line"].max() + 1) for panel in panels]
    chosen = panels_on_a_page(panels, heights)
    left_out = len(panels) - len(chosen)
    panels, heights = [panels[index] for index in chosen], [heights[index] for index in chosen]
    height = sum(heights) + (TITLE + GAP) * len(panels) + MARGINS
    figure = Figure(figsize=(style.PAGE_WIDTH, height / 72))
    figure.set_layout_engine("none")  # all positions are computed here
    top = height - 20
    for panel, panel_height in zip(panels, heights, strict=True):
        top -= TITLE
        figure.text(0.01, (top + 2) / height, _panel_title(panel.iloc[0]), fontsize=7.5, va="bottom")
        axes = figure.add_axes((0.01, (top - panel_height) / height, 0.98, panel_height / height))
        _draw_panel(axes, panel, grid)
        top -= panel_height + GAP
    bar = figure.add_axes((0.02, 24 / height, 0.2, 6 / height))
    figure.colorbar(ScalarMappable(Normalize(-1, 1), style.ACTIVATIONS), bar, orientation="horizontal", ticks=[-1, 0, 1])
    note = "underlined: the feature is on" + (f"; {left_out} more units are in the table" if left_out else "")
    figure.text(0.26, 24 / height, note, fontsize=7.5, va="bottom")
    figure.text(0.5, (height - 4) / height, title, ha="center", va="top", fontsize=9)
    return figure


def read(table: Path) -> pd.DataFrame:
    """Read cell_text.csv for `draw`.

    Raises
    ------
    InputError
        If it is missing or corrupt, or has no rows.
    """
    numbers = ["panel", "layer", "unit", "line", "column", "character", "scale", "value", "sign"]
    snippets = style.read(table, numbers, ["model", "quantity", "feature", "measure"])
    snippets["letter"] = read_letters(table)
    snippets["held_out_score"] = read_csv(table, ["held_out_score"])["held_out_score"]  # empty for random units
    snippets["on"] = read_csv(table, ["on"])["on"].map(YES, na_action="ignore").fillna(False)  # empty for counts and random units
    return snippets


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
    style.save(draw(read(table), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
