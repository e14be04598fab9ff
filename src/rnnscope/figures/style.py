"""What all figures share: colours, markers, sizes, reading a table, writing the .svg and the .png."""

import textwrap
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.typing import ColorType
from pandas.api.types import is_numeric_dtype

from rnnscope.errors import InputError
from rnnscope.figures.letters import families
from rnnscope.models.cells import CELLS, Cell, ModelName
from rnnscope.storage.files import whole_file
from rnnscope.storage.tables import read_csv

COLUMN_WIDTH, PAGE_WIDTH = 3.3, 6.9  # inches: one column of a two-column page, and both
PNG_DOTS_PER_INCH = 300

# Of the classes of errors. From Okabe and Ito, "Color Universal Design" (2008), as are the colours of cells (`models.cells`):
# distinguishable with every common colour-vision deficiency.
ERROR_COLOURS = {
    "n-gram": "#0072B2",
    "memory": "#E69F00",
    "rare_words": "#009E73",
    "word_model": "#D55E00",
    "punctuation": "#CC79A7",
    "boost": "#56B4E9",
    "remaining": "#999999",
}

# Of models that see only the last n characters; from the same palette.
FINITE_COLOURS = {"ngram": "#000000", "nnn": "#CC79A7"}
EXTERNAL_COLOUR = "#B8860B"  # of models of which only the predictions are known
NEUTRAL = "#4D4D4D"
MARKERS = ("o", "s", "^", "D", "v", "P")
LineStyle = Literal["-"] | tuple[float, tuple[float, ...]]
LINE_STYLES: tuple[LineStyle, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))

SANS, GENERIC = "DejaVu Sans", {"sans-serif", "sans", "serif", "monospace"}  # comes with matplotlib

# Of the values of units, from low to high: those of the explorer's page in the light (its page.css). Black is readable on all.
ACTIVATIONS = matplotlib.colors.LinearSegmentedColormap.from_list(
    "activations", [tuple(part / 255 for part in colour) for colour in ((234, 106, 53), (247, 247, 247), (58, 149, 221))]
)

TEXT_CONTRAST = 4.5  # of small text, at least (Web Content Accessibility Guidelines 2.2)
TITLE_ADVANCE = 0.55  # width of a character of a title, on average, in ems
LINE_APART = 1.25  # distance of names of lines, in ems

NO_ERRORS = "The model makes no errors."
LOSS_LABEL = "test loss (nats per character)"

# Defaults first: a matplotlibrc on the user's machine must not change a figure.
matplotlib.rcdefaults()
matplotlib.rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.title_fontsize": 7,
        "figure.titlesize": 9,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 1.0,
        "lines.markersize": 4,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "svg.fonttype": "path",  # the same letters wherever it is opened, whatever fonts are there
        "svg.hashsalt": "rnnscope",  # else element ids are random and no two runs write the same bytes
    }
)


def marker(layers: int) -> str:
    """Return the marker of a depth of 1, 2, ... layers."""
    return MARKERS[(layers - 1) % len(MARKERS)]


def line_style(layers: int) -> LineStyle:
    """Return the line style of a depth of 1, 2, ... layers."""
    return LINE_STYLES[(layers - 1) % len(LINE_STYLES)]


def ordered_colours(values: Iterable[int]) -> dict[int, str]:
    """Return a colour for each of some ordered values (layers, sizes), dark to light in their order.

    Notes
    -----
    From matplotlib's inferno, whose lightness rises evenly, so that four of them are distinguishable with every common
    colour-vision deficiency; cut off before it is too light for white paper.
    """
    ordered = sorted(set(values))
    steps = max(len(ordered) - 1, 1)
    return {value: matplotlib.colors.to_hex(colormaps["inferno"](0.8 * rank / steps)) for rank, value in enumerate(ordered)}


def cells_of(table: pd.DataFrame) -> list[Cell]:
    """Return the cells in the column `cell`, in the order of `models.cells`."""
    present = set(table["cell"])
    return [cell for cell in CELLS.values() if cell.name in present]


def cell_colour(cell: str) -> str:
    """Return the colour of a cell, by its name."""
    return CELLS[cell].colour


def model_colour(model: str) -> str:
    """Return the colour of a model, by its name: that of its cell, or of n-gram models, n-NNs or external ones."""
    name = ModelName.parse(model)
    return name.cell.colour if name.is_recurrent else FINITE_COLOURS.get(name.kind, EXTERNAL_COLOUR)


def model_title(model: str) -> str:
    """Return the name of a model as figures write it: `lstm-3-512` -> `LSTM 3×512`."""
    return ModelName.parse(model).title


def groups(table: pd.DataFrame, columns: list[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield the values of `columns` and the rows that have them, for each combination in ascending order."""
    for _, rows in table.groupby(columns):
        yield tuple(rows[column].iloc[0] for column in columns), rows


def plural_layers(layers: int) -> str:
    """Return `1 layer`, `2 layers`, ..."""
    return f"{layers} layer{'' if layers == 1 else 's'}"


def words(name: str) -> str:
    """Return a name from a table as figures write it: `line_position` -> `line position`."""
    return name.replace("_", " ")


def empty_figure(message: str, title: str) -> Figure:
    """Return a figure that says why there is nothing to show."""
    figure = Figure(figsize=(PAGE_WIDTH, 0.8))
    figure.text(0.5, 0.3, message, ha="center", fontsize=8)
    set_title(figure, title)
    return figure


def set_title(figure: Figure, title: str, note: str = "") -> None:
    """Write the title of a figure, in several lines if it is too long for one, and a note below it."""
    size = float(matplotlib.rcParams["figure.titlesize"])
    characters = int(figure.get_figwidth() * 72 / (TITLE_ADVANCE * size))
    lines = [line for part in (title, note) for line in textwrap.wrap(part, characters)]
    figure.suptitle("\n".join(lines))


def luminance(colour: ColorType) -> float:
    """Return the relative luminance of a colour, 0 to 1 (Web Content Accessibility Guidelines 2.2)."""
    rgb = np.asarray(matplotlib.colors.to_rgb(colour), dtype=np.float64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def text_colour(colour: str) -> str:
    """Return a colour for text on white: the colour itself, or as much darker as it takes to contrast with white by 4.5:1."""
    red, green, blue = matplotlib.colors.to_rgb(colour)
    darkness = 1.0
    while 1.05 / (luminance((red * darkness, green * darkness, blue * darkness)) + 0.05) < TEXT_CONTRAST:
        darkness -= 0.01
    return str(matplotlib.colors.to_hex((red * darkness, green * darkness, blue * darkness)))


def label_lines(axes: Axes, lines: list[tuple[float, str, str]], height: float) -> None:
    """Write the names of lines at the right of a panel, at their ends, apart from each other.

    Parameters
    ----------
    axes
        The panel, with its scale set and everything drawn.
    lines
        Of each line the value at its end, its name and its colour.
    height
        Of the panel, in inches, about.
    """
    axes.get_ylim()  # fits the limits to what is drawn so far
    ends = axes.transLimits.transform(axes.transScale.transform([(1, value) for value, _, _ in lines]))[:, 1]
    size = float(matplotlib.rcParams["legend.fontsize"])
    apart = LINE_APART * size / 72 / height
    order = np.argsort(ends, kind="stable")
    places = ends[order].clip(0, 1)
    # Pushed up one after another, then the whole stack down as far as it is too high.
    for rank in range(1, len(places)):
        places[rank] = max(places[rank], places[rank - 1] + apart)
    places -= max(places[-1] - 1, 0) if len(places) else 0
    for rank in range(len(places) - 2, -1, -1):
        places[rank] = min(places[rank], places[rank + 1] - apart)
    for rank, index in enumerate(order):
        _, name, colour = lines[index]
        place, offset = (1, places[rank]), (4, 0)
        look: dict[str, Any] = {"va": "center", "fontsize": size, "color": text_colour(colour), "annotation_clip": False}
        axes.annotate(name, place, offset, "axes fraction", "offset points", **look)


def interval_note(table: pd.DataFrame, narrow: bool = False) -> str:
    """Return lines that say what the intervals of a table are drawn from, and whether some are missing.

    Parameters
    ----------
    table
        With the column `clusters`, and columns `low` or `<name>_low`.
    narrow
        Whether blocks are said in two lines.
    """
    ends = table[[name for name in table.columns if name == "low" or name.endswith("_low")]]
    clusters = table["clusters"].iloc[0].replace(" blocks of ", " blocks\nof " if narrow else " blocks of ")
    if ends.isna().all(axis=None):
        return f"no 95 % intervals ({clusters}):\nfewer than 10 of these have a case"
    return f"95 % intervals over {clusters}" + (";\nnone for cases in fewer than 10" if ends.isna().any(axis=None) else "")


def bounds(low: float, high: float, form: str) -> str:
    """Return the ends of an interval in brackets, each in a format such as `.1f`; nothing for no interval."""
    return "" if np.isnan(low) else f"({low:{form}} to {high:{form}})"


def bar_lengths(values: pd.Series, low: pd.Series, high: pd.Series) -> np.ndarray:
    """Return how far the interval of each value reaches below and above it: float (2, rows), NaN for no interval."""
    return np.stack([values - low, high - values]).clip(0)


def draw_interval_bars(axes: Axes, values: pd.Series, lengths: np.ndarray, offset: float = 0) -> None:
    """Draw the intervals of horizontal bars.

    Parameters
    ----------
    axes
        With a bar a row, from row 0 on.
    values
        Where the bars end.
    lengths
        How far the intervals reach to the left and to the right, float (2, rows), NaN for no interval.
    offset
        Of the bars from their rows.
    """
    rows = np.arange(len(values)) + offset
    axes.errorbar(values, rows, xerr=lengths, fmt="none", ecolor="black", elinewidth=0.7, capsize=1.5, capthick=0.7)


def read(
    path: Path, numbers: list[str], text: list[str] | None = None, empty: bool = False, optional: list[str] | None = None
) -> pd.DataFrame:
    """Read some columns of a CSV table.

    Parameters
    ----------
    path
        The table.
    numbers, text
        Names of the columns of numbers (or yes/no) and of text.
    empty
        Whether a table without rows is allowed.
    optional
        Names of more columns of numbers, whose values may be missing.

    Returns
    -------
    pandas.DataFrame
        The columns `text`, then `numbers`, then `optional`.

    Raises
    ------
    InputError
        If a column is missing, a value is missing or not a number, a cell or class is unknown, or there are no rows.
    """
    text, optional = text or [], optional or []
    table = read_csv(path, text + numbers + optional)[text + numbers + optional]
    if table.empty and empty:
        return table
    if table.empty:
        raise InputError(f"{path}: no rows; expected at least one")
    for column in numbers + optional:
        if not is_numeric_dtype(table[column]):
            raise InputError(f"{path}: column {column!r} holds {table[column].iloc[0]!r}, expected numbers")
    for column in numbers + text:
        if table[column].isna().any():
            raise InputError(f"{path}: column {column!r} is empty in row {table[column].isna().argmax() + 1}, expected a value")
    for column, known in (("cell", list(CELLS)), ("class", list(ERROR_COLOURS))):
        unknown = set(table[column]) - set(known) if column in text else set()
        if unknown:
            raise InputError(f"{path}: {column} {sorted(map(str, unknown))[0]!r}, expected {', '.join(known)}")
    return table


def save(figure: Figure, svg: Path, png: Path) -> None:
    """Write a figure as .svg and .png, both whole or neither; the same table gives the same bytes every time.

    Letters that the fonts of matplotlib do not have are drawn in others that are installed. A dollar sign in a title or label is
    one: only the numbers along an axis are written as formulas.
    """
    for text in figure.findobj(Text):
        if "$" in text.get_text() and "mathdefault" not in text.get_text():
            text.set_parse_math(False)
        if not text.get_text().isascii():
            first, *others = text.get_fontfamily()
            found = families(text.get_text(), SANS if first in GENERIC else first)
            text.set_fontfamily([*dict.fromkeys([*found, *others])])
    with warnings.catch_warnings(), whole_file(svg) as partial_svg, whole_file(png) as partial_png:
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # `families` has said it in one line
        # Laid out once for both files. `Figure.savefig` would go through the whole figure once more for each of them.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        svg_canvas: Any = FigureCanvasSVG(figure)
        svg_canvas.print_svg(partial_svg, metadata={"Date": None})
        figure.set_dpi(PNG_DOTS_PER_INCH)
        png_canvas: Any = FigureCanvasAgg(figure)
        png_canvas.print_png(partial_png)
