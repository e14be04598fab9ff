"""How well each unit detects a feature, against what holding it does where the feature ends."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnscope.cli import run
from rnnscope.figures import style

COLUMNS = 3
PANELS = 6
NAMED = 1  # units of each model with a name: of the largest effect
TEXT = ["model", "cell", "quantity", "hold", "feature"]


def shown_features(table: pd.DataFrame) -> list[str]:
    """Return the features to show: those whose largest effect stands out most from that of units of like variance."""
    above = (table["end_effect"] - table["control"]).groupby(table["feature"], sort=False).max()
    return list(above.dropna().sort_values(ascending=False, kind="stable").index[:PANELS])


def _name(unit: pd.Series) -> str:
    return f"layer {unit['layer']:.0f} {unit['quantity']} {unit['unit']:.0f}, score rank {unit['score_rank']:.0f}"


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw a dot a unit, and the name of the unit of the largest effect of each model above the panel."""
    lines = []
    for model, units in rows.groupby("model", sort=False):
        colour = style.model_colour(str(model))
        axes.plot(units["score"], units["end_effect"], ".", color=colour, markersize=3, alpha=0.6, markeredgewidth=0)
        largest = units.nsmallest(NAMED, "effect_rank")
        lengths = style.bar_lengths(largest["end_effect"], largest["end_effect_low"], largest["end_effect_high"])
        axes.errorbar(largest["score"], largest["end_effect"], lengths, fmt="o", color=colour, markersize=3, elinewidth=0.7)
        lines += [(f"{style.model_title(str(model))}: {_name(unit)}", colour) for _, unit in largest.iterrows()]
    axes.axhline(0, color="black", linewidth=0.5)
    measure = "AUC" if rows["measure"].iloc[0] == "auc" else "Spearman"
    axes.set_title(f"{style.words(rows['feature'].iloc[0])} ({measure})", loc="left", pad=4 + 9 * len(lines))
    for row, (text, colour) in enumerate(reversed(lines)):
        axes.annotate(
            text, (0, 1), (0, 3 + 9 * row), "axes fraction", "offset points", fontsize=7, color=style.text_colour(colour)
        )


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw `end_effect` against `score` of all units for the first kind of hold, a panel a feature."""
    hold = table["hold"].iloc[0]
    table = table[(table["hold"] == hold) & table["score"].notna() & table["end_effect"].notna()]
    features = shown_features(table)
    if not features:
        return style.empty_figure("No feature ends in the characters that were read.", title)
    rows, models = -(-len(features) // COLUMNS), table["model"].nunique()
    figure = Figure(figsize=(style.PAGE_WIDTH, rows * (1.4 + 0.14 * models) + 0.6))
    panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False).ravel())
    for axes, feature in zip(panels, features, strict=False):
        _draw_panel(axes, table[table["feature"] == feature])
        axes.set_xlabel("score of the unit")
    for axes in panels[len(features) :]:
        axes.set_axis_off()
    figure.supylabel("effect at the feature's ends (nats)", fontsize=8)
    handles = [
        Line2D([], [], color=style.model_colour(model), marker="o", linestyle="", label=style.model_title(model))
        for model in dict.fromkeys(table["model"])
    ]
    note = style.interval_note(table[["end_effect_low", "clusters"]]).replace("\n", " ")
    heading = f"each unit held {'at its mean' if hold == 'mean' else f'at {hold}'}; {note}"
    figure.legend(handles=handles, loc="outside lower center", ncols=3, title=heading)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the effects of units that are held, and their scores.

    Parameters
    ----------
    table
        ablations.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["layer", "unit", "rise", "effect_rank"]
    optional = ["score", "score_rank", "end_effect", "end_effect_low", "end_effect_high", "control"]
    units = style.read(table, numbers, [*TEXT, "clusters"], optional=optional)
    measures = pd.read_csv(table, usecols=["measure"], keep_default_na=False)["measure"]
    style.save(draw(units.assign(measure=measures), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
