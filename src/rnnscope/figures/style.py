"""What all figures share: colours, markers, sizes, reading a table, writing the .svg and the .png."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import matplotlib
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from pandas.api.types import is_numeric_dtype

from rnnscope.errors import InputError
from rnnscope.storage.files import whole_file
from rnnscope.storage.tables import read_csv

COLUMN_WIDTH, PAGE_WIDTH = 3.3, 6.9  # inches: one column of a two-column page, and both
PNG_DOTS_PER_INCH = 300

# Okabe and Ito, "Color Universal Design" (2008): told apart under every common colour-vision deficiency.
CELL_COLOURS = {"lstm": "#0072B2", "rnn": "#D55E00", "gru": "#009E73"}
ERROR_COLOURS = {
    "n-gram": "#0072B2",
    "memory": "#E69F00",
    "rare_words": "#009E73",
    "word_model": "#D55E00",
    "punctuation": "#CC79A7",
    "boost": "#56B4E9",
    "remaining": "#999999",
}

# What sees only the last n characters, beside the cells; from the same palette.
MODEL_COLOURS = CELL_COLOURS | {"ngram": "#000000", "nnn": "#CC79A7"}
NEUTRAL = "#4D4D4D"
MARKERS = ("o", "s", "^", "D", "v", "P")
LineStyle = Literal["-"] | tuple[float, tuple[float, ...]]
LINE_STYLES: tuple[LineStyle, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))

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
    """The marker that stands for a depth of 1, 2, ... layers."""
    return MARKERS[(layers - 1) % len(MARKERS)]


def line_style(layers: int) -> LineStyle:
    """The line style that stands for a depth of 1, 2, ... layers."""
    return LINE_STYLES[(layers - 1) % len(LINE_STYLES)]


def ordered_colours(values: Iterable[int]) -> dict[int, str]:
    """A colour for each of some ordered values (layers, sizes), dark to light in their order.

    From matplotlib's inferno, whose lightness rises evenly, so that every eye tells four of them apart, cut off before
    it gets too light for white paper.
    """
    ordered = sorted(set(values))
    steps = max(len(ordered) - 1, 1)
    return {value: matplotlib.colors.to_hex(colormaps["inferno"](0.8 * rank / steps)) for rank, value in enumerate(ordered)}


def cells_of(table: pd.DataFrame) -> list[str]:
    """The cells of the column `cell`, in the paper's order: LSTM, RNN, GRU."""
    return [cell for cell in CELL_COLOURS if cell in set(table["cell"])]


def groups(table: pd.DataFrame, columns: list[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """The values of `columns` and the rows that hold them, for each combination in ascending order."""
    for _, rows in table.groupby(columns):
        yield tuple(rows[column].iloc[0] for column in columns), rows


def cell_name(cell: str) -> str:
    """How a cell is written in a figure: `lstm` -> `LSTM`."""
    return cell.upper()


def kind_of(model: str) -> str:
    """What a model is: `lstm`, `rnn` or `gru` of `lstm-3-512`, `ngram` of `ngram-20`, `nnn` of `nnn-6`."""
    return model.partition("-")[0]


def model_name(model: str) -> str:
    """How a model is written in a figure: `lstm-3-512` -> `LSTM 3×512`, `ngram-20` -> `20-gram`, `nnn-6` -> `6-NN`."""
    kind, *numbers = model.split("-")
    if kind in CELL_COLOURS:
        return f"{cell_name(kind)} {'×'.join(numbers)}"
    return f"{numbers[0]}-{'gram' if kind == 'ngram' else 'NN'}"


def plural_layers(layers: int) -> str:
    """`1 layer`, `2 layers`, ..."""
    return f"{layers} layer{'' if layers == 1 else 's'}"


def words(name: str) -> str:
    """How a name of a table is written in a figure: `line_position` -> `line position`."""
    return name.replace("_", " ")


def read(path: Path, numbers: list[str], text: list[str] | None = None, empty: bool = False) -> pd.DataFrame:
    """Read the columns `numbers` and `text` of a CSV table, at least one row of it.

    Raises InputError naming the file when a column is missing, a number is missing or none, or a cell or class is unknown;
    and when there are no rows, unless it may be `empty`.
    """
    text = text or []
    table = read_csv(path, text + numbers)[text + numbers]
    if table.empty and empty:
        return table
    if table.empty:
        raise InputError(f"{path}: no rows; expected at least one")
    for column in numbers:
        if not is_numeric_dtype(table[column]):
            raise InputError(f"{path}: column {column!r} holds {table[column].iloc[0]!r}, expected numbers")
    for column in numbers + text:
        if table[column].isna().any():
            raise InputError(f"{path}: column {column!r} is empty in row {table[column].isna().argmax() + 1}, expected a value")
    for column, known in (("cell", CELL_COLOURS), ("class", ERROR_COLOURS)):
        unknown = set(table[column]) - set(known) if column in text else set()
        if unknown:
            raise InputError(f"{path}: {column} {sorted(map(str, unknown))[0]!r}, expected {', '.join(known)}")
    return table


def parser(description: str | None) -> argparse.ArgumentParser:
    """The argument parser of every figure: `--out-svg`, `--out-png` and `--title`; the tables are its module's to add."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--out-svg", type=Path, required=True, help="figure to write")
    result.add_argument("--out-png", type=Path, required=True, help=f"the same at {PNG_DOTS_PER_INCH} dots per inch")
    result.add_argument("--title", default="", help="line above the figure, such as the corpus's name")
    return result


def save(figure: Figure, svg: Path, png: Path) -> None:
    """Write a figure as .svg and .png, both whole or neither, the same bytes for the same table every time."""
    with whole_file(svg) as partial_svg, whole_file(png) as partial_png:
        figure.savefig(partial_svg, format="svg", metadata={"Date": None})
        figure.savefig(partial_png, format="png", dpi=PNG_DOTS_PER_INCH)
