"""What both figures of the context share: reading the tables, and the axis of lengths."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from rnnscope.figures import style
from rnnscope.models.cells import ModelName

KEY = ["model", "past", "target_class"]
FEW = 5  # characters
TRAINED: dict[str, Any] = {"color": "#999999", "linestyle": "-.", "linewidth": 0.8}


def read_tables(table: Path, summary: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read context.csv and context_summary.csv."""
    ends = ["rise", "rise_low", "rise_high", "loss_low", "loss_high"]
    curves = style.read(table, ["length", "targets", "loss"], [*KEY, "clusters"], optional=ends)
    numbers = ["targets", "loss", "tolerance", "longest", "sequence_length"]
    return curves, style.read(summary, numbers, KEY, optional=["effective", "effective_low", "effective_high"])


def looks(models: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return how the line of each network is drawn: in the colour of its cell and the style of its depth.

    Where there are several sizes, each has a marker of its own; the largest has the plainest.
    """
    names = {model: ModelName.parse(model) for model in models}
    sizes = sorted({name.size for name in names.values()}, reverse=True)
    return {
        model: {
            "color": name.cell.colour,
            "linestyle": style.line_style(name.layers),
            "marker": style.MARKERS[sizes.index(name.size) % len(style.MARKERS)],
            "markersize": 1.5 + sizes.index(name.size),
        }
        for model, name in names.items()
    }


def draw_curve(axes: Axes, rows: pd.DataFrame, column: str, look: dict[str, Any]) -> None:
    """Draw a column of one network against the length, its interval as a band."""
    ends = rows[f"{column}_low"], rows[f"{column}_high"]
    axes.fill_between(rows["length"], *ends, color=look["color"], alpha=0.12, linewidth=0)
    axes.plot(rows["length"], rows[column], **look)


def set_lengths(axes: Axes, sequence_length: int) -> None:
    """Make the x-axis one of lengths, with a line at the steps of back-propagation."""
    axes.axvline(sequence_length, **TRAINED)
    axes.set_xscale("log")
    axes.xaxis.set(major_locator=LogLocator(), minor_locator=NullLocator(), major_formatter=FormatStrFormatter("%d"))


def highest_shown(curves: pd.DataFrame, column: str) -> float:
    """Return where the y-axis ends: with fewer characters than a word has, every loss is far above all others."""
    return 1.05 * float(curves.loc[curves["length"] >= min(FEW, curves["length"].max()), column].max())


def legend_lines(summary: pd.DataFrame) -> dict[str, Line2D]:
    """Return the line of each network for a legend, by its name, and that of the length of back-propagation."""
    found = {}
    for model, look in looks(summary["model"].unique()).items():
        found[model] = Line2D([], [], label=style.model_title(model), **look)
    steps = summary["sequence_length"].iloc[0]
    found["sequence_length"] = Line2D([], [], label=f"length of training sequences, {steps}", **TRAINED)
    return found
