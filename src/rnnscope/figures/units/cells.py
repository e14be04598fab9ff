"""The unit that tells each feature of the text best, for each type of network, against chance (paper section 4, F2)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style

LINE = 0.155  # inches of height that one unit takes
PANELS = {"AUC, 0.5 by guessing": (("auc",), 0.5), "correlation, 0 by guessing": (("spearman", "pearson"), 0.0)}
KEY = ["feature", "measure"]


def best(table: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """The best unit of each cell, feature and measure by its selection score, with its model's baseline beside it."""
    first = table[table["rank"] == 1].sort_values("selection_score", ascending=False, kind="stable")
    one_each = first.drop_duplicates(["cell", *KEY])
    return one_each.merge(baseline[["model", *KEY, "held_out_percentile_95"]], on=["model", *KEY])


def row_name(feature: str, measure: str) -> str:
    """How a row is called: the measure is told where there is more than one."""
    return style.words(feature) + ("" if measure == "auc" else f", {measure.capitalize()}")


def draw_panel(axes: Axes, units: pd.DataFrame, measures: tuple[str, ...], chance: float) -> None:
    """A line a unit: a dot at its score, a bar up to what chance gives, its name at the right; units of one feature together."""
    cells = style.cells_of(units)
    place, ticks = 0.0, {}
    for feature in units["feature"].unique():
        for measure in [name for name in measures if name in set(units["measure"][units["feature"] == feature])]:
            rows = units[(units["feature"] == feature) & (units["measure"] == measure)].set_index("cell")
            lines = [cell for cell in cells if cell in rows.index]
            ticks[place + (len(lines) - 1) / 2] = row_name(feature, measure)
            for cell in lines:
                draw_unit(axes, rows.loc[cell], place, style.CELL_COLOURS[cell], chance)
                place += 1
            place += 0.5
    axes.set(yticks=list(ticks), xlim=(min(chance, units["held_out_score"].min()) - 0.02, 1.01), ylim=(place - 0.5, -0.75))
    axes.set_yticklabels(list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.3, color="#CCCCCC")
    axes.set_axisbelow(True)


def draw_unit(axes: Axes, unit: pd.Series, place: float, colour: str, chance: float) -> None:
    """One unit's line."""
    width = max(unit["held_out_percentile_95"] - chance, 0)
    axes.barh(place, width, left=chance, height=0.7, color="#BBBBBB", zorder=1)
    axes.plot(unit["held_out_score"], place, "o", color=colour, markersize=4, clip_on=False, zorder=2)
    name = f"{unit['model']}, layer {unit['layer']}, {unit['quantity']} {unit['unit']}"
    axes.annotate(name, (1, place), (4, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=7, color=colour)


def draw(table: pd.DataFrame, baseline: pd.DataFrame, title: str) -> Figure:
    """Draw the yes/no features above and the counts below, each with the held-out scores of the best units."""
    units = best(table, baseline)
    panels = [(label, units[units["measure"].isin(measures)], measures, chance) for label, (measures, chance) in PANELS.items()]
    panels = [panel for panel in panels if len(panel[1])]
    heights = [LINE * (len(shown) + 0.5 * len(shown[KEY].drop_duplicates())) for _, shown, _, _ in panels]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights) + 0.45 * len(panels) + 0.7))
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (label, shown, measures, chance) in zip(rows, panels, strict=True):
        draw_panel(axes, shown, measures, chance)
        axes.set_xlabel(f"{label}; on the half of the text that did not choose the unit")
    handles = [
        Line2D([], [], linestyle="", marker="o", color=style.CELL_COLOURS[cell], label=f"best {style.cell_name(cell)} unit")
        for cell in style.cells_of(units)
    ]
    chance_line = Line2D(
        [], [], linewidth=4, color="#BBBBBB", label="what the best of as many units gets by chance (95th percentile)"
    )
    figure.legend(handles=[*handles, chance_line], loc="outside lower center", ncols=2)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the best unit of each feature and cell."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="cells.csv")
    parser.add_argument("--baseline", type=Path, required=True, help="cells_baseline.csv")
    arguments = parser.parse_args()
    names = ["model", "cell", "feature", "measure"]
    table = style.read(arguments.table, ["layer", "unit", "selection_score", "held_out_score", "rank"], [*names, "quantity"])
    baseline = style.read(arguments.baseline, ["held_out_percentile_95"], names)
    style.save(draw(table, baseline, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
