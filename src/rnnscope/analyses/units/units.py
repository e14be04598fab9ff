"""The states of every unit of a model, in two halves of the streams: one to choose by, the other to report on.

The score of a unit that was chosen as the best of thousands is too high on the characters that it was chosen by (selection
bias). So every choice is made on the streams of even number, and every reported score comes from those of odd number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnscope.activations.reader import POSITION as DUMP_POSITION
from rnnscope.activations.reader import layer_files, row_groups
from rnnscope.analyses.units.features import POSITION, read_features
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS, Activation, Cell, ModelName
from rnnscope.storage.declarations import Column
from rnnscope.storage.files import mismatch_error

MODEL_COLUMNS = (
    Column("model", "text", "`<cell>-<layers>-<size>`"),
    Column("cell", "text", "cell of the network"),
    Column("layer", "integer", "1 is the lowest"),
)
QUANTITY_COLUMN = Column("quantity", "text", "state of the cell, as in `activations`")
UNIT_COLUMNS = (*MODEL_COLUMNS, QUANTITY_COLUMN, Column("unit", "integer", "index in the activations, from 0"))
UNIT = [column.name for column in UNIT_COLUMNS]


@dataclass(frozen=True)
class Rows:
    """Which test characters are scored.

    Parameters
    ----------
    stream, step
        Int16 and int32 (test characters,): the rows of the features.
    kept
        Bool (test characters,): those that are scored.
    held_out
        Bool (kept characters,): those in the half to report on.
    features
        Every feature by name, (kept characters,).
    path
        The file of the features.
    """

    stream: np.ndarray
    step: np.ndarray
    kept: np.ndarray
    held_out: np.ndarray
    features: dict[str, np.ndarray]
    path: Path

    def half(self, held_out: bool) -> dict[str, np.ndarray]:
        """Return the features of one half by name, (characters of the half,)."""
        return {name: values[self.held_out == held_out] for name, values in self.features.items()}


def cell_of(folder: Path) -> Cell:
    """Return the cell of the network whose activations a folder holds.

    Raises
    ------
    InputError
        If the folder is not named like a recurrent network.
    """
    try:
        return ModelName.parse(folder.name).cell
    except (ValueError, KeyError):
        raise InputError(
            f"{folder}: found a folder of activations {folder.name!r}, expected <cell>-<layers>-<size> with a cell of "
            f"{', '.join(CELLS)}"
        ) from None


def layers_and_states(folder: Path) -> Iterator[tuple[int, Path, Activation]]:
    """Yield every layer of a model, its file of activations, and each state of its cell, the displayed one first.

    Raises
    ------
    InputError
        If the folder is not a model's, or has no layers.
    """
    cell = cell_of(folder)
    for layer, path in layer_files(folder).items():
        for state in cell.analysed_states:
            yield layer, path, cell.by_name[state]


def display_values(activation: Activation, values: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """Return what is displayed of a state, between -1 and 1: its tanh if it is unbounded, otherwise itself.

    Rounded, the tanh of all large values is the same: nothing is ranked by it, and no threshold is set on it.
    """
    wide: np.ndarray = values.astype(dtype)
    return np.tanh(wide) if activation.saturating else wide


def read_rows(features: Path, characters: int) -> Rows:
    """Read the features of the first steps of all streams.

    Parameters
    ----------
    features
        features.parquet.
    characters
        Test characters to take at most.

    Raises
    ------
    InputError
        If there is no stream for one of the halves.
    """
    table = read_features(features)
    stream, step = (table.pop(name) for name in POSITION)
    streams = len(np.unique(stream))
    if len(np.unique(stream % 2)) < 2:
        raise InputError(f"{features}: found {streams} streams, expected at least 2: to choose by, and to report on")
    kept = step < max(characters // streams, 1)
    return Rows(stream, step, kept, stream[kept] % 2 == 1, {name: values[kept] for name, values in table.items()}, features)


def varying(rows: Rows) -> list[str]:
    """Return the features that take more than one value in each half; no unit can be found for the others.

    Raises
    ------
    InputError
        If no feature does.
    """
    halves = [rows.half(False), rows.half(True)]
    names = [name for name in rows.features if all(half[name].min() < half[name].max() for half in halves)]
    if not names:
        raise InputError(f"features: none of {', '.join(rows.features)} takes two values in this text, expected one that does")
    return names


def read_states(path: Path, quantity: str, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Read one state of one layer.

    Parameters
    ----------
    path
        File of the layer's activations.
    quantity
        Name of the state.
    rows
        The characters to take.

    Returns
    -------
    selection, held_out : ndarray
        The half to choose by and the half to report on, each (characters, units) in the stored dtype. Memory holds both and
        one row group.

    Raises
    ------
    InputError
        If the file is corrupt, is of other characters than the features, or holds values that are no number.
    """
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for values, held_out in kept_rows(path, quantity, rows):
        if not np.isfinite(values).all():
            raise InputError(f"{path}: found infinite values or values that are no number in {quantity!r}, expected numbers")
        for half, wanted in zip(halves, (False, True), strict=True):
            half.append(values[held_out == wanted])
    selection, held_out = (np.concatenate(half) for half in halves)
    return selection, held_out


def read_characters(path: Path, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Read the characters.

    Parameters
    ----------
    path, rows
        As of `read_states`.

    Returns
    -------
    selection, held_out : ndarray
        Ids of the characters that were read in both halves, integers (characters of the half,).

    Raises
    ------
    InputError
        If the file is corrupt, or is of other characters than the features.
    """
    characters = np.concatenate([values for values, _ in kept_rows(path, "character", rows)])
    return characters[~rows.held_out], characters[rows.held_out]


def kept_rows(path: Path, name: str, rows: Rows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield of each row group the values of a state, or the characters, at the rows that are kept, and which are held out."""
    read = taken = 0
    for group in row_groups(path, [] if name in DUMP_POSITION else [name]):
        here = slice(read, read + len(group["step"]))
        read = here.stop
        if not all(np.array_equal(group[column], getattr(rows, column)[here]) for column in POSITION):
            reason = f"rows {here.start} to {here.stop} are not those of {rows.path}"
            raise mismatch_error(path, rows.path, reason, same_source=True)
        values = group[name][rows.kept[here]]
        yield values, rows.held_out[taken : taken + len(values)]
        taken += len(values)
    if read != len(rows.stream):
        reason = f"found {read} rows, expected {len(rows.stream)} as in {rows.path}"
        raise mismatch_error(path, rows.path, reason, same_source=True)
