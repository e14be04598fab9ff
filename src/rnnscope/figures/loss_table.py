"""Table T1 as a heat map: the test loss of every model, a row a size, a column a cell and depth (paper section 4)."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnnscope.command import run
from rnnscope.figures import style

COLOURS = colormaps["cividis"]  # even in lightness and seen alike with every common colour-vision deficiency
MISSING_COLOUR = "#EEEEEE"


def arrange(table: pd.DataFrame) -> pd.DataFrame:
    """The losses in the paper's arrangement: index size, columns (cell, layers), NaN where there is no model.

    Cells come in the paper's order, LSTM, RNN, GRU, each with every depth that any model has.
    """
    columns = pd.MultiIndex.from_product([style.cells_of(table), sorted(set(table["layers"]))], names=["cell", "layers"])
    losses = table.set_index(["size", "cell", "layers"])["test_loss"].unstack(["cell", "layers"])
    return losses.reindex(columns=columns).sort_index()


def text_colour(background: tuple[float, float, float, float]) -> str:
    """Black or white, whichever stands out more on `background` (relative luminance of WCAG 2.2)."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in background[:3]]
    return "black" if np.dot(linear, [0.2126, 0.7152, 0.0722]) > 0.179 else "white"


def write_row(axes: Axes, row: int, losses: np.ndarray, scale: Normalize) -> None:
    """Write one size's losses, its lowest in bold and framed, `-` where there is no model."""
    for column, loss in enumerate(losses):
        best = loss == np.nanmin(losses)
        colour = "black" if np.isnan(loss) else text_colour(COLOURS(scale(loss)))
        number = "-" if np.isnan(loss) else f"{loss:.3f}"
        weight = "bold" if best else "normal"
        axes.text(column, row, number, ha="center", va="center", color=colour, weight=weight)
        if best:
            axes.add_patch(Rectangle((column - 0.44, row - 0.42), 0.88, 0.84, fill=False, edgecolor=colour, linewidth=1.4))


def label_axes(axes: Axes, losses: pd.DataFrame) -> None:
    """Name the rows by size and the columns by depth, each cell's columns under its name and set off by a gap."""
    axes.set_yticks(range(len(losses)), [str(size) for size in losses.index])
    axes.set_xticks(range(losses.shape[1]), [str(layers) for layers in losses.columns.get_level_values("layers")])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_ylabel("size")
    above: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "annotation_clip": False}
    axes.annotate("layers", (-0.55, 1), (0, 4), ha="right", fontsize=7, **above)
    depths = len(losses.columns.unique("layers"))
    for group, cell in enumerate(losses.columns.unique("cell")):
        axes.annotate(style.cell_name(cell), (group * depths + (depths - 1) / 2, 1), (0, 15), ha="center", weight="bold", **above)
        if group:
            axes.axvline(group * depths - 0.5, color="white", linewidth=4)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the heat map of `test_loss` (nats per character) over cell, layers and size."""
    losses = arrange(table)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + 0.33 * max(len(losses), 3)))
    axes = figure.add_subplot()
    axes.spines[:].set_visible(False)
    axes.set_facecolor(MISSING_COLOUR)
    scale = Normalize(table["test_loss"].min(), table["test_loss"].max())
    image = axes.imshow(np.ma.masked_invalid(losses.to_numpy()), cmap=COLOURS, norm=scale, aspect="auto")
    for row, values in enumerate(losses.to_numpy()):
        write_row(axes, row, values, scale)
    label_axes(axes, losses)
    deviation = math.ceil(table["test_loss_standard_deviation"].max() * 1e4) / 1e4  # rounded up, for "at most" to hold
    axes.set_xlabel(f"framed: the lowest of its size; bootstrap standard deviation at most {deviation:.4f}", fontsize=7)
    figure.colorbar(image, ax=axes, label="test loss\n(nats per character)", pad=0.01, aspect=8)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the table of losses."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="losses.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["layers", "size", "test_loss", "test_loss_standard_deviation"], ["cell"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
