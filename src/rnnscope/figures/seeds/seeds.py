"""The losses of a model from several seeds, each with its interval over the test text, and the order of models over seeds."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style

LINE = 0.13  # inches of height of one run
PAIR = 0.2  # of one pair of models
CHOSEN: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4}
FURTHER = CHOSEN | {"markerfacecolor": "white"}
RANGE: dict[str, Any] = {"color": style.NEUTRAL, "linewidth": 1.6, "solid_capstyle": "butt"}
MEAN: dict[str, Any] = {"color": style.NEUTRAL, "linestyle": "", "marker": "|", "markersize": 7, "markeredgewidth": 1.4}


def _beside(axes: Axes, y: float, text: str) -> None:
    """Write a text at the right of a panel."""
    look: dict[str, Any] = {"va": "center", "fontsize": 7, "annotation_clip": False}
    axes.annotate(text, (1, y), (6, 0), axes.get_yaxis_transform(), textcoords="offset points", **look)


def _draw_losses(axes: Axes, runs: pd.DataFrame, spread: pd.DataFrame) -> None:
    """Draw a line a run: its loss with its interval; below those of a model their range and mean."""
    row, ticks = 0.0, []
    for model, own in runs.groupby("model", sort=False):
        colour, first = style.model_colour(str(model)), row
        for index, (_, found) in enumerate(own.iterrows()):
            axes.plot([found["low"], found["high"]], [row, row], color=colour, linewidth=0.8)
            axes.plot(found["test_loss"], row, color=colour, **(FURTHER if index else CHOSEN))
            row += 1
        (of_model,) = (found for _, found in spread[spread["model"] == model].iterrows())
        axes.plot([of_model["test_lowest"], of_model["test_highest"]], [row, row], **RANGE)
        axes.plot(of_model["test_mean"], row, **MEAN)
        half = (of_model["text_high"] - of_model["text_low"]) / 2
        text = "" if np.isnan(half) else f"\n±{half:.4f} (text)"
        _beside(axes, (first + row) / 2, f"s = {of_model['test_deviation']:.4f} (seeds){text}")
        ticks.append(((first + row) / 2, style.model_title(str(model))))
        row += 2
    axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    axes.set_ylim(row - 1, -1)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(style.LOSS_LABEL)


def _draw_orders(axes: Axes, orders: pd.DataFrame) -> None:
    """Draw a line for every two models of a size: the differences of all pairs of their runs, as range and mean."""
    for row, (_, found) in enumerate(orders.iterrows()):
        axes.plot([found["difference_lowest"], found["difference_highest"]], [row, row], **RANGE)
        axes.plot(found["difference"], row, **MEAN)
        _beside(axes, row, f"{found['lower']:.0f} of {found['pairs']:.0f} below 0; p = {found['p_corrected']:.2g}")
    names = [
        f"{style.model_title(model)} minus {style.model_title(other)}"
        for model, other in zip(orders["model"], orders["other"], strict=True)
    ]
    axes.set_yticks(range(len(orders)), names)
    axes.set_ylim(len(orders) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color="black", linewidth=0.6, zorder=0)
    axes.set_xlabel("difference in test loss (nats per character)")
    compared = f"corrected for {len(orders)} comparisons" if len(orders) > 1 else "one comparison"
    axes.set_title(f"all pairs of runs; p: exact Mann-Whitney test, {compared}", loc="left")


def draw(runs: pd.DataFrame, spread: pd.DataFrame, orders: pd.DataFrame, title: str) -> Figure:
    """Draw the losses of all runs and, where there are two models of a size, their order."""
    heights = [LINE * (len(runs) + 2 * len(spread)), PAIR * len(orders)]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights) + (2.0 if len(orders) else 1.3)))
    if len(orders):
        losses, below = figure.subplots(2, 1, height_ratios=[heights[0], heights[1] + 0.1])
        _draw_orders(below, orders)
    else:
        losses = figure.add_subplot()
    _draw_losses(losses, runs, spread)
    handles = [
        Line2D([], [], color=style.NEUTRAL, label="the chosen run", **CHOSEN),
        Line2D([], [], color=style.NEUTRAL, label="another seed", **FURTHER),
        Line2D([], [], color=style.NEUTRAL, linewidth=0.8, label=style.interval_note(runs).replace("\n", " ")),
        Line2D([], [], label="lowest to highest and mean over seeds", **RANGE),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    style.set_title(figure, title)
    return figure


def main(table: Path, spread: Path, orders: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the spread of losses over seeds.

    Parameters
    ----------
    table
        seed_losses.csv.
    spread
        seed_spread.csv.
    orders
        seed_orders.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    runs = style.read(table, ["seed", "test_loss"], ["model", "clusters"], optional=["low", "high"])
    names = ["test_mean", "test_deviation", "test_lowest", "test_highest"]
    of_models = style.read(spread, names, ["model"], optional=["text_low", "text_high"])
    differences = ["difference", "difference_lowest", "difference_highest"]
    pairs = style.read(orders, ["pairs", "lower", *differences, "p_corrected"], ["model", "other"], empty=True)
    style.save(draw(runs, of_models, pairs, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
