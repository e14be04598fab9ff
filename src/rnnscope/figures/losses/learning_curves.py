"""Validation loss by epoch of every model, one panel per cell (paper section 3)."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, ScalarFormatter

from rnnscope.cli import run
from rnnscope.figures import style

TICKS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7)


def _legend_handles(table: pd.DataFrame, colours: dict[int, str]) -> list[Line2D]:
    """Return one entry per size (its colour), one per depth (its line style), and one for the dot."""
    sizes = [Line2D([], [], color=colour, linewidth=1.6, label=f"size {size}") for size, colour in colours.items()]
    depths = [
        Line2D([], [], color=style.NEUTRAL, linestyle=style.line_style(layers), label=style.plural_layers(layers))
        for layers in sorted(set(table["layers"]))
    ]
    return [*sizes, *depths, Line2D([], [], color=style.NEUTRAL, linestyle="", marker=".", label="lowest: kept")]


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `validation_loss` (nats per character) against `epoch`, one panel per cell; a dot marks the minimum."""
    cells = style.cells_of(table)
    colours = style.ordered_colours(table["size"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.6))
    panels = figure.subplots(1, len(cells), sharey=True, squeeze=False)[0]
    for axes, cell in zip(panels, cells, strict=True):
        for (size, layers), history in style.groups(table[table["cell"] == cell.name], ["size", "layers"]):
            axes.plot(
                history["epoch"],
                history["validation_loss"],
                color=colours[size],
                linestyle=style.line_style(layers),
                marker=".",
                markevery=[int(history["validation_loss"].argmin())],
                label=f"{cell.name}-{layers}-{size}",
            )
        axes.set_title(cell.title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.grid(axis="y", linewidth=0.3, color="#CCCCCC")
    # Logarithmic: the loss falls far in the first epochs, and the differences that matter are small and low.
    panels[0].set_yscale("log")
    panels[0].yaxis.set(major_locator=LogLocator(subs=TICKS), minor_locator=NullLocator(), major_formatter=ScalarFormatter())
    panels[0].set_ylabel("validation loss\n(nats per character)")
    handles = _legend_handles(table, colours)
    figure.legend(handles=handles, loc="outside lower center", ncols=8, columnspacing=1.2, handlelength=2.4)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the learning curves.

    Parameters
    ----------
    table
        learning_curves.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    curves = style.read(table, ["layers", "size", "epoch", "validation_loss"], ["cell"])
    style.save(draw(curves, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
