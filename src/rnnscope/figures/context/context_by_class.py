"""How much worse each class of characters is predicted after the last T characters alone."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.context.curves import draw_curve, highest_shown, legend_lines, looks, read_tables, set_lengths

PAST = "other text"  # a state that occurs in a text: the zero state disturbs by itself
COLUMNS = 3
FEWEST = 20  # targets of a class that is shown


def draw(curves: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """Draw `rise` against the length for the past of another stream, a panel a class, the most frequent first."""
    curves, summary = curves[curves["past"] == PAST], summary[summary["past"] == PAST]
    sizes = (
        summary.drop_duplicates("target_class")
        .set_index("target_class")["targets"]
        .drop("all")
        .sort_values(ascending=False, kind="stable")
    )
    sizes = sizes[(sizes >= FEWEST) | (sizes == sizes.max())]
    curves = curves[curves["target_class"].isin(sizes.index)]
    rows = -(-len(sizes) // COLUMNS)
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.5 * rows + 1.1))
    look_of = looks(summary["model"].unique())
    panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel())
    for axes, (of_class, targets) in zip(panels, sizes.items(), strict=False):
        for model, of_model in curves[curves["target_class"] == of_class].groupby("model", sort=False):
            draw_curve(axes, of_model, "rise", look_of[str(model)])
        axes.axhline(0, color="black", linewidth=0.5)
        set_lengths(axes, summary["sequence_length"].iloc[0])
        axes.xaxis.set_tick_params(labelbottom=True)
        axes.set_title(f"{of_class} ({targets:,})")
    for axes in panels[len(sizes) :]:
        axes.set_axis_off()
    panels[0].set_ylim(min(-0.02, curves["rise"].min()), max(0.1, highest_shown(curves, "rise")))
    figure.supylabel("rise of the loss (nats per character)", fontsize=8)
    note = style.interval_note(curves[["rise_low", "clusters"]], narrow=True)
    panels[COLUMNS * (rows - 1)].set_xlabel(f"last characters that are read (T)\n{note}")
    figure.legend(handles=[*legend_lines(summary).values()], loc="outside lower center", ncols=5)
    style.set_title(figure, title)
    return figure


def main(table: Path, summary: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the rise of the loss of each class of characters.

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
