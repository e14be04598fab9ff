"""Table T1 beside the paper's: our test losses, and below each the paper's and the difference (paper section 4)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style
from rnnscope.models.cells import CELLS, ModelName

COLOURS = colormaps["PuOr"]  # from orange over white to purple: distinguishable with every common colour-vision deficiency
LARGEST = 0.06  # nats: the difference from which on the colour is the deepest
PALE = 0.5  # of the colours, so that black numbers are legible on all of them
MISSING = "#EEEEEE"
MINUS = "\N{MINUS SIGN}"
OUTCOMES = ("within tolerance", "within interval", "differs", "missing")


def arrange(table: pd.DataFrame) -> tuple[list[tuple[str, int]], list[int], dict[tuple[str, int, int], tuple[float, float]]]:
    """Return the rows, (cell, layers), and columns, sizes, of the figure, and ours and the paper's loss of each network.

    Parameters
    ----------
    table
        The rows of T1 in against_paper.csv; `ours` is NaN for a network that there is not.
    """
    losses = {}
    for row in table.to_dict("records"):
        name = ModelName.parse(row["model"])
        losses[name.kind, name.layers, name.size] = (row["ours"], row["paper"])
    order = list(CELLS)
    rows = sorted({(cell, layers) for cell, layers, _ in losses}, key=lambda row: (order.index(row[0]), row[1]))
    return rows, sorted({size for _, _, size in losses}), losses


def _colour(difference: float) -> tuple[float, float, float]:
    """Return the colour of a difference in nats, paler than the colour map's."""
    colour = np.array(COLOURS(Normalize(-LARGEST, LARGEST, clip=True)(difference)))
    red, green, blue = (1 - PALE * (1 - colour[:3])).tolist()
    return red, green, blue


def _write_cell(axes: Axes, x: int, y: int, ours: float, paper: float) -> None:
    """Draw one network: its colour, our loss, and below it the paper's and the difference."""
    known = np.isfinite(ours)
    face = _colour(ours - paper) if known else MISSING
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor="white", linewidth=1))
    if known:
        axes.text(x, y - 0.17, f"{ours:.3f}", ha="center", va="center", fontsize=8, weight="bold")
    below = f"{paper:.3f}  {f'{ours - paper:+.3f}'.replace('0.', '.').replace('-', MINUS)}" if known else f"{paper:.3f}"
    axes.text(
        x, y + (0.24 if known else 0), below, ha="center", va="center", fontsize=7, color="black" if known else style.NEUTRAL
    )


def summary(table: pd.DataFrame) -> str:
    """Return how many of all values agree, in two lines."""
    counts = table["outcome"].value_counts()
    if "orientation" in counts:
        return "another text than the paper's:\nits numbers are for orientation"
    tolerated, inside, differing, missing = (int(counts.get(name, 0)) for name in OUTCOMES)
    return f"all values: {tolerated} within tolerance, {inside} more in\nour interval, {differing} differ, {missing} without ours"


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw table T1: our loss, the paper's and the difference of every network, coloured by the difference."""
    rows, sizes, losses = arrange(table[table["item"] == "T1"])
    figure = Figure(figsize=(style.COLUMN_WIDTH, 1.5 + 0.36 * len(rows)))
    axes = figure.add_subplot()
    for y, (cell, layers) in enumerate(rows):
        for x, size in enumerate(sizes):
            if (cell, layers, size) in losses:
                _write_cell(axes, x, y, *losses[cell, layers, size])
    axes.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    axes.set_yticks(range(len(rows)), [f"{CELLS[cell].title} {layers}" for cell, layers in rows])
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("size")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    colours = ListedColormap([_colour(value) for value in np.linspace(-LARGEST, LARGEST, 256)])
    bar = figure.colorbar(
        ScalarMappable(Normalize(-LARGEST, LARGEST), colours),
        ax=axes,
        orientation="horizontal",
        aspect=40,
        pad=0.02,
        extend="both",
    )
    bar.set_label(f"ours minus the paper's (nats per character)\n{summary(table)}", fontsize=7)
    bar.set_ticks([-LARGEST, -LARGEST / 2, 0, LARGEST / 2, LARGEST])
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw our test losses beside the paper's.

    Parameters
    ----------
    table
        against_paper.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    found = style.read(table, ["paper"], ["item", "model", "outcome"], optional=["ours"])
    if "T1" not in set(found["item"]):
        raise InputError(f"{table}: no row of the item T1, expected the paper's table of losses")
    style.save(draw(found, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
