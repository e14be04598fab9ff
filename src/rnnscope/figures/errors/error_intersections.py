"""Common errors of any number of models: one bar per intersection, the models that err below it (beyond the paper's F4).

The arrangement is that of Lex et al. (2014), "UpSet: visualization of intersecting sets".
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

MOST = 20  # intersections drawn, the largest


def _draw_bars(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the percentage of test characters in every intersection, with its number and its interval."""
    percent, low, high = (100 * table[f"fraction{end}"] for end in ("", "_low", "_high"))
    axes.bar(range(len(table)), percent, color="#999999", width=0.7)
    axes.errorbar(range(len(table)), percent, style.bar_lengths(percent, low, high), fmt="none", ecolor="black", elinewidth=0.7)
    for index, (value, end) in enumerate(zip(percent, np.fmax(percent, high), strict=True)):
        axes.annotate(f"{value:.1f}", (index, end), (0, 1.5), textcoords="offset points", ha="center", fontsize=7)
    axes.set_ylabel("% of test characters")
    axes.set_xticks([])


def _draw_members(axes: Axes, table: pd.DataFrame, models: list[str]) -> None:
    """Draw a dot for each model that errs under every bar, joined by a line."""
    for column, erring in enumerate(table["erring"]):
        rows = [row for row, model in enumerate(models) if model in erring.split()]
        axes.plot([column] * len(models), range(len(models)), "o", color="#DDDDDD", markersize=4.5)
        axes.plot([column] * len(rows), rows, "-", color=style.NEUTRAL, linewidth=1.2)
        for row in rows:
            axes.plot([column], [row], "o", color=style.model_colour(models[row]), markersize=4.5)
    axes.set(xticks=[], ylim=(len(models) - 0.4, -0.6))
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _draw_totals(axes: Axes, counts: pd.DataFrame, models: list[str]) -> None:
    """Draw all errors of each model, as a percentage of the test characters."""
    totals = list(100 * counts.set_index("model")["fraction"].loc[models])
    colours = [style.model_colour(model) for model in models]
    axes.barh(range(len(models)), totals, color=colours, height=0.6)
    for row, total in enumerate(totals):
        axes.annotate(f"{total:.1f}", (total, row), (-2, 0), textcoords="offset points", ha="right", va="center", fontsize=7)
    axes.set_yticks(range(len(models)), [style.model_title(model) for model in models])
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(max([*totals, 1]) * 1.45, 0)
    axes.set(ylim=(len(models) - 0.4, -0.6), xticks=[])
    axes.set_xlabel("all its errors, %")
    axes.spines["left"].set_visible(False)


def draw(table: pd.DataFrame, counts: pd.DataFrame, title: str) -> Figure:
    """Draw the intersections in which the models disagree; those in which all agree, far larger, are written above."""
    models = table["compared"].iloc[0].split()
    percent = 100 * table.groupby("number")["fraction"].sum()
    disagreed = table[table["disagreement"].astype(bool)]
    shown = disagreed.head(MOST)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.9 + 0.17 * len(models)))
    panels = figure.subplots(2, 2, width_ratios=(1, 4.2), height_ratios=(1.5, 0.17 * len(models)), sharex="col")
    (corner, bars), (totals, members) = panels
    corner.set_axis_off()
    _draw_bars(bars, shown)
    bars.set_title(
        f"all err on {percent[len(models)]:.1f} % of the test characters, none on {percent[0]:.1f} %; they disagree on:"
    )
    _draw_members(members, shown, models)
    _draw_totals(totals, counts, models)
    note = f"exactly the models with a dot err; {style.interval_note(table)}"
    if len(shown) < len(disagreed):
        left_out = 100 * disagreed["fraction"].iloc[MOST:].sum()
        note += f"\n({len(disagreed) - MOST} smaller intersections, {left_out:.1f} % together, left out)"
    members.set_xlabel(note, fontsize=7)
    style.set_title(figure, title)
    return figure


def main(table: Path, counts: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the intersections of the errors of several models.

    Parameters
    ----------
    table
        error_intersections.csv.
    counts
        error_counts.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    ends = ["fraction_low", "fraction_high"]
    sets = style.read(table, ["number", "fraction", "disagreement"], ["compared", "erring", "clusters"], optional=ends)
    style.save(draw(sets, style.read(counts, ["fraction"], ["model"]), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
