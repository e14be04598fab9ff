"""How long the best unit of each feature keeps it, and the length of training sequences (paper section 4, F2)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from rnnscope.cli import run
from rnnscope.figures import style

COLUMNS = 2
PANELS = 6
UNIT = ["model", "feature"]


def _longest_features(summary: pd.DataFrame) -> list[str]:
    """Return the features to show: those of the longest spans, one per panel."""
    longest = summary.groupby("feature", sort=False)["longest_span"].max()
    return list(longest.sort_values(ascending=False, kind="stable").index[:PANELS])


def _draw_unit(axes: Axes, curve: pd.DataFrame, unit: pd.Series) -> None:
    """Draw one unit: its mean against the distance with a band, and its mean without the feature as a dotted line."""
    colour = style.cell_colour(unit["cell"])
    middle = (curve["distance"] * curve["last_distance"]) ** 0.5
    axes.fill_between(middle, curve["percentile_10"], curve["percentile_90"], color=colour, alpha=0.15, linewidth=0)
    axes.plot(middle, curve["mean"], color=colour, marker=".", markersize=3)
    axes.axhline(unit["off_mean"], color=colour, linestyle=":", linewidth=0.8)


def _unit_text(unit: pd.Series) -> str:
    """Return the line over a panel: how many long spans a unit holds, and how often it signals the feature without it."""
    name = f"{unit['model']} layer {unit['layer']} {unit['quantity']} {unit['unit']}"
    holds = f"holds {unit['held_beyond']} of {unit['long_spans']}, " if unit["long_spans"] else ""
    return f"{name}: {holds}false {unit['off_right_share']:.0%}"


def _draw_panel(axes: Axes, curves: pd.DataFrame, units: pd.DataFrame) -> None:
    """Draw the units of one feature, one of each model."""
    lines = []
    for _, unit in units.iterrows():
        _draw_unit(axes, curves[curves["model"] == unit["model"]], unit)
        lines.append((_unit_text(unit), style.cell_colour(unit["cell"])))
    axes.axvline(units["steps"].iloc[0], color=style.NEUTRAL, linestyle="--", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=FormatStrFormatter("%d"))
    axes.set(ylim=(-1.05, 1.05), yticks=[-1, 0, 1])
    axes.set_title(style.words(units["feature"].iloc[0]), loc="left", pad=4 + 9 * len(lines))
    for row, (text, colour) in enumerate(reversed(lines)):
        axes.annotate(text, (0, 1), (0, 3 + 9 * row), "axes fraction", "offset points", fontsize=7, color=colour)


def draw(table: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """Draw one panel for each of the features of the longest spans."""
    features = _longest_features(summary)
    rows = -(-len(features) // COLUMNS)
    models = summary["model"].nunique()
    figure = Figure(figsize=(style.PAGE_WIDTH, max(rows, 1) * (1.5 + 0.14 * models) + 0.7))
    panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False, sharex=True).ravel()) if features else []
    for axes, feature in zip(panels, features, strict=False):
        _draw_panel(axes, table[table["feature"] == feature], summary[summary["feature"] == feature])
        axes.set_xlabel("characters since it switched on")
        axes.xaxis.set_tick_params(labelbottom=True)
        axes.set_ylabel("value (up: feature)")
    for axes in panels[len(features) :]:
        axes.set_axis_off()
    if features:
        figure.legend(handles=_legend_handles(summary["steps"].iloc[0]), loc="outside lower center", ncols=4)
    else:
        figure.text(0.5, 0.5, "no yes/no feature switches in this text", ha="center")
    figure.suptitle(title)
    return figure


def _legend_handles(steps: int) -> list[Line2D | Patch]:
    """Return the entries of the legend: lines and band."""
    return [
        Line2D([], [], color=style.NEUTRAL, marker=".", markersize=3, label="mean"),
        Patch(color=style.NEUTRAL, alpha=0.15, label="10 to 90 % of characters"),
        Line2D([], [], color=style.NEUTRAL, linestyle=":", linewidth=0.8, label="mean without it"),
        Line2D([], [], color=style.NEUTRAL, linestyle="--", linewidth=0.8, label=f"length of training sequences, {steps}"),
    ]


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
    curve = ["distance", "last_distance", "mean", "percentile_10", "percentile_90"]
    curves = style.read(table, curve, UNIT, empty=True)
    unit = ["layer", "unit", "steps", "off_mean", "off_right_share", "longest_span", "long_spans", "held_beyond"]
    units = style.read(summary, unit, [*UNIT, "cell", "quantity"], empty=True)
    style.save(draw(curves, units, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
