"""The models ranked by test loss, and which neighbours in the ranking do not differ significantly (for table T1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

ROW_HEIGHT = 0.118  # inches: a line of the smallest font


def both_ways(table: pd.DataFrame) -> pd.DataFrame:
    """Return every pair in both orders: the difference and its interval change sign."""
    reversed_pairs = table.rename(columns={"model": "other", "other": "model"})
    reversed_pairs[["difference", "low", "high"]] = -table[["difference", "high", "low"]].to_numpy()
    return pd.concat([table, reversed_pairs])


def ranking(pairs: pd.DataFrame) -> list[str]:
    """Return the models from the lowest loss to the highest; `pairs` has every pair in both orders."""
    return list(pairs.groupby("model", sort=False)["difference"].mean().sort_values(kind="stable").index)


def _draw_differences(axes: Axes, pairs: pd.DataFrame, order: list[str]) -> None:
    """Draw how much the loss of each model exceeds the lowest, with the interval."""
    from_best = pairs[pairs["other"] == order[0]].set_index("model").loc[order[1:]]
    for row, (model, pair) in enumerate(from_best.iterrows(), start=1):
        axes.plot([pair["low"], pair["high"]], [row, row], color=style.model_colour(str(model)), linewidth=1.0)
        axes.plot(pair["difference"], row, "o", color=style.model_colour(str(model)), markersize=3)
    axes.plot(0, 0, "o", color=style.model_colour(order[0]), markersize=3)


def runs_of_neighbours(pairs: pd.DataFrame, order: list[str]) -> list[tuple[int, int]]:
    """Return first and last rank of each maximal run of models, at least two, of which none is separated from the first."""
    not_significant = set(pairs[["model", "other"]][~pairs["separated"]].itertuples(index=False, name=None))
    found: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and (order[first], order[last + 1]) in not_significant:
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


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
    pairs = both_ways(table)
    order = ranking(pairs)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + max(ROW_HEIGHT * len(order), 1.0)))
    left, right = figure.subplots(1, 2, width_ratios=(5, 1))
    _draw_differences(left, pairs, order)
    left.set_yticks(range(len(order)), [style.model_title(model) for model in order])
    for label, model in zip(left.get_yticklabels(), order, strict=True):
        label.set_color(style.model_colour(model))
    left.set_xlabel("test loss above the lowest (nats per character), with 95 % interval")
    left.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    _draw_runs(right, runs_of_neighbours(pairs, order))
    right.set_xlabel("difference from\ntop of the line\nnot significant")
    for axes in (left, right):
        axes.set_ylim(len(order) - 0.4, -0.6)
    figure.suptitle(title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the models ranked by test loss.

    Parameters
    ----------
    table
        paired_differences.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    pairs = style.read(table, ["difference", "low", "high", "separated"], ["model", "other"])
    style.save(draw(pairs, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
