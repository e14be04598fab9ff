"""The errors that dynamic evaluation, learning from the test text, removes and adds, by class."""

from pathlib import Path

import numpy as np
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
    if table.empty:
        return style.empty_figure(style.NO_ERRORS, title)
    share = 100 / table["errors_before"]
    removed, added = table["removed"] * share, table["added"] * share
    colours = [style.ERROR_COLOURS[name] for name in table["class"]]
    figure = Figure(figsize=(style.COLUMN_WIDTH, 3.6))
    axes = figure.add_subplot()
    axes.barh(range(len(table)), removed, height=0.62, color=colours)
    axes.barh(range(len(table)), -added, height=0.62, color=colours, alpha=LIGHT)
    for column, sign in (("removed", 1), ("added", -1)):
        lengths = style.bar_lengths(table[column], table[f"{column}_low"], table[f"{column}_high"]) * share.to_numpy()
        style.draw_interval_bars(axes, sign * table[column] * share, lengths[::sign])
    # Plus zero: otherwise a small fall would be written as -0.0.
    net = (100 * table[["net_share", "net_share_low", "net_share_high"]]).round(1) + 0.0
    for row, (change, low, high) in enumerate(net.itertuples(index=False)):
        end = np.nanmax([removed[row], table["removed_high"][row] * share[row]])
        text = f"net {change:+.1f}%\n{style.bounds(low, high, '+.1f')}".rstrip()
        axes.annotate(text, (end, row), (4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_yticks(range(len(table)), [style.words(name) for name in table["class"]])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xmargin(0.3)  # for the text after the longest bar
    axes.xaxis.set(major_locator=MaxNLocator(5), major_formatter=FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.set_xlabel(f"share of the class's errors (%)\n{style.interval_note(table, narrow=True)}")
    first = table.iloc[0]
    change = style.bounds(first["test_loss_difference_low"], first["test_loss_difference_high"], "+.4f")
    name = style.model_title(first["model"])
    axes.set_title(
        f"{name}: test loss {first['test_loss_before']:.4f},\nwhile learning {first['test_loss_after']:.4f} nats per "
        f"character:\n{first['test_loss_difference']:+.4f} {change}".rstrip()
    )
    handles = [
        Patch(facecolor=style.NEUTRAL, alpha=LIGHT, label="added (left)"),
        Patch(facecolor=style.NEUTRAL, label="removed (right)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    style.set_title(figure, title)
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
    numbers = [*COUNTS, "test_loss_before", "test_loss_after", "test_loss_difference"]
    bounded = ["removed", "added", "net_share", "test_loss_difference"]
    optional = ["net_share", *(f"{column}_{end}" for column in bounded for end in ("low", "high"))]
    changes = style.read(table, numbers, ["model", "class", "clusters"], optional=optional)
    style.save(draw(changes, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
