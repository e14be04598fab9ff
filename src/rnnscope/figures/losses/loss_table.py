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

from rnnscope.cli import run
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


def not_separated(differences: pd.DataFrame, model: str) -> set[str]:
    """The models whose difference in test loss from `model` could be zero: its interval does not leave it out."""
    not_significant = differences[~differences["separated"]]
    return set(not_significant["other"][not_significant["model"] == model]) | set(
        not_significant["model"][not_significant["other"] == model]
    )


def frame(axes: Axes, row: int, column: int, **style_of_line: Any) -> None:
    """A frame around one number of the heat map."""
    axes.add_patch(Rectangle((column - 0.44, row - 0.42), 0.88, 0.84, fill=False, zorder=3, **style_of_line))


def write_row(axes: Axes, row: int, models: list[str], losses: np.ndarray, differences: pd.DataFrame, scale: Normalize) -> None:
    """Write one size's losses, its lowest in bold and framed, those not separated from it in a dotted frame, `-` for no model."""
    lowest = models[int(np.nanargmin(losses))]
    not_significant = not_separated(differences, lowest)
    for column, (model, loss) in enumerate(zip(models, losses, strict=True)):
        colour = "black" if np.isnan(loss) else text_colour(COLOURS(scale(loss)))
        number = "-" if np.isnan(loss) else f"{loss:.3f}"
        weight = "bold" if model == lowest else "normal"
        axes.text(column, row, number, ha="center", va="center", color=colour, weight=weight)
        if model == lowest:
            frame(axes, row, column, edgecolor=colour, linewidth=1.4)
        elif model in not_significant:
            frame(axes, row, column, edgecolor=colour, linewidth=1.0, linestyle=":")


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


def draw(table: pd.DataFrame, differences: pd.DataFrame, title: str) -> Figure:
    """Draw the heat map of `test_loss` (nats per character) over cell, layers and size; `differences` says what may be chance."""
    losses = arrange(table)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + 0.33 * max(len(losses), 3)))
    axes = figure.add_subplot()
    axes.spines[:].set_visible(False)
    axes.set_facecolor(MISSING_COLOUR)
    scale = Normalize(table["test_loss"].min(), table["test_loss"].max())
    image = axes.imshow(np.ma.masked_invalid(losses.to_numpy()), cmap=COLOURS, norm=scale, aspect="auto")
    for row, (size, values) in enumerate(zip(losses.index, losses.to_numpy(), strict=True)):
        columns = zip(losses.columns.get_level_values("cell"), losses.columns.get_level_values("layers"), strict=True)
        models = [f"{cell}-{layers}-{size}" for cell, layers in columns]
        write_row(axes, row, models, values, differences, scale)
    label_axes(axes, losses)
    deviation = math.ceil(table["test_loss_standard_deviation"].max() * 1e4) / 1e4  # rounded up, for "at most" to hold
    note = "framed: the lowest of its size; dotted: not told from it by the test part; bootstrap standard deviation at most"
    axes.set_xlabel(f"{note} {deviation:.4f}", fontsize=7)
    figure.colorbar(image, ax=axes, label="test loss\n(nats per character)", pad=0.01, aspect=8)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the table of losses."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="losses.csv")
    parser.add_argument("--differences", type=Path, required=True, help="paired_differences.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["layers", "size", "test_loss", "test_loss_standard_deviation"], ["cell"])
    differences = style.read(arguments.differences, ["separated"], ["model", "other"])
    style.save(draw(table, differences, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
