"""The loss by position in the stream, of the best network of each cell and of an n-gram model (paper section 1)."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from rnnscope.cli import run
from rnnscope.figures import style


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `loss` (nats per character) against the position, a curve a model, its interval as a band."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 2.6))
    axes = figure.add_subplot()
    ends = []
    for model in dict.fromkeys(table["model"]):
        rows = table[table["model"] == model]
        middle = (rows["first_position"] * rows["last_position"]) ** 0.5
        colour = style.model_colour(model)
        axes.fill_between(middle, rows["low"], rows["high"], color=colour, alpha=0.15, linewidth=0)
        axes.plot(middle, rows["loss"], color=colour, marker=".", markersize=3, label=style.model_title(model))
        ends.append((rows["loss"].iloc[-1], style.model_title(model), colour))
    axes.set_xscale("log")
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=FormatStrFormatter("%d"))
    axes.set_xlabel(f"position in the test part of a stream (characters)\n{style.interval_note(table, narrow=True)}")
    axes.set_ylabel(style.LOSS_LABEL)
    style.label_lines(axes, ends, height=1.6)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the loss by position in the stream.

    Parameters
    ----------
    table
        position_loss.csv.
    out_svg, out_png
        Figures to write.
    title
        Line above the figure, such as the name of the corpus.
    """
    rows = style.read(table, ["first_position", "last_position", "loss"], ["model", "clusters"], optional=["low", "high"])
    style.save(draw(rows, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
