"""The errors of a smaller and a larger model by class, and what the larger one removes and adds (paper section 4, F8)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator

from rnnscope.cli import run
from rnnscope.figures import style

COUNTS = ["errors_before", "errors_after", "removed", "added"]
LIGHT = 0.45  # opacity of the bars of the smaller model and of added errors

thousands = EngFormatter(sep="")


def _lengths(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return how far the intervals of a column reach below and above it: float (2, rows)."""
    return style.bar_lengths(table[column], table[f"{column}_low"], table[f"{column}_high"])


def _draw_errors(axes: Axes, table: pd.DataFrame, colours: list[str]) -> None:
    """Draw two bars per class: the errors of the smaller model, light, and below them those of the larger one."""
    rows = range(len(table))
    axes.barh([row - 0.2 for row in rows], table["errors_before"], height=0.36, color=colours, alpha=LIGHT)
    axes.barh([row + 0.2 for row in rows], table["errors_after"], height=0.36, color=colours)
    for column, offset in (("errors_before", -0.2), ("errors_after", 0.2)):
        style.draw_interval_bars(axes, table[column], _lengths(table, column), offset)
    axes.set_xlabel(f"errors\n{style.interval_note(table, narrow=True)}")


def _draw_changes(axes: Axes, table: pd.DataFrame, colours: list[str]) -> None:
    """Draw the errors that the larger model removes, to the right, and those that it adds, to the left, by class."""
    axes.barh(range(len(table)), table["removed"], height=0.62, color=colours)
    axes.barh(range(len(table)), -table["added"], height=0.62, color=colours, alpha=LIGHT)
    style.draw_interval_bars(axes, table["removed"], _lengths(table, "removed"))
    style.draw_interval_bars(axes, -table["added"], _lengths(table, "added")[::-1])
    ends = table[["removed", "removed_high"]].max(axis=1)
    for row, (end, share) in enumerate(zip(ends, table["removed_share"], strict=True)):
        axes.annotate(f"{share:.0%}", (end, row), (4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_xmargin(0.1)
    axes.set_xlabel("errors added | errors removed (% of all removed)")


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `errors_before` (of the smaller model), `errors_after` (of the larger one), `removed` and `added` by class."""
    table = table[(table["class"] != "remaining") | (table[COUNTS].sum(axis=1) > 0)].reset_index(drop=True)
    colours = [style.ERROR_COLOURS[name] for name in table["class"]]
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.0))
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_errors(left, table, colours)
    _draw_changes(right, table, colours)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set(major_locator=MaxNLocator(5), major_formatter=FuncFormatter(lambda value, _: thousands(abs(value))))
    left.set_yticks(range(len(table)), [style.words(name) for name in table["class"]])
    left.invert_yaxis()
    smaller, larger = (style.model_title(table[column].iloc[0]) for column in ("smaller", "larger"))
    removed, added = table["removed"].sum(), table["added"].sum()
    right.set_title(f"{larger} removes {removed:,}\nerrors of {smaller} and adds {added:,}")
    handles = [
        Patch(facecolor=style.NEUTRAL, alpha=LIGHT, label=f"{smaller}: {table['errors_before'].sum():,} errors"),
        Patch(facecolor=style.NEUTRAL, label=f"{larger}: {table['errors_after'].sum():,} errors"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the errors that a larger model removes and adds.

    Parameters
    ----------
    table
        size_breakdown.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    ends = [f"{column}_{end}" for column in COUNTS for end in ("low", "high")]
    changes = style.read(table, [*COUNTS, "removed_share"], ["smaller", "larger", "class", "clusters"], optional=ends)
    style.save(draw(changes, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
