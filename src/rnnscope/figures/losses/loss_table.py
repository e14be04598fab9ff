"""Table T1 as a heat map: test losses, one row per size, one column per cell and depth (paper section 4)."""

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
from rnnscope.models.cells import CELLS

COLOURS = colormaps["cividis"]  # even in lightness, and the same with every common colour-vision deficiency
MISSING_COLOUR = "#EEEEEE"
ROUNDED_MARK = "*"


def _arrange(table: pd.DataFrame) -> pd.DataFrame:
    """Arrange the losses: index size, columns (cell, layers) with cells in the order of `models.cells`, NaN without a model."""
    cells = [cell.name for cell in style.cells_of(table)]
    columns = pd.MultiIndex.from_product([cells, sorted(set(table["layers"]))], names=["cell", "layers"])
    losses = table.set_index(["size", "cell", "layers"])["test_loss"].unstack(["cell", "layers"])
    return losses.reindex(columns=columns).sort_index()


def text_colour(background: tuple[float, float, float, float]) -> str:
    """Return black or white, whichever has more contrast with `background` (relative luminance of WCAG 2.2)."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in background[:3]]
    return "black" if np.dot(linear, [0.2126, 0.7152, 0.0722]) > 0.179 else "white"


def _frame(axes: Axes, row: int, column: int, **style_of_line: Any) -> None:
    """Draw a frame around one number of the heat map."""
    axes.add_patch(Rectangle((column - 0.41, row - 0.42), 0.82, 0.84, fill=False, zorder=3, **style_of_line))


def _write_row(
    axes: Axes, row: int, models: list[str], losses: np.ndarray, ranking: pd.DataFrame, rounded: set[str], scale: Normalize
) -> None:
    """Write the losses of one size: the best bold and framed, those that are not separated from it dotted, `-` for no model.

    Those of `rounded` get a star.
    """
    best = set(ranking["best"])
    not_separated = set(ranking["model"][~ranking["separated"]])
    for column, (model, loss) in enumerate(zip(models, losses, strict=True)):
        colour = "black" if np.isnan(loss) else text_colour(COLOURS(scale(loss)))
        number = "-" if np.isnan(loss) else f"{loss:.3f}"
        number += ROUNDED_MARK if model in rounded else ""
        weight = "bold" if model in best else "normal"
        axes.text(column, row, number, ha="center", va="center", color=colour, weight=weight)
        if model in best:
            _frame(axes, row, column, edgecolor=colour, linewidth=1.4)
        elif model in not_separated:
            _frame(axes, row, column, edgecolor=colour, linewidth=1.0, linestyle=":")


def _label_axes(axes: Axes, losses: pd.DataFrame) -> None:
    """Label the rows by size and the columns by depth, the columns of each cell under its title and separated by a gap."""
    axes.set_yticks(range(len(losses)), [str(size) for size in losses.index])
    axes.set_xticks(range(losses.shape[1]), [str(layers) for layers in losses.columns.get_level_values("layers")])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_ylabel("size")
    above: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "annotation_clip": False}
    axes.annotate("layers", (-0.55, 1), (0, 4), ha="right", fontsize=7, **above)
    depths = len(losses.columns.unique("layers"))
    for group, cell in enumerate(losses.columns.unique("cell")):
        axes.annotate(CELLS[cell].title, (group * depths + (depths - 1) / 2, 1), (0, 15), ha="center", weight="bold", **above)
        if group:
            axes.axvline(group * depths - 0.5, color="white", linewidth=4)


def _note(ranking: pd.DataFrame, rounded: set[str]) -> str:
    """Return what frames and stars mean, and the number of comparisons of a row."""
    numbers = sorted({int(number) for number in ranking["comparisons"]})
    comparisons = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    return (
        "framed: best of its size by validation loss; dotted: test loss not significantly different from it\n"
        f"(Holm's correction for the {comparisons} comparisons of a row)"
    ) + (f"\n{ROUNDED_MARK} trained with the factors of its products rounded to bfloat16" if rounded else "")


def draw(table: pd.DataFrame, ranking: pd.DataFrame, title: str) -> Figure:
    """Draw the heat map of `test_loss` (nats per character) over cell, layers and size; `ranking` has the best of each size."""
    losses = _arrange(table)
    names = table.set_index(["size", "cell", "layers"])["model"].to_dict()
    rounded = set(table["model"][table["precision"] == "bfloat16"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.15 + 0.33 * max(len(losses), 3)))
    axes = figure.add_subplot()
    axes.spines[:].set_visible(False)
    axes.set_facecolor(MISSING_COLOUR)
    scale = Normalize(table["test_loss"].min(), table["test_loss"].max())
    image = axes.imshow(np.ma.masked_invalid(losses.to_numpy()), cmap=COLOURS, norm=scale, aspect="auto")
    for row, (size, values) in enumerate(zip(losses.index, losses.to_numpy(), strict=True)):
        columns = zip(losses.columns.get_level_values("cell"), losses.columns.get_level_values("layers"), strict=True)
        models = [names.get((size, *column), "") for column in columns]
        _write_row(axes, row, models, values, ranking, rounded, scale)
    _label_axes(axes, losses)
    axes.set_xlabel(_note(ranking, rounded), fontsize=7)
    figure.colorbar(image, ax=axes, label="test loss\n(nats per character)", pad=0.01, aspect=8)
    style.set_title(figure, title)
    return figure


def main(table: Path, ranking: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the table of test losses.

    Parameters
    ----------
    table
        losses.csv.
    ranking
        size_ranking.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    losses = style.read(table, ["layers", "size", "test_loss"], ["cell", "model", "precision"])
    compared = style.read(ranking, ["separated", "comparisons"], ["model", "best"])
    style.save(draw(losses, compared, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
