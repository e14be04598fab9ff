"""The scores of linear probes of whole layers for each feature, of a control and of the best unit (paper section 4, F2)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style

LINE = 0.155  # inches of height of one model
PANELS = {"auc": ("AUC, 0.5 by guessing", 0.5), "pearson": ("Pearson's correlation, 0 by guessing", 0.0)}


def _best_states(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per layer: of several states, the one with the better score on the half used for fitting."""
    ordered = table.sort_values("selection_score", ascending=False, kind="stable")
    return ordered.drop_duplicates(["model", "feature", "layer"]).sort_values(["model", "layer"])


def _draw_panel(axes: Axes, probes: pd.DataFrame, chance: float) -> None:
    """Draw one line per model, those of one feature together: two markers per layer, a cross for the best unit."""
    y, ticks = 0.0, {}
    models = [model for cell in style.cells_of(probes) for model in probes["model"][probes["cell"] == cell.name].unique()]
    for feature in probes["feature"].unique():
        ticks[y + (len(models) - 1) / 2] = style.words(feature)
        for model in models:
            _draw_model(axes, probes[(probes["feature"] == feature) & (probes["model"] == model)], y)
            y += 1
        y += 0.5
    scores = probes[["held_out_score", "best_unit_score", "control_score"]].to_numpy(dtype=float)
    lowest = min(chance, float(np.nanmin(scores)))
    axes.set(yticks=list(ticks), xlim=(lowest - 0.02, 1.01), ylim=(y - 0.5, -0.75))
    axes.set_yticklabels(list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.3, color="#CCCCCC")
    axes.set_axisbelow(True)


def _draw_model(axes: Axes, layers: pd.DataFrame, y: float) -> None:
    """Draw the line of one model, its name at the right."""
    colour = style.cell_colour(layers["cell"].iloc[0])
    unit = layers["best_unit_score"].iloc[0]
    axes.plot([unit, layers["held_out_score"].max()], [y, y], color=colour, linewidth=0.5, zorder=1)
    axes.plot(unit, y, "x", color=colour, markersize=4, zorder=2)
    for layer, score, control in zip(layers["layer"], layers["held_out_score"], layers["control_score"], strict=True):
        axes.add_line(_layer_marker(layer, colour, [control], [y], is_control=True))
        axes.add_line(_layer_marker(layer, colour, [score], [y]))
    name, written = style.model_title(layers["model"].iloc[0]), style.text_colour(colour)
    axes.annotate(name, (1, y), (4, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=7, color=written)


def _layer_marker(layer: int, colour: str, x: list[float], y: list[float], is_control: bool = False) -> Line2D:
    """Return the marker of a layer, in a panel or the legend; hollow for its control tasks."""
    return Line2D(
        x,
        y,
        linestyle="",
        marker=style.marker(layer),
        markersize=4,
        markerfacecolor="none" if is_control else colour,
        markeredgecolor=colour if is_control else "white",
        markeredgewidth=0.7 if is_control else 0.4,
        clip_on=False,
        zorder=3 if is_control else 4,
        label="control: random labels of characters" if is_control else f"all of layer {layer}",
    )


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the yes/no features above and the counts below, each with its held-out scores."""
    probes = _best_states(table)
    panels = [(label, probes[probes["measure"] == measure], chance) for measure, (label, chance) in PANELS.items()]
    panels = [panel for panel in panels if len(panel[1])]
    heights = [LINE * shown["feature"].nunique() * (shown["model"].nunique() + 0.5) for _, shown, _ in panels]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights) + 0.45 * len(panels) + 0.7))
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (label, shown, chance) in zip(rows, panels, strict=True):
        _draw_panel(axes, shown, chance)
        axes.set_xlabel(f"{label}; on the half of the text not used for fitting")
    handles = [Line2D([], [], linestyle="", marker="x", color=style.NEUTRAL, markersize=4, label="best unit alone")]
    for layer in sorted(table["layer"].unique()):
        handles.append(_layer_marker(layer, style.NEUTRAL, [], []))
    handles.append(_layer_marker(table["layer"].min(), style.NEUTRAL, [], [], is_control=True))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the scores of linear probes.

    Parameters
    ----------
    table
        probes.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["layer", "selection_score", "held_out_score", "best_unit_score"]
    probes = style.read(table, numbers, ["model", "cell", "feature", "measure"], optional=["control_score"])
    style.save(draw(probes, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
