"""The probability of the correct character, by character, of a network and an n-gram model (paper section 4, F4)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.data.paper import paper_points
from rnnscope.figures import style
from rnnscope.figures.letters import SIGNS
from rnnscope.models.cells import ModelName

MOST_EACH_WAY = 10  # characters of the largest gain, and of the largest loss, as in the paper's figure
NAMED = {"TAB": SIGNS[9], "LF": SIGNS[10], "CR": SIGNS[13], "space": SIGNS[32]}  # names in the table
MARKERS = {"network": "o", "ngram": "s"}
OFFSETS = {"network": -0.13, "ngram": 0.13}  # of the markers of a character


def _bar_ends(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return how far the interval of `column` reaches below and above it: (2, rows)."""
    return style.bar_lengths(table[column], table[f"{column}_low"], table[f"{column}_high"])


def shown_characters(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the largest and the lowest `difference`, the largest first."""
    table = table.sort_values("difference", ascending=False, kind="stable", ignore_index=True)
    return table[(table.index < MOST_EACH_WAY) | (table.index >= len(table) - MOST_EACH_WAY)]


def _written(character: str) -> str:
    """Return the label of a character: white space with the sign that it has in all figures."""
    return f"{NAMED[character]} {character}" if character in NAMED else character


def points_of(paper: str | None) -> dict[str, dict[str, float]]:
    """Return the paper's mean probability of each of its characters under its network and its n-gram model; none without one."""
    points: dict[str, dict[str, float]] = {"network": {}, "ngram": {}}
    found = paper_points(paper, "F4b", "mean probability of the correct character") if paper else {}
    for (model, character), value in found.items():
        points["network" if ModelName.parse(model).is_recurrent else "ngram"][character] = value
    return points


def _draw_paper(axes: Axes, table: pd.DataFrame, paper: dict[str, dict[str, float]]) -> None:
    """Draw the paper's values as larger hollow markers around those of this table."""
    for column, marker in MARKERS.items():
        places = [(place, name) for place, name in enumerate(table["character"]) if name in paper[column]]
        axes.plot(
            [place + OFFSETS[column] for place, _ in places],
            [paper[column][name] for _, name in places],
            marker,
            color=style.model_colour(table[f"{column}_model"].iloc[0]),
            markerfacecolor="none",
            markeredgewidth=0.8,
            markersize=5,
            label=f"the paper's {'network' if column == 'network' else 'n-gram model'}",
        )


def _draw_probabilities(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the mean probability of each character under both models, side by side, with their intervals."""
    for column, marker in MARKERS.items():
        offset = OFFSETS[column]
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


def draw(table: pd.DataFrame, title: str, paper: str | None = None) -> Figure:
    """Draw the characters of the largest differences either way, the largest `difference` first, with the paper's points.

    `paper` as for `main`.
    """
    points, compared = points_of(paper), len(table)
    table = shown_characters(table)
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.85))
    above, below = figure.subplots(2, 1)
    drawn = table[["difference", "difference_low", "difference_high"]].to_numpy(dtype=float)
    ends = np.nanmin(drawn), np.nanmax(drawn)
    margin = 0.05 * (ends[1] - ends[0])
    _draw_probabilities(above, table)
    if paper:
        _draw_paper(above, table, points)
    _draw_differences(below, table)
    above.set_xticks(range(len(table)), [])
    below.set_xticks(range(len(table)), [_written(str(character)) for character in table["character"]])
    for label in below.get_xticklabels():
        label.set_rotation(90 if len(label.get_text()) > 1 else 0)  # a rotated comma is not recognisable
    below.set_ylim(min(ends[0] - margin, 0), max(ends[1] + margin, 0))
    for axes in (above, below):
        axes.set_xlim(-0.7, len(table) - 0.3)
        axes.grid(axis="x", linewidth=0.3, color="#DDDDDD")
    figure.align_ylabels()
    hollow = [line for line in above.lines if str(line.get_label()).startswith("the paper")]
    figure.legend(handles=[*above.containers, *hollow], loc="outside lower center", ncols=4)
    note = f"{style.interval_note(table)}; filled: significant (Holm's correction for {compared} comparisons)"
    below.set_xlabel(note, fontsize=7)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "", paper: str | None = None) -> None:
    """Draw the probabilities of each character under a network and an n-gram model.

    Parameters
    ----------
    table
        character_gains.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    paper
        The paper's text that this corpus is: its points are drawn hollow. None for another text.
    """
    numbers = ["network", "ngram", "difference", "separated"]
    ends = [f"{column}_{end}" for column in numbers[:3] for end in ("low", "high")]
    gains = style.read(table, numbers, ["network_model", "ngram_model", "character", "clusters"], optional=ends)
    style.save(draw(gains, title, paper), out_svg, out_png)


if __name__ == "__main__":
    run(main)
