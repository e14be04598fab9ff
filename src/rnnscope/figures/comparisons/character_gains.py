"""The probability of the correct character, character by character: a network against an n-gram model (paper section 4, F4)."""

from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

MOST_IN_A_ROW = 50  # characters that have room for their name side by side


def bar_ends(table: pd.DataFrame, column: str) -> np.ndarray:
    """How far the interval of `column` reaches below and above it: (2, rows)."""
    return np.stack([table[column] - table[f"{column}_low"], table[f"{column}_high"] - table[column]]).clip(0)


def draw_probabilities(axes: Axes, table: pd.DataFrame) -> None:
    """The mean probability of each character under both models, side by side, with their intervals."""
    for column, offset, marker in (("network", -0.13, "o"), ("ngram", 0.13, "s")):
        model = table[f"{column}_model"].iloc[0]
        axes.errorbar(
            np.arange(len(table)) + offset,
            table[column],
            yerr=bar_ends(table, column),
            fmt=marker,
            color=style.MODEL_COLOURS[style.kind_of(model)],
            markersize=2.5,
            elinewidth=0.7,
            label=style.model_name(model),
        )
    axes.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1])
    axes.set_ylabel("mean\nprobability")


def draw_differences(axes: Axes, table: pd.DataFrame) -> None:
    """The difference of the two, with its interval: filled where that leaves out zero."""
    low, high = bar_ends(table, "difference")
    sure = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    axes.axhline(0, color=style.NEUTRAL, linewidth=0.5)
    for rows, face in ((sure, style.NEUTRAL), (~sure, "white")):
        places = np.flatnonzero(rows)
        axes.errorbar(
            places,
            table["difference"].iloc[places],
            yerr=(low[places], high[places]),
            fmt="D",
            color=style.NEUTRAL,
            markerfacecolor=face,
            markersize=2.5,
            elinewidth=0.7,
        )
    axes.set_ylabel("difference")


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw all characters, the largest `difference` first; rows of panels where they do not fit side by side."""
    table = table.sort_values("difference", ascending=False)
    rows = ceil(len(table) / MOST_IN_A_ROW)
    across = ceil(len(table) / rows)
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.6 + 2.1 * rows))
    panels = figure.subplots(2 * rows, 1, squeeze=False)[:, 0]
    ends = table["difference_low"].min(), table["difference_high"].max()
    margin = 0.05 * (ends[1] - ends[0])
    for row in range(rows):
        part = table.iloc[row * across : (row + 1) * across]
        above, below = panels[2 * row : 2 * row + 2]
        draw_probabilities(above, part)
        draw_differences(below, part)
        above.set_xticks(range(len(part)), [])
        below.set_xticks(range(len(part)), list(map(str, part["character"])))
        for label in below.get_xticklabels():
            label.set_rotation(90 if len(label.get_text()) > 1 else 0)  # a comma on its side could be anything
        below.set_ylim(min(ends[0] - margin, 0), max(ends[1] + margin, 0))
        for axes in (above, below):
            axes.set_xlim(-0.7, across - 0.3)
            axes.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    figure.align_ylabels(panels)
    figure.legend(handles=panels[0].containers, loc="outside lower center", ncols=2)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the gains."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="character_gains.csv")
    arguments = parser.parse_args()
    numbers = [f"{column}{end}" for column in ("network", "ngram", "difference") for end in ("", "_low", "_high")]
    table = style.read(arguments.table, numbers, ["network_model", "ngram_model", "character"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
