"""Where a model's errors come from: what each oracle removes in turn, and what it would remove alone (paper section 4, F7)."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnscope.cli import run
from rnnscope.figures import style

WHOLE_CLASS = "all"
SHARES = ["class", "removed_share", "alone_share"]
LEVELS = {
    "n-gram": "n = {}",
    "memory": "n = {}",
    "rare_words": "k = {}",
    "boost": "+{}",
}
SMALL_SLICE = 0.02  # below it a slice of the pie has no room for its share


def classes_of(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of whole classes, in their order of removal; `remaining` only where it took errors."""
    classes = table[table["level"] == WHOLE_CLASS]
    return classes[(classes["class"] != "remaining") | (classes["removed"] > 0)]


def levels_of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of a class's levels in their order, or its one row where it has none."""
    rows = table[table["class"] == name]
    levels = rows[rows["level"] != WHOLE_CLASS]
    return rows if levels.empty else levels


def level_label(table: pd.DataFrame, name: str) -> str:
    """The name of a class, and under it from which to which level it goes."""
    levels = list(levels_of(table, name)["level"])
    label = style.words(name)
    if name not in LEVELS or levels == [WHOLE_CLASS]:
        return label
    ends = levels if len(levels) < 3 else [levels[0], "...", levels[-1]]
    return f"{label}\n{LEVELS[name].format(', '.join(ends))}"


def draw_pie(axes: Axes, classes: pd.DataFrame) -> None:
    """A slice a class, clockwise from the top in the order of removal, with its share of all errors."""
    axes.pie(
        classes["removed_share"],
        colors=[style.ERROR_COLOURS[name] for name in classes["class"]],
        startangle=90,
        counterclock=False,
        normalize=False,
        wedgeprops={"edgecolor": "white", "linewidth": 1},
    )
    turn = 0.0
    for share in classes["removed_share"]:
        angle = math.tau * (0.25 - turn - share / 2)
        turn += share
        if share >= SMALL_SLICE:
            axes.text(1.18 * math.cos(angle), 1.18 * math.sin(angle), f"{share:.0%}", ha="center", va="center", fontsize=7)


def draw_bars(axes: Axes, table: pd.DataFrame, classes: pd.DataFrame) -> None:
    """A bar a class: what each of its levels removes in turn, one after another; framed, what the class would remove alone.

    No frame for a class that would remove every error, as a large boost does: it would only shrink all other bars.
    """
    for row, (name, removed, alone) in enumerate(zip(*(classes[column] for column in SHARES), strict=True)):
        start = 0.0
        for share in 100 * levels_of(table, name)["removed_share"]:
            axes.barh(row, share, left=start, height=0.62, color=style.ERROR_COLOURS[name], edgecolor="white", linewidth=0.6)
            start += share
        framed = alone if alone < 1 else removed
        axes.barh(row, 100 * framed, height=0.8, fill=False, edgecolor=style.NEUTRAL, linewidth=0.8 if alone < 1 else 0)
        axes.annotate(f"{removed:.1%}, alone {alone:.1%}", (100 * framed, row), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(classes)), [level_label(table, name) for name in classes["class"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xmargin(0.3)  # for what is written after the longest bar
    axes.invert_yaxis()
    axes.set_xlabel("share of all errors (%)")


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the shares of the classes of `table` as a pie, and with their levels and what they remove alone as bars."""
    classes = classes_of(table)
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.3))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    draw_pie(left, classes)
    draw_bars(right, table, classes)
    errors, characters = (int(table[column].iloc[0]) for column in ("errors", "characters"))
    left.set_title(f"{table['model'].iloc[0]} errs on {errors:,}\nof {characters:,} test characters ({errors / characters:.0%})")
    handles = [
        Patch(facecolor=style.NEUTRAL, label="removed in turn, a part a level"),
        Line2D([], [], color=style.NEUTRAL, linewidth=0.8, label="alone: if its oracle came first"),
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=2)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the breakdown of the errors."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="error_breakdown.csv")
    arguments = parser.parse_args()
    numbers = ["removed", "removed_share", "alone_share", "errors", "characters"]
    table = style.read(arguments.table, numbers, ["model", "class", "level"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
