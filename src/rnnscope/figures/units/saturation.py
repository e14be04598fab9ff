"""Gate saturation: one point per gate unit, how often it is right- and left-saturated (paper section 4, F3)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style
from rnnscope.models.cells import CELLS, ModelName

COLUMNS = 3  # gates side by side


def _draw_counts(axes: Axes, counts: pd.DataFrame, colours: dict[int, str]) -> None:
    """Write how many units of each layer are mostly saturated, in the corner beyond the bound, where no point can be."""
    lines = [("right / left > 90 %", "black")]
    for row in counts.sort_values("layer").to_dict("records"):
        lines.append(
            (f"{row['mostly_right']} / {row['mostly_left']} of {row['units']}", style.text_colour(colours[row["layer"]]))
        )
    for index, (text, colour) in enumerate(lines):
        offset = (0, -1 - 9 * index)
        axes.annotate(text, (1, 1), offset, "axes fraction", "offset points", ha="right", va="top", fontsize=7, color=colour)


def _draw_panel(axes: Axes, units: pd.DataFrame, colours: dict[int, str]) -> None:
    """Draw the units of one gate: colour and marker are the layer; no point can be beyond the line x + y = 1."""
    axes.plot([0, 1], [1, 0], color=style.NEUTRAL, linewidth=0.6, linestyle="--", zorder=1)
    for (layer,), group in style.groups(units, ["layer"]):
        axes.scatter(
            group["right_fraction"],
            group["left_fraction"],
            s=11,
            marker=style.marker(layer),
            facecolors="none",
            edgecolors=colours[layer],
            linewidths=0.6,
            clip_on=False,  # a unit that is never saturated on one side is on an axis: show all of its marker
            zorder=2,
            label=str(layer),
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])


def _legend_handles(colours: dict[int, str]) -> list[Line2D]:
    """Return one entry per layer, then the bound."""
    layers = [
        Line2D([], [], linestyle="", marker=style.marker(layer), markerfacecolor="none", color=colour, label=f"layer {layer}")
        for layer, colour in colours.items()
    ]
    return [*layers, Line2D([], [], color=style.NEUTRAL, linewidth=0.6, linestyle="--", label="bound: the two add up to 1")]


def draw(table: pd.DataFrame, counts: pd.DataFrame, title: str) -> Figure:
    """Draw the gates of every model, one panel per gate in the order of the equations, models in the order of their cells.

    The first slot without a gate holds the legend; if there is none, it is below the panels.
    """
    order = list(CELLS)
    models = sorted(table["model"].unique(), key=lambda model: order.index(ModelName.parse(model).kind))
    gates = {model: list(ModelName.parse(model).cell.gates.values()) for model in models}
    lines = [(model, gates[model][first : first + COLUMNS]) for model in models for first in range(0, len(gates[model]), COLUMNS)]
    colours = style.ordered_colours(table["layer"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.3 * len(lines) + 0.3))
    panels = figure.subplots(len(lines), COLUMNS, squeeze=False)
    free = []
    for row, (model, in_row) in zip(panels, lines, strict=True):
        units, counted = table[table["model"] == model], counts[counts["model"] == model]
        for axes, gate in zip(row, in_row, strict=False):
            _draw_panel(axes, units[units["gate"] == gate], colours)
            _draw_counts(axes, counted[counted["gate"] == gate], colours)
            axes.set_title(f"{gate} gate")
            axes.set_xlabel("fraction right-saturated")
        row[0].set_ylabel(f"{style.model_title(model)}\nfraction left-saturated")
        free += list(row[len(in_row) :])
    for axes in free:
        axes.set_axis_off()
    handles = _legend_handles(colours)
    if free:
        free[0].legend(handles=handles, loc="center")
    else:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    style.set_title(figure, title)
    return figure


def main(table: Path, counts: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the saturation of gates.

    Parameters
    ----------
    table
        saturation.csv.
    counts
        saturation_counts.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    units = style.read(table, ["layer", "right_fraction", "left_fraction"], ["model", "cell", "gate"])
    with_gates = [cell.name for cell in CELLS.values() if cell.gates]
    without_gates = sorted(set(units["cell"]) - set(with_gates))
    if without_gates:
        raise InputError(f"{table}: cell {without_gates[0]!r}, expected one with gates: {', '.join(with_gates)}")
    counted = style.read(counts, ["layer", "units", "mostly_right", "mostly_left"], ["model", "gate"])
    style.save(draw(units, counted, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
