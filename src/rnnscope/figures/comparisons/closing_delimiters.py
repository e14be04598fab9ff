"""The probability of a closing delimiter by the distance of the opening one, one panel per delimiter (paper section 4, F5)."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from rnnscope.cli import run
from rnnscope.data.paper import paper_points
from rnnscope.figures import style
from rnnscope.models.cells import ModelName

NAMES = {"}": "closing  }", ")": "closing  )", "]": "closing  ]", '"': 'closing  "', "*/": "end of comment  */"}
MARKERS = ("o", "s", "^")
BESIDE = {"paper": 1.0, "decades": 1.06}  # ratio of the distances at which the intervals of one bucket are drawn
QUANTITY = "mean probability of a closing brace"
NOTHING = "No closing delimiter occurs often enough."


def _draw_curves(axes: Axes, rows: pd.DataFrame, colours: dict[str, str], beside: float) -> None:
    """Draw the mean probability of one delimiter under each model, with its interval, at the mean distance of each bucket."""
    for rank, (model, colour) in enumerate(colours.items()):
        curve = rows[rows["model"] == model]
        axes.errorbar(
            curve["mean_distance"] * beside ** (rank - (len(colours) - 1) / 2),
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


def _draw_paper(axes: Axes, paper: str | None) -> None:
    """Draw the paper's points of the closing brace, hollow, in the middle of its bins."""
    found = paper_points(paper, "F5", QUANTITY) if paper else {}
    for rank, model in enumerate(dict.fromkeys(model for model, _ in found)):
        bins = {case: value for (of_model, case), value in found.items() if of_model == model}
        axes.plot(
            [sum(map(int, case.split("-"))) / 2 for case in bins],
            list(bins.values()),
            MARKERS[rank],
            color=style.model_colour(model),
            markerfacecolor="none",
            markeredgewidth=0.8,
            markersize=5,
            label=f"the paper's {style.model_title(model)}",
        )


def _draw_panel(above: Axes, below: Axes, rows: pd.DataFrame, colours: dict[str, str], bins: str) -> None:
    """Draw one delimiter in one way to bin distances: the curves above, the counts below."""
    _draw_curves(above, rows, colours, BESIDE[bins])
    _draw_counts(below, rows)
    above.tick_params(labelbottom=False)
    above.set_title(f"{NAMES[rows['delimiter'].iloc[0]]}{'' if bins == 'decades' else ', bins of the paper'}")


def _scale(axes: Axes, bins: str, most: float) -> None:
    """Give an axis of distances its scale: linear up to the last bin of the paper, else logarithmic up to `most`."""
    if bins == "paper":
        axes.set_xlim(0, most)
        axes.set_xticks([0, 100, 200, 300])
        return
    axes.set_xscale("log")
    axes.set_xlim(0.8, max(most * 1.2, 10))
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=StrMethodFormatter("{x:g}"))


def draw(table: pd.DataFrame, title: str, paper: str | None = None) -> Figure:
    """Draw every delimiter of the table, a row each: left in the paper's bins, right at all distances.

    A dotted line marks the context of each finite-horizon model. `paper` as for `main`.
    """
    if table.empty:
        return style.empty_figure(NOTHING, title)
    delimiters = [delimiter for delimiter in NAMES if delimiter in set(table["delimiter"])]
    colours = {model: style.model_colour(model) for model in dict.fromkeys(table["model"])}
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.7 + 1.8 * len(delimiters)))
    # Not subfigures: their layout, and so the bytes of the figure, is not the same every time.
    grid = figure.subplots(2 * len(delimiters), 2, squeeze=False, height_ratios=(2.4, 1) * len(delimiters))
    handles: dict[str, Any] = {}
    for column, (bins, most) in enumerate({"paper": 300.0, "decades": table["most_distance"].max()}.items()):
        for row, delimiter in enumerate(delimiters):
            above, below = grid[2 * row, column], grid[2 * row + 1, column]
            rows = table[(table["bins"] == bins) & (table["delimiter"] == delimiter)]
            if rows.empty:
                above.remove()
                below.remove()
                continue
            _draw_panel(above, below, rows, colours, bins)
            if bins == "paper" and delimiter == "}":
                _draw_paper(above, paper)
            for axes in (above, below):
                _scale(axes, bins, most)
            if not column:
                above.set_ylabel("mean\nprobability")
                below.set_ylabel("cases")
            handles |= {str(handle.get_label()): handle for handle in (*above.containers, *above.lines)}
        last = next((axes for axes in grid[::-1, column] if axes.figure is not None), None)
        if last is not None:
            last.set_xlabel("distance (characters)")
    figure.align_ylabels([axes for axes in grid[:, 0] if axes.figure is not None])
    shown = [handle for label, handle in handles.items() if not label.startswith("_")]
    figure.legend(handles=shown, loc="outside lower center", ncols=len(shown), title=style.interval_note(table))
    missing = [delimiter for delimiter in NAMES if delimiter not in delimiters]
    style.set_title(figure, title, f"too few cases to show: {'  '.join(missing)}" if missing else "")
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "", paper: str | None = None) -> None:
    """Draw the probabilities of closing delimiters by distance.

    Parameters
    ----------
    table
        closing_delimiters.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    paper
        The paper's text that this corpus is: its points are drawn hollow. None for another text.
    """
    numbers = ["least_distance", "most_distance", "mean_distance", "count", "mean_probability"]
    buckets = style.read(table, numbers, ["bins", "delimiter", "model", "clusters"], empty=True, optional=["low", "high"])
    style.save(draw(buckets, title, paper), out_svg, out_png)


if __name__ == "__main__":
    run(main)
