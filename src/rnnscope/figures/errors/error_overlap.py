"""Common errors of three models: a Venn diagram (paper section 4, F4)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib_venn.layout.venn3 import DefaultLayoutAlgorithm

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style

GRID = 300  # points per side of the grid on which the position of a number is searched
ROOM = 0.075  # least distance of a number from all circles, in radii of the largest; without room only the table has it


def label_position(members: tuple[bool, ...], centres: np.ndarray, radii: np.ndarray) -> tuple[float, float, float]:
    """Return the point of a region of the diagram that is farthest from all circles.

    Parameters
    ----------
    members
        Whether the region is inside each circle.
    centres
        (circles, 2).
    radii
        (circles,).

    Returns
    -------
    x, y, distance : float
        The point and its distance from the nearest circle; the distance is 0 if the region does not exist.
    """
    lowest, highest = (centres - radii[:, np.newaxis]).min(axis=0), (centres + radii[:, np.newaxis]).max(axis=0)
    x, y = np.meshgrid(*np.linspace(lowest, highest, GRID).T)
    from_centre = np.hypot(x - centres[:, 0, np.newaxis, np.newaxis], y - centres[:, 1, np.newaxis, np.newaxis])
    depth = radii[:, np.newaxis, np.newaxis] - from_centre
    clearance = np.where(np.array(members)[:, np.newaxis, np.newaxis], depth, -depth).min(axis=0)
    best = np.unravel_index(clearance.argmax(), clearance.shape)
    return float(x[best]), float(y[best]), max(float(clearance[best]), 0.0)


def _draw_circles(axes: Axes, table: pd.DataFrame, models: list[str]) -> None:
    """Draw one circle per model, and the percentage of test characters in every region with room for it."""
    sets = {tuple(model in row["erring"].split() for model in models): row for row in table.to_dict("records")}
    order = [(1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)]  # the order of the layout
    regions = [tuple(map(bool, members)) for members in order]
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if not any(sets[members]["characters"] for members in regions):
        return  # no errors at all: nothing to draw to scale
    layout = DefaultLayoutAlgorithm()(tuple(int(sets[members]["characters"]) for members in regions))
    centres, radii = np.array([centre.asarray() for centre in layout.centers]), np.array(layout.radii)
    for model, centre, radius in zip(models, centres, radii, strict=True):
        colour = style.model_colour(model)
        axes.add_patch(Circle(centre, radius, facecolor=colour, alpha=0.22, linewidth=0))
        axes.add_patch(Circle(centre, radius, fill=False, edgecolor=colour, linewidth=1.2, label=model))
    for members in regions:
        x, y, clearance = label_position(members, centres, radii)
        if clearance > ROOM * radii.max():
            axes.text(x, y, f"{100 * sets[members]['fraction']:.1f}", ha="center", va="center", fontsize=7)
    axes.autoscale_view()


def _write_counts(axes: Axes, table: pd.DataFrame, models: list[str]) -> None:
    """Write the number of characters of every set of models, exactly; dots mark the models that err."""
    axes.axis((0, 1, len(table) + 0.5, -2.6))
    axes.set_axis_off()
    columns = [0.05 + 0.14 * index for index in range(len(models))]
    for model, x in zip(models, columns, strict=True):
        colour = style.text_colour(style.model_colour(model))
        axes.text(x, -0.35, style.model_title(model), ha="center", va="bottom", rotation=90, fontsize=7, color=colour)
    axes.text(0.62, -0.35, "characters", ha="right", va="bottom", fontsize=7)
    axes.text(1, -0.35, "%", ha="right", va="bottom", fontsize=7)
    for line, row in enumerate(table.to_dict("records")):
        for model, x in zip(models, columns, strict=True):
            errs = model in row["erring"].split()
            colour = style.model_colour(model) if errs else "#DDDDDD"
            axes.plot([x], [line + 0.3], "o", color=colour, markersize=4, clip_on=False)
        axes.text(0.62, line + 0.3, f"{row['characters']:,}", ha="right", va="center", fontsize=7)
        ends = style.bounds(100 * row["fraction_low"], 100 * row["fraction_high"], ".1f")
        axes.text(1, line + 0.3, f"{100 * row['fraction']:.1f} {ends}".rstrip(), ha="right", va="center", fontsize=7)
    axes.text(1, len(table) + 0.1, style.interval_note(table), ha="right", va="center", fontsize=7)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the sets of three models that err, areas to scale as far as three circles can be, with the exact counts beside."""
    models = table["compared"].iloc[0].split()
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.7))
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _draw_circles(left, table, models)
    _write_counts(right, table, models)
    style.set_title(figure, title)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw the Venn diagram of the errors of three models.

    Parameters
    ----------
    table
        error_overlap.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    optional = ["fraction_low", "fraction_high"]
    sets = style.read(table, ["characters", "fraction"], ["compared", "erring", "clusters"], optional=optional)
    models = len(sets["compared"].iloc[0].split())
    if models != 3 or len(sets) != 8:
        raise InputError(f"{table}: found {len(sets)} rows of {models} models, expected the 8 sets of 3 models")
    style.save(draw(sets, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
