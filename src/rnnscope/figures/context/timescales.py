"""How long units and layers keep their past, on one axis of characters with the decay of the text's mutual information."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.context.curves import TRAINED
from rnnscope.models.cells import ModelName

LINE = 0.17  # inches of height of one layer
SHORTEST, LONGEST = 0.1, 3000.0  # characters: times beyond these are drawn at the edge
UNIT: dict[str, Any] = {"linestyle": "", "marker": "|", "markersize": 5, "markeredgewidth": 0.5, "alpha": 0.6}
MEDIAN: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4}
HALVING: dict[str, Any] = {"linestyle": "", "marker": "D", "markersize": 4.5, "markerfacecolor": "white"}
SHUFFLED: dict[str, Any] = {"color": "#999999", "linestyle": "--", "linewidth": 0.8}
LAYER = ["model", "layer"]


def _draw_layers(axes: Axes, units: pd.DataFrame, halving: pd.DataFrame) -> None:
    """Draw a line a layer: a tick a unit, their median, and the halving distance with its interval."""
    for y, (_, row) in enumerate(halving.iterrows()):
        colour = style.cell_colour(row["cell"])
        taus = units.loc[(units["model"] == row["model"]) & (units["layer"] == row["layer"]), "tau"].clip(SHORTEST, LONGEST)
        axes.plot(taus, np.full(len(taus), y), color=colour, **UNIT)
        if len(taus):
            axes.plot(taus.median(), y, color=colour, markeredgecolor="white", zorder=3, **MEDIAN)
        axes.plot([row["halving_low"], row["halving_high"]], [y, y], color="black", linewidth=0.8, zorder=3)
        axes.plot(row["halving"], y, markeredgecolor="black", zorder=4, **HALVING)
    axes.set_yticks(range(len(halving)), [f"{style.model_title(model)}, layer {layer}" for model, layer in _layers(halving)])
    axes.set_ylim(len(halving) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_title("units by time constant tau, and where half of a swapped past is left", loc="left")


def _layers(halving: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(halving["model"], halving["layer"], strict=True))


def _draw_left(axes: Axes, swapped: pd.DataFrame) -> None:
    """Draw what is left of a swapped past against the characters since, a line a layer."""
    for _, rows in swapped.groupby(LAYER, sort=False):
        model, layer = str(rows["model"].iloc[0]), int(rows["layer"].iloc[0])
        colour, rank = style.model_colour(model), _rank(swapped, model)
        axes.fill_between(rows["distance"], rows["left_low"], rows["left_high"], color=colour, alpha=0.12, linewidth=0)
        look: dict[str, Any] = {"linestyle": style.line_style(layer), "alpha": 1 / (1 + 0.5 * rank)}
        axes.plot(
            rows["distance"], rows["left"], color=colour, marker=style.MARKERS[rank % len(style.MARKERS)], markersize=2, **look
        )
    axes.axhline(0.5, color="black", linewidth=0.5)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("left of the\ndifference")
    note = style.interval_note(swapped)
    between = "\n" if "\n" in note else " "  # a longer note has a line of its own
    axes.set_title(f"difference of the states after a swap of the past;{between}{note.replace(chr(10), ' ')}", loc="left")


def _rank(swapped: pd.DataFrame, model: str) -> int:
    """Return how many models of the same cell are before a model."""
    models = list(dict.fromkeys(swapped["model"]))
    kind = ModelName.parse(model).kind
    return sum(ModelName.parse(other).kind == kind for other in models[: models.index(model)])


def _draw_information(axes: Axes, information: pd.DataFrame) -> None:
    """Draw the mutual information against the distance, as far as it is above that of the shuffled text."""
    known = information["information"].where(information["plug_in"] > information["shuffled_highest"])
    axes.plot(information["distance"], known, color="black", marker=".", markersize=4)
    axes.plot(information["distance"], information["shuffled"], **SHUFFLED)
    axes.set_yscale("log")
    axes.set_ylabel("nats")
    axes.set_title("mutual information of two characters of the text, by their distance", loc="left")


def draw(units: pd.DataFrame, halving: pd.DataFrame, swapped: pd.DataFrame, information: pd.DataFrame, title: str) -> Figure:
    """Draw three panels above each other with one axis of characters."""
    height = LINE * len(halving) + 0.1
    figure = Figure(figsize=(style.PAGE_WIDTH, height + 4.2))
    panels: list[Axes] = list(figure.subplots(3, 1, sharex=True, height_ratios=[height, 1.3, 1.3]))
    _draw_layers(panels[0], units, halving)
    _draw_left(panels[1], swapped)
    _draw_information(panels[2], information)
    steps = halving["sequence_length"].iloc[0]
    for axes in panels:
        axes.axvline(steps, zorder=0, **TRAINED)
        axes.grid(axis="x", linewidth=0.3, color="#CCCCCC")
        axes.set_axisbelow(True)
    panels[2].set_xscale("log")
    panels[2].set_xlim(0.9 * SHORTEST, 1.1 * LONGEST)
    panels[2].xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panels[2].set_xlabel("characters")
    figure.legend(handles=_handles(units, swapped, steps), loc="outside lower center", ncols=4)
    style.set_title(figure, title)
    return figure


def _handles(units: pd.DataFrame, swapped: pd.DataFrame, steps: int) -> list[Line2D]:
    """Return the entries of the legend."""
    grey, handles = style.NEUTRAL, []
    if len(units):
        handles += [
            Line2D([], [], color=grey, label="tau of a unit", **UNIT),
            Line2D([], [], color=grey, label="median", **MEDIAN),
        ]
    handles.append(Line2D([], [], markeredgecolor="black", label="half of a swapped past left", **HALVING))
    for layer in sorted(swapped["layer"].unique()):
        handles.append(Line2D([], [], color=grey, linestyle=style.line_style(layer), label=f"layer {layer}"))
    for model in dict.fromkeys(swapped["model"]):
        marker = style.MARKERS[_rank(swapped, model) % len(style.MARKERS)]
        colour = style.model_colour(model)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=3, label=style.model_title(model)))
    handles.append(Line2D([], [], label="shuffled text, subtracted", **SHUFFLED))
    handles.append(Line2D([], [], label=f"length of training sequences, {steps}", **TRAINED))
    return handles


def main(table: Path, halving: Path, swapped: Path, information: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw how long states keep their past.

    Parameters
    ----------
    table
        timescales.csv.
    halving
        halving_distances.csv.
    swapped
        swapped_states.csv.
    information
        mutual_information.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    names, ends = ["model", "cell"], ["halving", "halving_low", "halving_high"]
    units = style.read(table, ["layer", "tau"], names, empty=True)
    layers = style.read(halving, ["layer", "sequence_length"], names, optional=ends)
    # A state that is the same wherever it is swapped, as on a text that repeats itself, has nothing that could be left.
    left = style.read(swapped, ["layer", "distance"], [*names, "clusters"], optional=["left", "left_low", "left_high"])
    numbers = ["distance", "plug_in", "shuffled", "shuffled_highest", "information"]
    style.save(draw(units, layers, left, style.read(information, numbers), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
