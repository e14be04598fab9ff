"""The models ranked by test loss, and which neighbours in the ranking do not differ significantly (for table T1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

ROW_HEIGHT = 0.118  # inches: a line of the smallest font


def _draw_differences(axes: Axes, table: pd.DataFrame) -> None:
    """Draw how much the loss of each model exceeds the lowest, with the interval."""
    for row, model in enumerate(table.to_dict("records")):
        colour = style.model_colour(model["model"])
        if row:
            axes.plot([model["low"], model["high"]], [row, row], color=colour, linewidth=1.0)
        axes.plot(model["above_lowest"], row, "o", color=colour, markersize=3)


def _draw_runs(axes: Axes, runs: list[tuple[int, int]]) -> None:
    """Draw a line along each run of models, side by side where they overlap."""
    ends: list[int] = []
    for first, last in runs:
        lane = next((lane for lane, end in enumerate(ends) if end < first), len(ends))
        ends[lane : lane + 1] = [last]
        axes.plot([lane, lane], [first - 0.3, last + 0.3], color=style.NEUTRAL, linewidth=1.6, solid_capstyle="butt")
    axes.set_xlim(-1, max(len(ends), 3))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the ranking: names, differences from the lowest loss, and lines along models that do not differ significantly."""
    order = list(table["model"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.15 + max(ROW_HEIGHT * len(order), 1.0)))
    left, right = figure.subplots(1, 2, width_ratios=(5, 1))
    _draw_differences(left, table)
    left.set_yticks(range(len(order)), [style.model_title(model) for model in order])
    for label, model in zip(left.get_yticklabels(), order, strict=True):
        label.set_color(style.text_colour(style.model_colour(model)))
    left.set_xlabel(f"test loss above the lowest (nats per character)\n{style.interval_note(table)}")
    left.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    runs = table.dropna(subset="run_end")
    _draw_runs(right, [(int(first) - 1, int(last) - 1) for first, last in zip(runs["rank"], runs["run_end"], strict=True)])
    pairs = table["comparisons"].iloc[0]
    right.set_xlabel(f"no significant\ndifference from top\nof the line (Holm,\n{pairs:,} pairs)", fontsize=7)
    for axes in (left, right):
        axes.set_ylim(len(order) - 0.4, -0.6)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the models ranked by test loss.

    Parameters
    ----------
    table
        ranking.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    ranked = style.read(
        table, ["rank", "above_lowest", "comparisons"], ["model", "clusters"], optional=["low", "high", "run_end"]
    )
    style.save(draw(ranked, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
