"""Whose errors are whose among any number of models: every intersection a bar, who errs in it below (beyond the paper's F4).

The arrangement is that of Lex and others 2014, "UpSet: visualization of intersecting sets".
"""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

MOST = 20  # intersections drawn, the largest


def draw_bars(axes: Axes, table: pd.DataFrame) -> None:
    """The percentage of test characters in every intersection, with its number."""
    percent = 100 * table["fraction"]
    axes.bar(range(len(table)), percent, color=style.NEUTRAL, width=0.7)
    for place, value in enumerate(percent):
        axes.annotate(f"{value:.1f}", (place, value), (0, 1.5), textcoords="offset points", ha="center", fontsize=7)
    axes.set_ylabel("% of test characters")
    axes.set_xticks([])


def draw_members(axes: Axes, table: pd.DataFrame, models: list[str]) -> None:
    """Under every bar a dot for each model that errs, joined by a line."""
    for column, erring in enumerate(table["erring"]):
        rows = [row for row, model in enumerate(models) if model in erring.split()]
        axes.plot([column] * len(models), range(len(models)), "o", color="#DDDDDD", markersize=4.5)
        axes.plot([column] * len(rows), rows, "-", color=style.NEUTRAL, linewidth=1.2)
        for row in rows:
            axes.plot([column], [row], "o", color=style.MODEL_COLOURS[style.kind_of(models[row])], markersize=4.5)
    axes.set(xticks=[], ylim=(len(models) - 0.4, -0.6))
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def draw_totals(axes: Axes, table: pd.DataFrame, models: list[str]) -> None:
    """All errors of each model, as a percentage of the test characters."""
    totals = [100 * table["fraction"][[model in erring.split() for erring in table["erring"]]].sum() for model in models]
    colours = [style.MODEL_COLOURS[style.kind_of(model)] for model in models]
    axes.barh(range(len(models)), totals, color=colours, height=0.6)
    for row, total in enumerate(totals):
        axes.annotate(f"{total:.1f}", (total, row), (-2, 0), textcoords="offset points", ha="right", va="center", fontsize=7)
    axes.set_yticks(range(len(models)), [style.model_name(model) for model in models])
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(max([*totals, 1]) * 1.45, 0)
    axes.set(ylim=(len(models) - 0.4, -0.6), xticks=[])
    axes.set_xlabel("all its errors, %")
    axes.spines["left"].set_visible(False)


def disagreements(table: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """The intersections in which some models err and others do not, the largest first, those without a character left out."""
    some = table[(table["number"] > 0) & (table["number"] < len(models)) & (table["characters"] > 0)]
    return some.sort_values(["characters", "erring"], ascending=[False, True])


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the intersections in which the models disagree; those on which all agree are told above, for they dwarf the others."""
    models = table["compared"].iloc[0].split()
    percent = 100 * table.groupby("number")["fraction"].sum()
    disagreed = disagreements(table, models)
    shown = disagreed.head(MOST)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.9 + 0.17 * len(models)))
    panels = figure.subplots(2, 2, width_ratios=(1, 4.2), height_ratios=(1.5, 0.17 * len(models)), sharex="col")
    (corner, bars), (totals, members) = panels
    corner.set_axis_off()
    draw_bars(bars, shown)
    bars.set_title(
        f"all err on {percent[len(models)]:.1f} % of the test characters, none on {percent[0]:.1f} %; they disagree on:"
    )
    draw_members(members, shown, models)
    draw_totals(totals, table, models)
    note = "exactly the models with a dot err"
    if len(shown) < len(disagreed):
        left_out = 100 * disagreed["fraction"].iloc[MOST:].sum()
        note += f" ({len(disagreed) - MOST} smaller intersections, {left_out:.1f} % together, left out)"
    members.set_xlabel(note, fontsize=7)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the intersections."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="error_intersections.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["number", "characters", "fraction"], ["compared", "erring"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
