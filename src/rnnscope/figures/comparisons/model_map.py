"""Maps of the models: those with similar predictions are neighbours (paper section 4, F1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.models.cells import EXTERNAL, ModelName

AREAS = (10, 100)  # square points, of the markers of the smallest and the largest size
TITLES = {
    "agreement": "by how often they agree on\nthe most likely character",
    "probabilities": "by their probabilities of\nthe correct characters",
}


def _areas_of(sizes: list[int]) -> dict[int, float]:
    """Return the area of the marker of each size in square points, evenly from the smallest to the largest size."""
    ordered = sorted(set(sizes))
    step = (AREAS[1] - AREAS[0]) / max(len(ordered) - 1, 1)
    return {size: AREAS[0] + rank * step for rank, size in enumerate(ordered)}


def _draw_networks(axes: Axes, networks: pd.DataFrame, areas: dict[int, float]) -> None:
    """Draw the recurrent networks: colour is the cell, marker the depth, area the size."""
    for row in networks.to_dict("records"):
        name = ModelName.parse(row["model"])
        axes.scatter(
            row["x"],
            row["y"],
            s=areas[name.size],
            marker=style.marker(name.layers),
            facecolors="none",
            edgecolors=name.cell.colour,
            linewidths=1.0,
            label=row["model"],
        )


def _draw_horizons(axes: Axes, models: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Draw finite-horizon models as a chain from the shortest to the longest context; return it, in that order."""
    contexts = [ModelName.parse(model).context for model in models["model"]]
    chain = models.assign(n=contexts).sort_values("n")
    colour = style.FINITE_COLOURS[kind]
    axes.plot(chain["x"], chain["y"], "-", marker=".", color=colour, linewidth=0.6, markersize=3, label=kind)
    return chain.assign(colour=colour)


def _draw_external(axes: Axes, models: pd.DataFrame) -> None:
    """Draw the models of which only the predictions are known: stars with their names."""
    for row in models.to_dict("records"):
        axes.plot(row["x"], row["y"], "*", color=style.EXTERNAL_COLOUR, markersize=8, label=row["model"])
        name = axes.annotate(
            style.model_title(row["model"]),
            (row["x"], row["y"]),
            (0, 5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
            color=style.text_colour(style.EXTERNAL_COLOUR),
        )
        name.set_path_effects([withStroke(linewidth=2, foreground="white")])


def _name_ends(axes: Axes, chains: list[pd.DataFrame]) -> None:
    """Name both ends of every chain. A 1-gram and a 1-NN may coincide: the name of the upper one is above it."""
    for end in (0, -1):
        points = sorted((chain.iloc[end] for chain in chains if end == 0 or len(chain) > 1), key=lambda point: point["y"])
        for rank, point in enumerate(points, start=1):
            above = rank == len(points)
            name = axes.annotate(
                style.model_title(point["model"]),
                (point["x"], point["y"]),
                (0, 4 if above else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                fontsize=7,
                color=style.text_colour(point["colour"]),
            )
            name.set_path_effects([withStroke(linewidth=2, foreground="white")])


def _legend_handles(networks: pd.DataFrame, areas: dict[int, float]) -> list[Line2D]:
    """Return one entry per cell (its colour), then one per depth (its marker), then one per size (its area)."""
    names = [ModelName.parse(model) for model in networks["model"]]
    cells = style.cells_of(pd.DataFrame({"cell": [name.kind for name in names]}))
    handles = [Line2D([], [], color=cell.colour, linewidth=2.5, label=cell.title) for cell in cells]
    marks = [(style.marker(layers), 30.0, style.plural_layers(layers)) for layers in sorted({name.layers for name in names})]
    marks += [("o", area, f"size {size}") for size, area in areas.items()]
    for marker, area, label in marks:
        handle = Line2D([], [], color=style.NEUTRAL, linestyle="", marker=marker, markerfacecolor="none", label=label)
        handle.set_markersize(area**0.5)
        handles.append(handle)
    return handles


def _draw_map(axes: Axes, table: pd.DataFrame, areas: dict[int, float]) -> None:
    """Draw one map: the networks, and the models of finite context as chains."""
    names = table["model"].map(ModelName.parse)
    kinds = names.map(lambda name: name.kind)
    _name_ends(axes, [_draw_horizons(axes, table[kinds == kind], kind) for kind in style.FINITE_COLOURS if (kinds == kind).any()])
    _draw_networks(axes, table[names.map(lambda name: name.is_recurrent)], areas)
    _draw_external(axes, table[kinds == EXTERNAL])
    axes.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
    axes.spines[:].set_visible(True)
    axes.margins(0.08)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw every model at `x`, `y` of each map; the axes have no unit, and only neighbourhoods have a meaning."""
    names = [ModelName.parse(model) for model in table["model"]]
    networks = table[[name.is_recurrent for name in names]]
    areas = _areas_of([name.size for name in names if name.is_recurrent])
    figure = Figure(figsize=(style.PAGE_WIDTH, 4.1))
    maps = [name for name in TITLES if name in set(table["map"])]
    for axes, name in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps, strict=True):
        _draw_map(axes, table[table["map"] == name], areas)
        axes.set_title(TITLES[name])
    figure.legend(handles=_legend_handles(networks, areas), loc="outside lower center", ncols=5)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the maps of the models.

    Parameters
    ----------
    table
        model_map.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    style.save(draw(style.read(table, ["x", "y"], ["map", "model"]), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
