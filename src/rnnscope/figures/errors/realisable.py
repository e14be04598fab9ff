"""What real models remove of the errors that oracles remove, by class, and what they gain in loss."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnscope.cli import run
from rnnscope.figures import style

PREFIX = "realisable-"  # of all methods
DIFFERENCE, SHARE = "test_loss_difference", "bound_share"
ROOM = 1.6  # of a panel for the numbers after its bars, in lengths of the longest bar


def method_title(method: str) -> str:
    """Return the name of a method as the figure writes it: `realisable-cache-500` -> `cache 500`."""
    return method.removeprefix(PREFIX).replace("-", " ").replace("ngram", "n-gram")


def _draw_panel(axes: Axes, rows: pd.DataFrame, column: str, scale: float, form: str, colour: str) -> None:
    """Draw a bar a method with its interval and its number."""
    values = scale * rows[column]
    found = scale * rows[[f"{column}_low", f"{column}_high"]]  # which change places where the scale is negative
    low, high = found.min(axis=1), found.max(axis=1)
    axes.barh(range(len(rows)), values, height=0.62, color=colour)
    style.draw_interval_bars(axes, values, style.bar_lengths(values, low, high))
    for row, (value, end) in enumerate(zip(values, high.fillna(values).clip(lower=0), strict=True)):
        if not np.isnan(value):
            number = round(value, int(form[1])) + 0.0  # otherwise a small fall would be written as -0.0
            axes.annotate(f"{number:{form}}", (end, row), (3, 0), textcoords="offset points", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(2))


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the fall of the loss with each method, and what it removes of each class as a share of what the oracle removes.

    Classes without errors are left out.
    """
    table = table[table["errors_before"] > 0]
    if table.empty:
        return style.empty_figure(style.NO_ERRORS, title)
    classes, methods = list(table["class"].unique()), list(table["method"].unique())
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.5 + 0.36 * len(methods)))
    first, *others = figure.subplots(1, 1 + len(classes), sharey=True, width_ratios=[1.6] + [1] * len(classes))
    losses = table.drop_duplicates("method")
    _draw_panel(first, losses, DIFFERENCE, -1, ".3f", style.NEUTRAL)
    first.set_title("all")
    first.set_xlabel("lower loss\n(nats per character)")
    for axes, name in zip(others, classes, strict=True):
        _draw_panel(axes, table[table["class"] == name], SHARE, 100, ".1f", style.ERROR_COLOURS[name])
        axes.set_title(style.words(name).replace(" ", "\n"))
        axes.spines["left"].set_visible(False)
    first.set_yticks(range(len(methods)), [method_title(method).replace(" ", "\n") for method in methods])
    first.invert_yaxis()
    _share_limits([first])
    _share_limits(others)
    figure.supxlabel(f"fewer errors (% of those that the oracle of the class removes)\n{interval_notes(table)}", fontsize=8)
    best = table.iloc[0]
    style.set_title(figure, title, f"{style.model_title(best['model'])}, test loss {best['test_loss_before']:.4f}")
    return figure


def interval_notes(table: pd.DataFrame) -> str:
    """Return what the intervals are drawn from: the same for all methods but one whose streams share weights."""
    notes = []
    for _, rows in table.groupby("clusters", sort=False):
        methods = rows["method"].unique()
        is_apart = len(methods) == 1 and len(rows) < len(table)
        notes.append((f"{method_title(methods[0])}: " if is_apart else "") + style.interval_note(rows).replace("\n", " "))
    return "\n".join(notes)


def _share_limits(panels: list[Axes]) -> None:
    """Give panels the same limits, with room for numbers on the right."""
    low = min(axes.get_xlim()[0] for axes in panels)
    high = max(axes.get_xlim()[1] for axes in panels)
    for axes in panels:
        axes.set_xlim(low, high + ROOM / 2 * (high - low))


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw what real models remove of the errors that oracles remove.

    Parameters
    ----------
    table
        realisable.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    ends = [f"{column}_{end}" for column in (DIFFERENCE, SHARE) for end in ("low", "high")]
    numbers = ["errors_before", "test_loss_before", DIFFERENCE]
    found = style.read(table, numbers, ["model", "method", "class", "clusters"], optional=[SHARE, *ends])
    style.save(draw(found, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
