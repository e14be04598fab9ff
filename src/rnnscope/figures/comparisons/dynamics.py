"""The distance of a network in training from each n-NN, by epoch (paper section 4, F6)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from rnnscope.cli import run
from rnnscope.data.paper import DIVERGENCE, LOSS_DIFFERENCE, paper_points
from rnnscope.figures import style

# The paper's name of each column.
QUANTITIES = {"symmetric_divergence": DIVERGENCE, "loss_difference": LOSS_DIFFERENCE}
PANELS = {
    "symmetric_divergence": "symmetric KL divergence\n(nats per character)",
    "loss_difference": "n-NN's test loss minus the network's\n(nats per character)",
}
TICKS = (1, 1.5, 2, 3, 5, 7)


def _draw_paper(axes: Axes, column: str, colours: dict[int, str], paper: str | None) -> None:
    """Draw the paper's points, hollow, in the colours of the n-NNs."""
    found = paper_points(paper, "F6", QUANTITIES[column]) if paper else {}
    for n, colour in colours.items():
        points = [(float(epoch), value) for (model, epoch), value in found.items() if model == f"nnn-{n}"]
        if points:
            axes.plot(*zip(*points, strict=True), "o", color=colour, markerfacecolor="none", markeredgewidth=0.5, markersize=2.2)


def draw(table: pd.DataFrame, title: str, paper: str | None = None) -> Figure:
    """Draw `symmetric_divergence` and `loss_difference` against `epoch`, one curve per n-NN; dots where it is `nearest`.

    `paper` as for `main`.
    """
    colours = style.ordered_colours(table["n"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.6))
    for axes, (column, label) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for n, colour in colours.items():
            curve = table[table["n"] == n]
            axes.plot(curve["epoch"], curve[column], color=colour, label=f"{n}-NN")
        _draw_paper(axes, column, colours, paper)
        axes.set_xlabel(f"epoch of {style.model_title(table['model'].iloc[0])}")
        axes.set_ylabel(label)
        axes.set_xlim(left=0)
    divergence, difference = figure.axes
    for row in table[table["nearest"].astype(bool)].to_dict("records"):
        divergence.plot(row["epoch"], row["symmetric_divergence"], "o", color=colours[row["n"]], markersize=3.5)
    # Logarithmic: the divergence is large at first, and then small for several n-NNs at once.
    divergence.set_yscale("log")
    divergence.yaxis.set(major_locator=LogLocator(subs=TICKS), minor_locator=NullLocator(), major_formatter=ScalarFormatter())
    difference.axhline(0, color=style.NEUTRAL, linewidth=0.6, zorder=0)
    for axes, column in zip(figure.axes, PANELS, strict=True):
        last = table.sort_values("epoch").groupby("n")[column].last()
        style.label_lines(axes, [(last[n], f"{n}-NN", colour) for n, colour in colours.items()], height=1.7)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "", paper: str | None = None) -> None:
    """Draw how near a network in training comes to each n-NN.

    Parameters
    ----------
    table
        dynamics.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    paper
        The paper's text that this corpus is: its points are drawn hollow. None for another text.
    """
    distances = style.read(table, ["n", "epoch", *PANELS, "nearest"], ["model"])
    style.save(draw(distances, title, paper), out_svg, out_png)


if __name__ == "__main__":
    run(main)
