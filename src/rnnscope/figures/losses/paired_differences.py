"""The models ranked by test loss, and which neighbours in the ranking the test part can tell apart (for table T1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

ROW_HEIGHT = 0.118  # inches: room for a line of the smallest type


def both_ways(table: pd.DataFrame) -> pd.DataFrame:
    """Every pair in both orders: the difference and its interval change sign."""
    turned = table.rename(columns={"model": "other", "other": "model"})
    turned[["difference", "low", "high"]] = -table[["difference", "high", "low"]].to_numpy()
    return pd.concat([table, turned])


def ranking(pairs: pd.DataFrame) -> list[str]:
    """The models from the lowest loss to the highest; `pairs` has every pair in both orders."""
    return list(pairs.groupby("model", sort=False)["difference"].mean().sort_values(kind="stable").index)


def draw_differences(axes: Axes, pairs: pd.DataFrame, order: list[str]) -> None:
    """How much each model's loss lies above the lowest, with the interval."""
    from_best = pairs[pairs["other"] == order[0]].set_index("model").loc[order[1:]]
    for row, (model, pair) in enumerate(from_best.iterrows(), start=1):
        axes.plot([pair["low"], pair["high"]], [row, row], color=style.MODEL_COLOURS[style.kind_of(str(model))], linewidth=1.0)
        axes.plot(pair["difference"], row, "o", color=style.MODEL_COLOURS[style.kind_of(str(model))], markersize=3)
    axes.plot(0, 0, "o", color=style.MODEL_COLOURS[style.kind_of(order[0])], markersize=3)


def runs_of_neighbours(pairs: pd.DataFrame, order: list[str]) -> list[tuple[int, int]]:
    """First and last rank of each longest run of models none of which is separated from the run's first one; two at least."""
    open_pairs = set(pairs[["model", "other"]][~pairs["separated"]].itertuples(index=False, name=None))
    found: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and (order[first], order[last + 1]) in open_pairs:
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def draw_runs(axes: Axes, runs: list[tuple[int, int]]) -> None:
    """A line along each run of models, beside one another where they overlap."""
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
    """Draw the ranking: names, differences from the best, and lines along what cannot be told apart."""
    pairs = both_ways(table)
    order = ranking(pairs)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + max(ROW_HEIGHT * len(order), 1.0)))
    left, right = figure.subplots(1, 2, width_ratios=(5, 1))
    draw_differences(left, pairs, order)
    left.set_yticks(range(len(order)), [style.model_name(model) for model in order])
    for label, model in zip(left.get_yticklabels(), order, strict=True):
        label.set_color(style.MODEL_COLOURS[style.kind_of(model)])
    left.set_xlabel("test loss above the lowest (nats per character), with 95 % interval")
    left.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    draw_runs(right, runs_of_neighbours(pairs, order))
    right.set_xlabel("not told from the\ntopmost of a line")
    for axes in (left, right):
        axes.set_ylim(len(order) - 0.4, -0.6)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the ranking."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="paired_differences.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["difference", "low", "high", "separated"], ["model", "other"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
