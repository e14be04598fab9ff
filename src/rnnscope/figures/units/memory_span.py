"""How long the best unit of each feature holds it, against the steps of back-propagation (paper section 4, F2)."""

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


def longest_features(summary: pd.DataFrame) -> list[str]:
    """The features to show: those of the longest spans, as many as there are panels."""
    longest = summary.groupby("feature", sort=False)["longest_span"].max()
    return list(longest.sort_values(ascending=False, kind="stable").index[:PANELS])


def draw_unit(axes: Axes, curve: pd.DataFrame, unit: pd.Series) -> None:
    """One unit: its mean against the distance with a band, and what it is without the feature as a dotted line."""
    colour = style.CELL_COLOURS[unit["cell"]]
    middle = (curve["distance"] * curve["last_distance"]) ** 0.5
    axes.fill_between(middle, curve["percentile_10"], curve["percentile_90"], color=colour, alpha=0.15, linewidth=0)
    axes.plot(middle, curve["mean"], color=colour, marker=".", markersize=3)
    axes.axhline(unit["off_mean"], color=colour, linestyle=":", linewidth=0.8)


def unit_text(unit: pd.Series) -> str:
    """What a panel says of a unit: how many long spans it holds, and how often it speaks for the feature without it."""
    name = f"{unit['model']} layer {unit['layer']} {unit['quantity']} {unit['unit']}"
    holds = f"holds {unit['held_beyond']} of {unit['long_spans']}, " if unit["long_spans"] else ""
    return f"{name}: {holds}false {unit['off_right_share']:.0%}"


def draw_panel(axes: Axes, curves: pd.DataFrame, units: pd.DataFrame) -> None:
    """The units of one feature, one of each model."""
    lines = []
    for _, unit in units.iterrows():
        draw_unit(axes, curves[curves["model"] == unit["model"]], unit)
        lines.append((unit_text(unit), style.CELL_COLOURS[unit["cell"]]))
    axes.axvline(units["steps"].iloc[0], color=style.NEUTRAL, linestyle="--", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=FormatStrFormatter("%d"))
    axes.set(ylim=(-1.05, 1.05), yticks=[-1, 0, 1])
    axes.set_title(style.words(units["feature"].iloc[0]), loc="left", pad=4 + 9 * len(lines))
    for row, (text, colour) in enumerate(reversed(lines)):
        axes.annotate(text, (0, 1), (0, 3 + 9 * row), "axes fraction", "offset points", fontsize=7, color=colour)


def draw(table: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """Draw a panel for each of the features of the longest spans."""
    features = longest_features(summary)
    rows = -(-len(features) // COLUMNS)
    models = summary["model"].nunique()
    figure = Figure(figsize=(style.PAGE_WIDTH, max(rows, 1) * (1.5 + 0.14 * models) + 0.7))
    panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False, sharex=True).ravel()) if features else []
    for axes, feature in zip(panels, features, strict=False):
        draw_panel(axes, table[table["feature"] == feature], summary[summary["feature"] == feature])
        axes.set_xlabel("characters since it switched on")
        axes.xaxis.set_tick_params(labelbottom=True)
        axes.set_ylabel("value, for it upwards")
    for axes in panels[len(features) :]:
        axes.set_axis_off()
    if features:
        figure.legend(handles=legend_handles(summary["steps"].iloc[0]), loc="outside lower center", ncols=4)
    else:
        figure.text(0.5, 0.5, "no yes/no feature switches in this text", ha="center")
    figure.suptitle(title)
    return figure


def legend_handles(steps: int) -> list[Line2D | Patch]:
    """What the lines and the band are."""
    return [
        Line2D([], [], color=style.NEUTRAL, marker=".", markersize=3, label="mean"),
        Patch(color=style.NEUTRAL, alpha=0.15, label="10 to 90 % of characters"),
        Line2D([], [], color=style.NEUTRAL, linestyle=":", linewidth=0.8, label="mean without it"),
        Line2D([], [], color=style.NEUTRAL, linestyle="--", linewidth=0.8, label=f"steps of training, {steps}"),
    ]


def main() -> None:
    """Draw the memory spans."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="memory_span.csv")
    parser.add_argument("--summary", type=Path, required=True, help="memory_span_summary.csv")
    arguments = parser.parse_args()
    curve = ["distance", "last_distance", "mean", "percentile_10", "percentile_90"]
    table = style.read(arguments.table, curve, UNIT, empty=True)
    unit = ["layer", "unit", "steps", "off_mean", "off_right_share", "longest_span", "long_spans", "held_beyond"]
    summary = style.read(arguments.summary, unit, [*UNIT, "cell", "quantity"], empty=True)
    style.save(draw(table, summary, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
