"""A map of the models, those that predict alike side by side (paper section 4, F1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from rnnscope.cli import run
from rnnscope.figures import style

AREAS = (14, 150)  # square points: of the markers of the smallest and the largest size


def areas_of(sizes: list[int]) -> dict[int, float]:
    """The area of the marker of each size, evenly from the smallest to the largest size, square points."""
    ordered = sorted(set(sizes))
    step = (AREAS[1] - AREAS[0]) / max(len(ordered) - 1, 1)
    return {size: AREAS[0] + rank * step for rank, size in enumerate(ordered)}


def draw_networks(axes: Axes, networks: pd.DataFrame, areas: dict[int, float]) -> None:
    """The recurrent networks: colour is the cell, marker the depth, its area the size."""
    for model in networks.to_dict("records"):
        cell, layers, size = model["model"].split("-")
        axes.scatter(
            model["x"],
            model["y"],
            s=areas[int(size)],
            marker=style.marker(int(layers)),
            facecolors="none",
            edgecolors=style.CELL_COLOURS[cell],
            linewidths=1.0,
            label=model["model"],
        )


def draw_horizons(axes: Axes, models: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The models of a finite horizon as a chain from the shortest to the longest; returns it, in that order."""
    chain = models.assign(n=models["model"].str.split("-").str[1].astype(int)).sort_values("n")
    colour = style.MODEL_COLOURS[kind]
    axes.plot(chain["x"], chain["y"], "-", marker=".", color=colour, linewidth=0.6, markersize=3, label=kind)
    return chain.assign(colour=colour)


def name_ends(axes: Axes, chains: list[pd.DataFrame]) -> None:
    """Name both ends of every chain. A 1-gram and a 1-NN may lie on one another: the name of the upper one stands above it."""
    for end in (0, -1):
        points = sorted((chain.iloc[end] for chain in chains if end == 0 or len(chain) > 1), key=lambda point: point["y"])
        for rank, point in enumerate(points, start=1):
            above = rank == len(points)
            name = axes.annotate(
                style.model_name(point["model"]),
                (point["x"], point["y"]),
                (0, 4 if above else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                fontsize=7,
                color=point["colour"],
            )
            name.set_path_effects([withStroke(linewidth=2, foreground="white")])


def legend_handles(networks: pd.DataFrame, areas: dict[int, float]) -> list[Line2D]:
    """One entry a cell (its colour), then one a depth (its marker), then one a size (its area)."""
    parts = networks["model"].str.split("-", expand=True)
    cells = style.cells_of(parts.rename(columns={0: "cell"}))
    handles = [Line2D([], [], color=style.CELL_COLOURS[cell], linewidth=2.5, label=style.cell_name(cell)) for cell in cells]
    marks = [(style.marker(layers), 30.0, style.plural_layers(layers)) for layers in sorted(set(parts[1].astype(int)))]
    marks += [("o", area, f"size {size}") for size, area in areas.items()]
    for marker, area, label in marks:
        handle = Line2D([], [], color=style.NEUTRAL, linestyle="", marker=marker, markerfacecolor="none", label=label)
        handle.set_markersize(area**0.5)
        handles.append(handle)
    return handles


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw every model at `x`, `y`; the axes of such a map have no unit, and only what lies near what counts."""
    kinds = table["model"].map(style.kind_of)
    networks = table[kinds.isin(set(style.CELL_COLOURS))]
    areas = areas_of([int(model.split("-")[2]) for model in networks["model"]])
    figure = Figure(figsize=(style.PAGE_WIDTH, 4.4))
    axes = figure.add_subplot()
    name_ends(axes, [draw_horizons(axes, table[kinds == kind], kind) for kind in ("ngram", "nnn") if (kinds == kind).any()])
    draw_networks(axes, networks, areas)
    axes.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
    axes.spines[:].set_visible(True)
    axes.margins(0.08)
    figure.legend(handles=legend_handles(networks, areas), loc="outside right center", labelspacing=0.9)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the map."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="model_map.csv")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["x", "y"], ["model"])
    style.save(draw(table, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
