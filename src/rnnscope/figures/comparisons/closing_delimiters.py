"""The probability of a closing delimiter by the distance of the opening one, one panel per delimiter (paper section 4, F5)."""

from math import ceil
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.models.cells import ModelName

NAMES = {"}": "closing  }", ")": "closing  )", "]": "closing  ]", '"': 'closing  "', "*/": "end of comment  */"}
MARKERS = ("o", "s", "^")
PANELS_IN_A_ROW = 3
BESIDE = 1.06  # ratio of the distances at which the intervals of one bucket are drawn
NOTHING = "No closing delimiter occurs often enough."


def _draw_curves(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw the mean probability of one delimiter under each model, with its interval, at the mean distance of each bucket."""
    for rank, (model, colour) in enumerate(colours.items()):
        curve = rows[rows["model"] == model]
        axes.errorbar(
            curve["mean_distance"] * BESIDE ** (rank - (len(colours) - 1) / 2),
            curve["mean_probability"],
            yerr=style.bar_lengths(curve["mean_probability"], curve["low"], curve["high"]),
            fmt=f"{MARKERS[rank % len(MARKERS)]}-",
            color=colour,
            markersize=2.8,
            elinewidth=0.7,
            label=style.model_title(model),
        )
        name = ModelName.parse(model)
        if not name.is_recurrent:
            axes.axvline(name.context, color=colour, linewidth=0.7, linestyle=":")
    axes.set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1])


def _draw_counts(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the number of cases of each bucket, over its distances."""
    buckets = rows.drop_duplicates("least_distance")
    left, right = buckets["least_distance"] - 0.5, buckets["most_distance"] + 0.5
    axes.bar(left, buckets["count"], width=right - left, align="edge", color="#BBBBBB", edgecolor="white", linewidth=0.4)
    axes.locator_params(axis="y", nbins=2)


def _draw_panel(above: Axes, below: Axes, rows: pd.DataFrame, colours: dict[str, str], ends: tuple[float, float]) -> None:
    """Draw one delimiter: the curves above, the counts below, with one logarithmic axis of distances."""
    _draw_curves(above, rows, colours)
    _draw_counts(below, rows)
    for axes in (above, below):
        axes.set_xscale("log")
        axes.set_xlim(ends)
        axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=StrMethodFormatter("{x:g}"))
    above.tick_params(labelbottom=False)
    above.set_title(NAMES[rows["delimiter"].iloc[0]])
    above.set_ylabel("mean probability")
    below.set_ylabel("cases")
    below.set_xlabel("distance (characters)")


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw every delimiter of the table; a dotted line marks the context of each finite-horizon model."""
    if table.empty:
        return style.empty_figure(NOTHING, title)
    delimiters = [delimiter for delimiter in NAMES if delimiter in set(table["delimiter"])]
    colours = {model: style.model_colour(model) for model in dict.fromkeys(table["model"])}
    ends = table["least_distance"].min() * 0.8, max(table["most_distance"].max() * 1.2, 10)
    across = min(len(delimiters), PANELS_IN_A_ROW)
    rows = ceil(len(delimiters) / across)
    figure = Figure(figsize=(style.PAGE_WIDTH if across > 1 else style.COLUMN_WIDTH, 0.5 + 2.3 * rows))
    # Not subfigures: their layout, and so the bytes of the figure, is not the same every time.
    grid = figure.subplots(2 * rows, across, squeeze=False, height_ratios=(3, 1) * rows)
    panels = [(grid[2 * row, column], grid[2 * row + 1, column]) for row in range(rows) for column in range(across)]
    for (above, below), delimiter in zip(panels, delimiters, strict=False):
        _draw_panel(above, below, table[table["delimiter"] == delimiter], colours, ends)
    for above, below in panels[len(delimiters) :]:
        above.remove()
        below.remove()
    figure.align_ylabels()
    handles = panels[0][0].containers
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), title=style.interval_note(table))
    figure.suptitle(title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the probabilities of closing delimiters by distance.

    Parameters
    ----------
    table
        closing_delimiters.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["least_distance", "most_distance", "mean_distance", "count", "mean_probability"]
    buckets = style.read(table, numbers, ["delimiter", "model", "clusters"], empty=True, optional=["low", "high"])
    style.save(draw(buckets, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
