"""Gate saturation: each gate unit a point, how often it is right- and left-saturated (paper section 4, F3)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style

GATES = {"lstm": ("input", "forget", "output"), "gru": ("update", "reset")}
COLUMNS = 3


def draw_counts(axes: Axes, counts: pd.DataFrame, colours: dict[int, str]) -> None:
    """How many units of each layer are mostly saturated, in the corner beyond the bound, where no point can lie."""
    lines = [("right / left > 90 %", "black")]
    for row in counts.sort_values("layer").to_dict("records"):
        lines.append((f"{row['mostly_right']} / {row['mostly_left']} of {row['units']}", colours[row["layer"]]))
    for number, (text, colour) in enumerate(lines):
        place = (0, -1 - 9 * number)
        axes.annotate(text, (1, 1), place, "axes fraction", "offset points", ha="right", va="top", fontsize=7, color=colour)


def draw_panel(axes: Axes, units: pd.DataFrame, colours: dict[int, str]) -> None:
    """The units of one gate: colour and marker tell the layer; no point can lie beyond the line x + y = 1."""
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
            clip_on=False,  # a unit that is never saturated on one side lies on an axis: show all of its marker
            zorder=2,
            label=str(layer),
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])


def legend_handles(colours: dict[int, str]) -> list[Line2D]:
    """One entry a layer, then the bound."""
    layers = [
        Line2D([], [], linestyle="", marker=style.marker(layer), markerfacecolor="none", color=colour, label=f"layer {layer}")
        for layer, colour in colours.items()
    ]
    return [*layers, Line2D([], [], color=style.NEUTRAL, linewidth=0.6, linestyle="--", label="bound: the two add up to 1")]


def draw(table: pd.DataFrame, counts: pd.DataFrame, title: str) -> Figure:
    """Draw a row of panels a model, LSTMs first: input, forget, output; then GRUs: update, reset.

    The slot after a GRU's reset gate holds the legend; without a GRU it stands below the panels.
    """
    models = sorted(table["model"].unique(), key=lambda model: not (table["cell"][table["model"] == model] == "lstm").any())
    colours = style.ordered_colours(table["layer"])
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.3 * len(models) + 0.3))
    panels = figure.subplots(len(models), COLUMNS, squeeze=False)
    free = []
    for row, model in zip(panels, models, strict=True):
        units = table[table["model"] == model]
        gates = GATES[units["cell"].iloc[0]]
        for axes, gate in zip(row, gates, strict=False):
            draw_panel(axes, units[units["gate"] == gate], colours)
            draw_counts(axes, counts[(counts["model"] == model) & (counts["gate"] == gate)], colours)
            axes.set_title(f"{gate} gate")
            axes.set_xlabel("fraction right-saturated")
        row[0].set_ylabel(f"{model}\nfraction left-saturated")
        free += list(row[len(gates) :])
    for axes in free:
        axes.set_axis_off()
    handles = legend_handles(colours)
    if free:
        free[0].legend(handles=handles, loc="center")
    else:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the gate saturation."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="saturation.csv")
    parser.add_argument("--counts", type=Path, required=True, help="saturation_counts.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["layer", "right_fraction", "left_fraction"], ["model", "cell", "gate"])
    without_gates = sorted(set(table["cell"]) - set(GATES))
    if without_gates:
        raise InputError(f"{arguments.table}: cell {without_gates[0]!r}, expected one with gates: {', '.join(GATES)}")
    counts = style.read(arguments.counts, ["layer", "units", "mostly_right", "mostly_left"], ["model", "gate"])
    style.save(draw(table, counts, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
