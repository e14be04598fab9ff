"""The probability of the correct character, by character, of a network and an n-gram model (paper section 4, F4)."""

from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style

MOST_IN_A_ROW = 50  # characters whose names fit side by side


def _bar_ends(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return how far the interval of `column` reaches below and above it: (2, rows)."""
    return style.bar_lengths(table[column], table[f"{column}_low"], table[f"{column}_high"])


def _draw_probabilities(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the mean probability of each character under both models, side by side, with their intervals."""
    for column, offset, marker in (("network", -0.13, "o"), ("ngram", 0.13, "s")):
        model = table[f"{column}_model"].iloc[0]
        axes.errorbar(
            np.arange(len(table)) + offset,
            table[column],
            yerr=_bar_ends(table, column),
            fmt=marker,
            color=style.model_colour(model),
            markersize=2.5,
            elinewidth=0.7,
            label=style.model_title(model),
        )
    axes.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1])
    axes.set_ylabel("mean\nprobability")


def _draw_differences(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the difference of the two with its interval: filled if it is significant."""
    low, high = _bar_ends(table, "difference")
    significant = table["separated"].astype(bool)
    axes.axhline(0, color=style.NEUTRAL, linewidth=0.5)
    for rows, face in ((significant, style.NEUTRAL), (~significant, "white")):
        indices = np.flatnonzero(rows)
        axes.errorbar(
            indices,
            table["difference"].iloc[indices],
            yerr=(low[indices], high[indices]),
            fmt="D",
            color=style.NEUTRAL,
            markerfacecolor=face,
            markersize=2.5,
            elinewidth=0.7,
        )
    axes.set_ylabel("difference")


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw all characters, the largest `difference` first; in several rows of panels if they do not fit side by side."""
    table = table.sort_values("difference", ascending=False)
    rows = ceil(len(table) / MOST_IN_A_ROW)
    across = ceil(len(table) / rows)
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.75 + 2.1 * rows))
    panels = figure.subplots(2 * rows, 1, squeeze=False)[:, 0]
    drawn = table[["difference", "difference_low", "difference_high"]].to_numpy(dtype=float)
    ends = np.nanmin(drawn), np.nanmax(drawn)
    margin = 0.05 * (ends[1] - ends[0])
    for row in range(rows):
        part = table.iloc[row * across : (row + 1) * across]
        above, below = panels[2 * row : 2 * row + 2]
        _draw_probabilities(above, part)
        _draw_differences(below, part)
        above.set_xticks(range(len(part)), [])
        below.set_xticks(range(len(part)), list(map(str, part["character"])))
        for label in below.get_xticklabels():
            label.set_rotation(90 if len(label.get_text()) > 1 else 0)  # a rotated comma is not recognisable
        below.set_ylim(min(ends[0] - margin, 0), max(ends[1] + margin, 0))
        for axes in (above, below):
            axes.set_xlim(-0.7, across - 0.3)
            axes.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    figure.align_ylabels(panels)
    figure.legend(handles=panels[0].containers, loc="outside lower center", ncols=2)
    note = f"{style.interval_note(table)}; filled: significant (Holm's correction for {len(table)} comparisons)"
    panels[-1].set_xlabel(note, fontsize=7)
    figure.suptitle(title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the probabilities of each character under a network and an n-gram model.

    Parameters
    ----------
    table
        character_gains.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["network", "ngram", "difference", "separated"]
    ends = [f"{column}_{end}" for column in numbers[:3] for end in ("low", "high")]
    gains = style.read(table, numbers, ["network_model", "ngram_model", "character", "clusters"], optional=ends)
    style.save(draw(gains, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
