"""The errors that dynamic evaluation, learning from the test text, removes and adds, by class."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rnnscope.cli import run
from rnnscope.figures import style

COUNTS = ["errors_before", "removed", "added"]
LIGHT = 0.45  # opacity of what is added


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `removed` and `added` of each class as a share of its `errors_before`; classes without errors are left out."""
    table = table[table["errors_before"] > 0].reset_index(drop=True)
    removed, added = (100 * table[column] / table["errors_before"] for column in ("removed", "added"))
    colours = [style.ERROR_COLOURS[name] for name in table["class"]]
    figure = Figure(figsize=(style.COLUMN_WIDTH, 2.9))
    axes = figure.add_subplot()
    axes.barh(range(len(table)), removed, height=0.62, color=colours)
    axes.barh(range(len(table)), -added, height=0.62, color=colours, alpha=LIGHT)
    for row, net in enumerate((added - removed).round(1) + 0.0):  # plus zero: otherwise a small fall would be written as -0.0
        axes.annotate(f"net {net:+.1f}%", (removed[row], row), (4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_yticks(range(len(table)), [style.words(name) for name in table["class"]])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xmargin(0.16)  # for the text after the longest bar
    axes.xaxis.set(major_locator=MaxNLocator(5), major_formatter=FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.set_xlabel("share of the class's errors (%)")
    before, after = (table[f"test_loss_{when}"].iloc[0] for when in ("before", "after"))
    axes.set_title(f"{table['model'].iloc[0]}: test loss {before:.4f}, while\nlearning {after:.4f} nats per character")
    handles = [
        Patch(facecolor=style.NEUTRAL, alpha=LIGHT, label="added (left)"),
        Patch(facecolor=style.NEUTRAL, label="removed (right)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    figure.suptitle(title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the errors that dynamic evaluation removes and adds.

    Parameters
    ----------
    table
        dynamic_evaluation.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    changes = style.read(table, [*COUNTS, "test_loss_before", "test_loss_after"], ["model", "class"])
    style.save(draw(changes, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
