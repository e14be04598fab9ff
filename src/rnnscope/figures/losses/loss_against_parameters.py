"""Test loss against the number of parameters, one point per model (paper section 4)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.losses.joined_intervals import with_intervals


def _draw_models(axes: Axes, table: pd.DataFrame) -> None:
    """Draw a point with its error bar for each model, and a light line through the models of one cell and depth."""
    for (cell, layers), models in style.groups(table.sort_values("parameters"), ["cell", "layers"]):
        colour = style.cell_colour(cell)
        axes.plot(models["parameters"], models["test_loss"], color=colour, linewidth=0.6, alpha=0.45, zorder=1)
        axes.errorbar(
            models["parameters"],
            models["test_loss"],
            yerr=style.bar_lengths(models["test_loss"], models["low"], models["high"]),
            fmt=style.marker(layers),
            color=colour,
            markerfacecolor="none",  # models of equal loss and the small error bars show through
            markeredgewidth=0.9,
            markersize=5,
            elinewidth=0.9,
            label=f"{cell}-{layers}",
        )


def _legend_handles(table: pd.DataFrame) -> list[Line2D]:
    """Return one entry per cell (its colour), then one per depth (its marker)."""
    handles = [Line2D([], [], color=cell.colour, linewidth=2.5, label=cell.title) for cell in style.cells_of(table)]
    for layers in sorted(set(table["layers"])):
        handle = Line2D([], [], color=style.NEUTRAL, linestyle="", marker=style.marker(layers), markerfacecolor="none")
        handle.set_label(style.plural_layers(layers))
        handles.append(handle)
    return handles


def _parameter_ticks(ratio: float) -> Locator:
    """Return where a logarithmic axis has ticks, by the ratio of its ends: few enough for their numbers not to overlap."""
    if ratio < 10:
        return MaxNLocator(4)  # too narrow for two powers of ten
    return LogLocator(subs=(1, 2, 5) if ratio < 100 else (1,))


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `test_loss` (nats per character) against `parameters`, with its interval."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 3.1))
    axes = figure.add_subplot()
    _draw_models(axes, table)
    axes.set_xscale("log")
    axes.xaxis.set(
        major_locator=_parameter_ticks(table["parameters"].max() / table["parameters"].min()),
        minor_locator=NullLocator(),
        major_formatter=EngFormatter(sep=""),
    )
    axes.set_xlabel(f"parameters\n{style.interval_note(table, narrow=True)}")
    axes.set_ylabel(style.LOSS_LABEL)
    # Outside the axes: an interval may be anywhere.
    figure.legend(handles=_legend_handles(table), ncols=3, loc="outside lower center", columnspacing=1.0, handletextpad=0.4)
    style.set_title(figure, title)
    return figure


def main(table: Path, intervals: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the test losses against the numbers of parameters.

    Parameters
    ----------
    table
        losses.csv.
    intervals
        loss_intervals.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    losses = style.read(table, ["layers", "parameters", "test_loss"], ["model", "cell"])
    style.save(draw(with_intervals(losses, intervals), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
