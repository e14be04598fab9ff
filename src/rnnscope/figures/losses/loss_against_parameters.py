"""Test loss against the number of parameters, a point a model: what a cell and a depth buy for a budget (paper section 4)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from rnnscope.cli import run
from rnnscope.figures import style


def draw_models(axes: Axes, table: pd.DataFrame) -> None:
    """A point with its error bar for each model, and a light line through the models of one cell and depth."""
    for (cell, layers), models in style.groups(table.sort_values("parameters"), ["cell", "layers"]):
        colour = style.CELL_COLOURS[cell]
        axes.plot(models["parameters"], models["test_loss"], color=colour, linewidth=0.6, alpha=0.45, zorder=1)
        axes.errorbar(
            models["parameters"],
            models["test_loss"],
            yerr=models["test_loss_standard_deviation"],
            fmt=style.marker(layers),
            color=colour,
            markerfacecolor="none",  # models of equal loss and the small error bars show through
            markeredgewidth=0.9,
            markersize=5,
            elinewidth=0.9,
            label=f"{cell}-{layers}",
        )


def legend_handles(table: pd.DataFrame) -> list[Line2D]:
    """One entry a cell (its colour), then one a depth (its marker)."""
    handles = [
        Line2D([], [], color=style.CELL_COLOURS[cell], linewidth=2.5, label=style.cell_name(cell))
        for cell in style.cells_of(table)
    ]
    for layers in sorted(set(table["layers"])):
        handle = Line2D([], [], color=style.NEUTRAL, linestyle="", marker=style.marker(layers), markerfacecolor="none")
        handle.set_label(style.plural_layers(layers))
        handles.append(handle)
    return handles


def parameter_ticks(ratio: float) -> Locator:
    """Where a logarithmic axis whose ends are `ratio` apart has room for numbers, and needs them."""
    if ratio < 10:
        return MaxNLocator(4)  # too narrow for two powers of ten
    return LogLocator(subs=(1, 2, 5) if ratio < 100 else (1,))


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `test_loss` (nats per character) against `parameters`, with the bootstrap's standard deviation."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 2.6))
    axes = figure.add_subplot()
    draw_models(axes, table)
    axes.set_xscale("log")
    axes.xaxis.set(
        major_locator=parameter_ticks(table["parameters"].max() / table["parameters"].min()),
        minor_locator=NullLocator(),
        major_formatter=EngFormatter(sep=""),
    )
    axes.set_xlabel("parameters")
    axes.set_ylabel(style.LOSS_LABEL)
    axes.legend(handles=legend_handles(table), ncols=2, loc="best", columnspacing=1.0, handletextpad=0.4)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the losses against the parameters."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="losses.csv")
    arguments = parser.parse_args()
    numbers = ["layers", "parameters", "test_loss", "test_loss_standard_deviation"]
    table = style.read(arguments.table, numbers, ["cell"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
