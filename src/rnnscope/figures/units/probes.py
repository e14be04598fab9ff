"""What a linear read-out of a whole layer tells of each feature, beside the best unit alone (paper section 4, F2)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style

LINE = 0.155  # inches of height that one model takes
PANELS = {"auc": ("AUC, 0.5 by guessing", 0.5), "pearson": ("Pearson's correlation, 0 by guessing", 0.0)}


def best_states(table: pd.DataFrame) -> pd.DataFrame:
    """Of an LSTM's c and h, the one that the probe reads better in the half that it was fitted on, a row a layer."""
    ordered = table.sort_values("selection_score", ascending=False, kind="stable")
    return ordered.drop_duplicates(["model", "feature", "layer"]).sort_values(["model", "layer"])


def draw_panel(axes: Axes, probes: pd.DataFrame, chance: float) -> None:
    """A line a model, those of one feature together: a marker a layer, a cross for the best unit."""
    place, ticks = 0.0, {}
    models = [model for cell in style.cells_of(probes) for model in probes["model"][probes["cell"] == cell].unique()]
    for feature in probes["feature"].unique():
        ticks[place + (len(models) - 1) / 2] = style.words(feature)
        for model in models:
            draw_model(axes, probes[(probes["feature"] == feature) & (probes["model"] == model)], place)
            place += 1
        place += 0.5
    lowest = min(chance, probes["held_out_score"].min(), probes["best_unit_score"].min())
    axes.set(yticks=list(ticks), xlim=(lowest - 0.02, 1.01), ylim=(place - 0.5, -0.75))
    axes.set_yticklabels(list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.3, color="#CCCCCC")
    axes.set_axisbelow(True)


def draw_model(axes: Axes, layers: pd.DataFrame, place: float) -> None:
    """One model's line; its name at the right."""
    colour = style.CELL_COLOURS[layers["cell"].iloc[0]]
    unit = layers["best_unit_score"].iloc[0]
    axes.plot([unit, layers["held_out_score"].max()], [place, place], color=colour, linewidth=0.5, zorder=1)
    axes.plot(unit, place, "x", color=colour, markersize=4, zorder=2)
    for layer, score in zip(layers["layer"], layers["held_out_score"], strict=True):
        axes.add_line(layer_marker(layer, colour, [score], [place]))
    name = layers["model"].iloc[0]
    axes.annotate(name, (1, place), (4, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=7, color=colour)


def layer_marker(layer: int, colour: str, x: list[float], y: list[float]) -> Line2D:
    """A layer's marker, in a panel or the legend."""
    return Line2D(
        x,
        y,
        linestyle="",
        marker=style.marker(layer),
        markersize=4.5,
        markerfacecolor="white",
        markeredgecolor=colour,
        markeredgewidth=0.8,
        clip_on=False,
        zorder=3,
        label=f"all of layer {layer}",
    )


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the yes/no features above and the counts below, each with its held-out scores."""
    probes = best_states(table)
    panels = [(label, probes[probes["measure"] == measure], chance) for measure, (label, chance) in PANELS.items()]
    panels = [panel for panel in panels if len(panel[1])]
    heights = [LINE * shown["feature"].nunique() * (shown["model"].nunique() + 0.5) for _, shown, _ in panels]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights) + 0.45 * len(panels) + 0.7))
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (label, shown, chance) in zip(rows, panels, strict=True):
        draw_panel(axes, shown, chance)
        axes.set_xlabel(f"{label}; on the half of the text that was not used for fitting")
    handles = [Line2D([], [], linestyle="", marker="x", color=style.NEUTRAL, markersize=4, label="best unit alone")]
    for layer in sorted(table["layer"].unique()):
        handles.append(layer_marker(layer, style.NEUTRAL, [], []))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the probes."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="probes.csv")
    arguments = parser.parse_args()
    numbers = ["layer", "selection_score", "held_out_score", "best_unit_score"]
    table = style.read(arguments.table, numbers, ["model", "cell", "feature", "measure"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
