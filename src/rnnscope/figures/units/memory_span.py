"""How long the best unit of each feature keeps it, and how long it seems to when restarted inside (paper section 4, F2)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator, PercentFormatter

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.storage.tables import read_csv

COLUMNS = 2
PANELS = 6
UNIT = ["model", "feature"]
KEPT: dict[str, Any] = {"marker": ".", "markersize": 4}
RESTARTED: dict[str, Any] = {"marker": "o", "markersize": 4, "markerfacecolor": "white", "linestyle": "--"}
FALSE: dict[str, Any] = {"linestyle": ":", "linewidth": 0.8}
RESTARTED_FALSE: dict[str, Any] = {"linestyle": "--", "linewidth": 0.8}
TRAINED: dict[str, Any] = {"color": "#999999", "linestyle": "-.", "linewidth": 0.8}


def _longest_features(summary: pd.DataFrame) -> list[str]:
    """Return the features to show: those of the longest spans, one per panel."""
    longest = summary.groupby("feature", sort=False)["longest_span"].max()
    return list(longest.sort_values(ascending=False, kind="stable").index[:PANELS])


def _draw_unit(axes: Axes, curve: pd.DataFrame, unit: pd.Series) -> None:
    """Draw one unit: its share on the right side against the distance and without the feature, each kept and restarted."""
    colour = style.cell_colour(unit["cell"])
    middle = (curve["distance"] * curve["last_distance"]) ** 0.5
    axes.axhline(unit["off_right_share"], color=colour, **FALSE)
    axes.plot(middle, curve["right_share"], color=colour, **KEPT)
    asked = curve["restarted_right_share"].notna()
    axes.plot(middle[asked], curve.loc[asked, "restarted_right_share"], color=colour, **RESTARTED)
    if not np.isnan(unit["difference"]):  # otherwise it is subtracted from nothing
        axes.axhline(unit["restarted_off_right_share"], color=colour, **RESTARTED_FALSE)


def _unit_text(unit: pd.Series) -> str:
    """Return the line over a panel: how much better the kept state separates the feature than the restarted one."""
    name = f"{style.model_title(unit['model'])}, layer {unit['layer']}, {unit['quantity']} {unit['unit']}"
    if np.isnan(unit["difference"]):
        return f"{name}: spans too short to compare"
    low, high = unit["difference_low"], unit["difference_high"]
    ends = "too few streams" if np.isnan(low) else f"{_points(low)} to {_points(high)}"
    return f"{name}: {_points(unit['difference'])} points ({ends})"


def _points(difference: float) -> str:
    """Return a difference of shares in whole percentage points."""
    return f"{round(100 * difference):+d}"


def _draw_panel(axes: Axes, curves: pd.DataFrame, units: pd.DataFrame) -> None:
    """Draw the units of one feature, one of each model."""
    lines = []
    for _, unit in units.iterrows():
        _draw_unit(axes, curves[curves["model"] == unit["model"]], unit)
        lines.append((_unit_text(unit), style.text_colour(style.cell_colour(unit["cell"]))))
    axes.axvline(units["steps"].iloc[0], **TRAINED)
    axes.set_xscale("log")
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=FormatStrFormatter("%d"))
    axes.set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_title(style.words(units["feature"].iloc[0]), loc="left", pad=4 + 9 * len(lines))
    for row, (text, colour) in enumerate(reversed(lines)):
        axes.annotate(text, (0, 1), (0, 3 + 9 * row), "axes fraction", "offset points", fontsize=7, color=colour)


def draw(table: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """Draw one panel for each of the features of the longest spans."""
    features = _longest_features(summary)
    rows = -(-len(features) // COLUMNS)
    models = summary["model"].nunique()
    figure = Figure(figsize=(style.PAGE_WIDTH, max(rows, 1) * (1.5 + 0.14 * models) + 0.85))
    panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False, sharex=True).ravel()) if features else []
    for axes, feature in zip(panels, features, strict=False):
        _draw_panel(axes, table[table["feature"] == feature], summary[summary["feature"] == feature])
        axes.set_xlabel("characters since it switched on")
        axes.xaxis.set_tick_params(labelbottom=True)
        axes.set_ylabel("on the feature's side")
    for axes in panels[len(features) :]:
        axes.set_axis_off()
    if features:
        figure.legend(handles=_legend_handles(summary.iloc[0]), loc="outside lower center", ncols=2)
    else:
        figure.text(0.5, 0.5, "no yes/no feature switches in this text", ha="center")
    style.set_title(figure, title)
    return figure


def _legend_handles(unit: pd.Series) -> list[Line2D]:
    """Return the entries of the legend."""
    entries = {
        "characters of spans, state kept": {"color": style.NEUTRAL, **KEPT},
        f"the same, restarted {unit['restart_steps']} characters before": {"color": style.NEUTRAL, **RESTARTED},
        f"length of training sequences, {unit['steps']}": TRAINED,
        "characters without the feature, state kept": {"color": style.NEUTRAL, **FALSE},
        "the same, restarted": {"color": style.NEUTRAL, **RESTARTED_FALSE},
    }
    return [Line2D([], [], label=label, **look) for label, look in entries.items()]


def main(table: Path, summary: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw how long units keep a feature.

    Parameters
    ----------
    table
        memory_span.csv.
    summary
        memory_span_summary.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    curves = style.read(table, ["distance", "last_distance", "right_share"], UNIT, empty=True)
    unit = ["layer", "unit", "steps", "off_right_share", "longest_span", "restart_steps"]
    units = style.read(summary, unit, [*UNIT, "cell", "quantity"], empty=True)
    # Empty where nothing was compared.
    curves["restarted_right_share"] = read_csv(table, ["restarted_right_share"])["restarted_right_share"]
    compared = ["restarted_off_right_share", "difference", "difference_low", "difference_high"]
    units[compared] = read_csv(summary, compared)[compared]
    style.save(draw(curves, units, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
