"""The unit that detects each feature of the text best, for each type of network, and chance (paper section 4, F2)."""

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


def _best(table: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return the best unit of each cell, feature and measure by its selection score, with the baseline of its model."""
    first = table[table["rank"] == 1].sort_values("selection_score", ascending=False, kind="stable")
    one_each = first.drop_duplicates(["cell", *KEY])
    return one_each.merge(baseline[["model", *KEY, "held_out_percentile_95"]], on=["model", *KEY])


def _row_name(feature: str, measure: str) -> str:
    """Return the label of a row, with the measure where there is more than one."""
    return style.words(feature) + ("" if measure == "auc" else f", {measure.capitalize()}")


def _draw_panel(axes: Axes, units: pd.DataFrame, measures: tuple[str, ...], chance: float) -> None:
    """Draw one line per unit: a dot at its score, a bar up to chance, its name at the right; units of one feature together."""
    cells = style.cells_of(units)
    y, ticks = 0.0, {}
    for feature in units["feature"].unique():
        for measure in [name for name in measures if name in set(units["measure"][units["feature"] == feature])]:
            rows = units[(units["feature"] == feature) & (units["measure"] == measure)].set_index("cell")
            lines = [cell for cell in cells if cell.name in rows.index]
            ticks[y + (len(lines) - 1) / 2] = _row_name(feature, measure)
            for cell in lines:
                _draw_unit(axes, rows.loc[cell.name], y, cell.colour, chance)
                y += 1
            y += 0.5
    axes.set(yticks=list(ticks), xlim=(min(chance, units["held_out_score"].min()) - 0.02, 1.01), ylim=(y - 0.5, -0.75))
    axes.set_yticklabels(list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.3, color="#CCCCCC")
    axes.set_axisbelow(True)


def _draw_unit(axes: Axes, unit: pd.Series, y: float, colour: str, chance: float) -> None:
    """Draw the line of one unit."""
    width = max(unit["held_out_percentile_95"] - chance, 0)
    axes.barh(y, width, left=chance, height=0.7, color="#BBBBBB", zorder=1)
    axes.plot(unit["held_out_score"], y, "o", color=colour, markersize=4, clip_on=False, zorder=2)
    name = f"{style.model_title(unit['model'])}, layer {unit['layer']}, {unit['quantity']} {unit['unit']}"
    axes.annotate(
        name, (1, y), (4, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=7, color=style.text_colour(colour)
    )


def draw(table: pd.DataFrame, baseline: pd.DataFrame, title: str, constant: list[str] | None = None) -> Figure:
    """Draw the yes/no features above and the counts below, each with the held-out scores of the best units.

    `constant` are the features that never change in the text, and that no unit is compared with.
    """
    units = _best(table, baseline)
    panels = [(label, units[units["measure"].isin(measures)], measures, chance) for label, (measures, chance) in PANELS.items()]
    panels = [panel for panel in panels if len(panel[1])]
    heights = [LINE * (len(shown) + 0.5 * len(shown[KEY].drop_duplicates())) for _, shown, _, _ in panels]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights) + 0.45 * len(panels) + 0.7))
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (label, shown, measures, chance) in zip(rows, panels, strict=True):
        _draw_panel(axes, shown, measures, chance)
        axes.set_xlabel(f"{label}; on the half of the text not used to choose the unit")
    handles = [
        Line2D([], [], linestyle="", marker="o", color=cell.colour, label=f"best {cell.title} unit")
        for cell in style.cells_of(units)
    ]
    chance_line = Line2D(
        [], [], linewidth=4, color="#BBBBBB", label="score of the best of as many units by chance (95th percentile)"
    )
    figure.legend(handles=[*handles, chance_line], loc="outside lower center", ncols=2)
    never = ", ".join(map(style.words, constant or []))
    style.set_title(figure, title, f"never changes in this test text: {never}" if never else "")
    return figure


def main(table: Path, baseline: Path, changes: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the best unit of each feature and cell.

    Parameters
    ----------
    table
        cells.csv.
    baseline
        cells_baseline.csv.
    changes
        feature_changes.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    names = ["model", "cell", "feature", "measure"]
    units = style.read(table, ["layer", "unit", "selection_score", "held_out_score", "rank"], [*names, "quantity"])
    chance = style.read(baseline, ["held_out_percentile_95"], names)
    varying = style.read(changes, ["changes"], ["feature"])
    style.save(draw(units, chance, title, varying["feature"][~varying["changes"].astype(bool)].tolist()), out_svg, out_png)


if __name__ == "__main__":
    run(main)
