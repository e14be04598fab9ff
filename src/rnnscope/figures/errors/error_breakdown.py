"""The errors of a model by class: what each oracle removes in turn, and what it would remove alone (paper section 4, F7)."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnscope.cli import run
from rnnscope.data.paper import paper_points
from rnnscope.figures import style

WHOLE_CLASS = "all"
SHARES = ["removed_share", "alone_share"]
Mark = tuple[str, dict[str, float], dict[str, Any]]  # its label, the share of each class, and how it is drawn
# How the shares under the other reading, and the paper's, are marked.
OTHER_READING: dict[str, Any] = {"marker": "|", "color": "black", "markersize": 9, "markeredgewidth": 1.2}
PAPER_MARK: dict[str, Any] = {
    "marker": "D",
    "color": "black",
    "markerfacecolor": "white",
    "markersize": 4,
    "markeredgewidth": 0.8,
}
LEVELS = {
    "n-gram": "n = {}",
    "memory": "n = {}",
    "rare_words": "k = {}",
    "word_model": "{}",
    "boost": "+{}",
}
PAPER_QUANTITY = "share of the errors"


def _classes_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of whole classes, in their order of removal; `remaining` only if it has errors."""
    classes = table[table["level"] == WHOLE_CLASS]
    return classes[(classes["class"] != "remaining") | (classes["removed"] > 0)]


def _levels_of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of the levels of a class in their order, or its one row if it has no levels."""
    rows = table[table["class"] == name]
    levels = rows[rows["level"] != WHOLE_CLASS]
    return rows if levels.empty else levels


def _level_label(table: pd.DataFrame, name: str) -> str:
    """Return the name of a class, and below it its first and last level."""
    levels = list(_levels_of(table, name)["level"])
    label = style.words(name)
    if name not in LEVELS or levels == [WHOLE_CLASS]:
        return label
    ends = levels if len(levels) < 3 else [levels[0], "...", levels[-1]]
    return f"{label}\n{LEVELS[name].format(', '.join(ends))}"


def paper_shares(paper: str | None, model: str) -> tuple[str, dict[str, float]]:
    """Return a model of the paper and the share of each class among its errors; none without a paper.

    `model` itself if the paper has it, else the first one, its best.
    """
    found = paper_points(paper, "F7", PAPER_QUANTITY) if paper else {}
    models = [of_model for of_model, _ in found]
    shown = model if model in models or not models else models[0]
    shares: dict[str, float] = {}
    for (of_model, case), value in found.items():
        if of_model == shown:
            name = case.partition(" ")[0]
            shares[name] = shares.get(name, 0.0) + value
    return shown, shares


def _draw_marks(axes: Axes, classes: pd.DataFrame, shares: dict[str, float], **mark: Any) -> None:
    """Draw a mark at a share of each class that has one."""
    rows = [row for row, name in enumerate(classes["class"]) if name in shares]
    if rows:
        axes.plot([100 * shares[classes["class"].iloc[row]] for row in rows], rows, linestyle="", zorder=3, **mark)


def _with_bounds(of_class: dict[Hashable, Any], column: str) -> str:
    """Return a share as a percentage, with its interval if it has one."""
    low, high = (100 * of_class[f"{column}_{end}"] for end in ("low", "high"))
    return f"{of_class[column]:.1%} {style.bounds(low, high, '.1f')}".rstrip()


def _draw_bars(axes: Axes, table: pd.DataFrame, classes: pd.DataFrame, marks: list[Mark]) -> None:
    """Draw one bar per class: what each level removes in turn, one after another; framed, what the class would remove alone.

    A class that would remove every error, as a large boost does, has no frame: it would only shrink all other bars. The numbers
    of a class are written to the right of its bar, frame and marks.
    """
    for row, of_class in enumerate(classes.to_dict("records")):
        name, removed, alone = (of_class[column] for column in ("class", *SHARES))
        start = 0.0
        for share in 100 * _levels_of(table, name)["removed_share"]:
            axes.barh(row, share, left=start, height=0.62, color=style.ERROR_COLOURS[name], edgecolor="white", linewidth=0.6)
            start += share
        framed = alone if alone < 1 else removed
        axes.barh(row, 100 * framed, height=0.8, fill=False, edgecolor=style.NEUTRAL, linewidth=0.8 if alone < 1 else 0)
        removed_text, alone_text = (_with_bounds(of_class, column) for column in SHARES)
        text = f"{removed_text}\nalone {alone_text}"
        marked = [shares[name] for _, shares, _ in marks if name in shares]
        end = 100 * max([framed, *marked])
        axes.annotate(text, (end, row), (6 if marked else 4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(range(len(classes)), [_level_label(table, name) for name in classes["class"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xmargin(0.3)  # for the text after the longest bar
    axes.invert_yaxis()
    axes.set_xlabel(f"share of all errors (%)\n{style.interval_note(classes)}")


def draw(table: pd.DataFrame, title: str, paper: str | None = None) -> Figure:
    """Draw the shares of the classes of `table` with their levels, and what they remove alone, as bars.

    Of its first reading; the shares under the other one are marks, as are those of the paper. `paper` as for `main`.
    """
    if not table["errors"].iloc[0]:
        return style.empty_figure(style.NO_ERRORS, title)
    readings = list(table["reading"].unique())
    others = [_classes_of(table[table["reading"] == reading]) for reading in readings[1:]]
    table = table[table["reading"] == readings[0]]
    classes = _classes_of(table)
    marks: list[Mark] = [
        (f"in turn, {reading} reading", dict(zip(other["class"], other["removed_share"], strict=True)), OTHER_READING)
        for reading, other in zip(readings[1:], others, strict=True)
    ]
    model, shares = paper_shares(paper, table["model"].iloc[0])
    if shares:
        marks.append((f"in turn, the paper's {style.model_title(model)}", shares, PAPER_MARK))
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.7))
    axes = figure.add_subplot()
    _draw_bars(axes, table, classes, marks)
    errors, characters = (int(table[column].iloc[0]) for column in ("errors", "characters"))
    ends = style.bounds(table["errors_low"].iloc[0], table["errors_high"].iloc[0], ",.0f")
    counted = f"{ends} of {characters:,}".lstrip()
    name = style.model_title(table["model"].iloc[0])
    axes.set_title(f"{name} errs on {errors:,} {counted} test characters, {errors / characters:.0%}", loc="left")
    handles = [
        Patch(facecolor=style.NEUTRAL, label="removed in turn, one part per level"),
        Line2D([], [], color=style.NEUTRAL, linewidth=0.8, label="alone: if its oracle were the first"),
    ]
    for label, of_class, mark in marks:
        _draw_marks(axes, classes, of_class, **mark)
        handles.append(Line2D([], [], linestyle="", label=label, **mark))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "", paper: str | None = None) -> None:
    """Draw the breakdown of the errors of the best network.

    Parameters
    ----------
    table
        error_breakdown.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    paper
        The paper's text that this corpus is: its points are drawn hollow. None for another text.
    """
    numbers = ["removed", *SHARES, "errors", "characters"]
    ends = [f"{column}_{end}" for column in ("errors", *SHARES) for end in ("low", "high")]
    shares = style.read(table, numbers, ["model", "reading", "class", "level", "clusters"], optional=ends)
    style.save(draw(shares, title, paper), out_svg, out_png)


if __name__ == "__main__":
    run(main)
