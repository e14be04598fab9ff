"""The loss after the last T characters alone, for three pasts before them, beside n-gram models and n-NNs."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.context.curves import draw_curve, highest_shown, legend_lines, looks, read_tables, set_lengths
from rnnscope.models.cells import FINITE_KINDS, ModelName

TITLES = {
    "none": "no past: zero state",
    "other text": "past of another stream",
    "shuffled": "past shuffled",
}
FINITE_MARKERS = {"ngram": "o", "nnn": "s"}
COLUMNS = 3


def finite_models(curves: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of the n-gram models and of the n-NNs that there are, by kind, from the shortest context to the longest."""
    kinds = curves["model"].map(lambda model: ModelName.parse(model).kind)
    found = {kind: curves[kinds == kind].sort_values("length") for kind in FINITE_KINDS}
    return {kind: rows for kind, rows in found.items() if len(rows)}


def _look(kind: str) -> dict[str, Any]:
    """How the n-gram models or n-NNs are drawn."""
    return {"color": style.FINITE_COLOURS[kind], "linewidth": 0.6, "marker": FINITE_MARKERS[kind], "markersize": 2.5}


def _draw_finite(axes: Axes, finite: dict[str, pd.DataFrame]) -> None:
    for kind, rows in finite.items():
        axes.plot(rows["length"], rows["loss"], **_look(kind))


def _reach(rows: pd.DataFrame) -> str:
    """The effective contexts of a network after each past: `70 / 100 / 30`."""
    by_past = rows.set_index("past")["effective"]
    longest = rows["longest"].iloc[0]
    return " / ".join(f">{longest}" if pd.isna(by_past[past]) else f"{by_past[past]:.0f}" for past in TITLES)


def draw(curves: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """Draw `loss` of all targets against the length, a panel for each past; the legend has the effective contexts."""
    curves, summary = curves[curves["target_class"] == "all"], summary[summary["target_class"] == "all"]
    lines = legend_lines(summary)
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.9 + 0.15 * -(-(len(lines) + 2) // COLUMNS)))
    panels: list[Axes] = list(figure.subplots(1, len(TITLES), sharey=True))
    finite, look_of = finite_models(curves), looks(summary["model"].unique())
    for axes, (past, heading) in zip(panels, TITLES.items(), strict=True):
        _draw_finite(axes, finite)
        for model, rows in curves[curves["past"] == past].groupby("model", sort=False):
            draw_curve(axes, rows, "loss", look_of[str(model)])
        set_lengths(axes, summary["sequence_length"].iloc[0])
        axes.set_title(heading)
    panels[0].set_ylim(top=highest_shown(curves, "loss"), bottom=0.97 * curves["loss"].min())
    panels[0].set_ylabel(style.LOSS_LABEL)
    note = style.interval_note(curves[["loss_low", "clusters"]])
    panels[1].set_xlabel(f"last characters that are read (T)\n{summary['targets'].iloc[0]:,} targets; {note}")
    for model, rows in summary.groupby("model", sort=False):
        lines[str(model)].set_label(f"{style.model_title(str(model))}: {_reach(rows)}")
    handles = [*lines.values()]
    handles += [Line2D([], [], label=f"n-{FINITE_KINDS[kind]}, at T = n", **_look(kind)) for kind in finite]
    tolerance = summary["tolerance"].iloc[0]
    heading = f"network: T within {tolerance:g} nats of the whole past (zero state / another stream / shuffled)"
    figure.legend(handles=handles, loc="outside lower center", ncols=COLUMNS, title=heading)
    style.set_title(figure, title)
    return figure


def main(table: Path, summary: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the losses after the last characters alone.

    Parameters
    ----------
    table
        context.csv.
    summary
        context_summary.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    style.save(draw(*read_tables(table, summary), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
