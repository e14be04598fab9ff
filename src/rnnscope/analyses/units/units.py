"""The states of every unit of a model, half by half: one half of the streams to choose by, the other to report on.

What is chosen as the best of thousands of units flatters itself on the characters it was chosen by. So every choice is
made on the streams of even number, and every score that is reported comes from those of odd number.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnscope.activations.reader import layer_files, row_groups
from rnnscope.analyses.units.features import POSITION, read_features
from rnnscope.errors import InputError

# The states of a cell that a later step or layer can read; of an LSTM's c, tanh(c) is meant, as it shows itself.
QUANTITIES = {"lstm": ("c", "h"), "gru": ("h",), "rnn": ("h",)}


@dataclass(frozen=True)
class Rows:
    """Which test characters are scored: `stream` and `step` of all, and which are `kept`, each (test characters,).

    `features` are those of the kept ones by name, (kept,); `held_out` says which of these are in the half to report on.
    """

    stream: np.ndarray
    step: np.ndarray
    kept: np.ndarray
    held_out: np.ndarray
    features: dict[str, np.ndarray]

    def half(self, held_out: bool) -> dict[str, np.ndarray]:
        """The features of one half, (characters of it,)."""
        return {name: values[self.held_out == held_out] for name, values in self.features.items()}


def add_unit_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command line what every analysis of units reads: --features, --activations (a list of folders), --characters."""
    parser.add_argument("--features", type=Path, required=True, help="features.parquet")
    parser.add_argument(
        "--activations", type=Path, action="append", required=True, metavar="FOLDER", help="<model>/; give it once a model"
    )
    parser.add_argument("--characters", type=int, required=True, help="test characters to use, at most")


def read_rows(features: Path, characters: int) -> Rows:
    """Read the features of at most `characters` test characters: the first steps, as many of every stream.

    Raises InputError when there is no stream for one of the halves.
    """
    table = read_features(features)
    stream, step = (table.pop(name) for name in POSITION)
    if len(np.unique(stream % 2)) < 2:
        raise InputError(
            f"{features}: found {len(np.unique(stream))} streams, expected at least 2: to choose by, and to report on"
        )
    kept = step < max(characters // len(np.unique(stream)), 1)
    return Rows(stream, step, kept, stream[kept] % 2 == 1, {name: values[kept] for name, values in table.items()})


def varying(rows: Rows) -> list[str]:
    """The features that take more than one value in each half: there is nothing to find of the others.

    Raises InputError when there is none.
    """
    halves = [rows.half(False), rows.half(True)]
    names = [name for name in rows.features if all(half[name].min() < half[name].max() for half in halves)]
    if not names:
        raise InputError(f"features: none of {', '.join(rows.features)} takes two values in this text, expected one that does")
    return names


def read_states(path: Path, quantity: str, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Read one quantity of one layer: the half to choose by and that to report on, each (characters, units) as stored.

    Memory: both halves and one row group. Raises InputError when the file is damaged, is about other characters than
    the features are, or holds what is no number.
    """
    halves: tuple[list, list] = ([], [])
    place = taken = 0
    for group in row_groups(path, [quantity]):
        here = slice(place, place + len(group["step"]))
        place = here.stop
        if not all(np.array_equal(group[name], getattr(rows, name)[here]) for name in POSITION):
            raise InputError(f"{path}: rows {here.start} to {here.stop} are not those of the features; one of the two is stale")
        values = group[quantity][rows.kept[here]]
        if not np.isfinite(values).all():
            raise InputError(f"{path}: found infinite values or values that are no number in {quantity!r}, expected numbers")
        held_out = rows.held_out[taken : taken + len(values)]
        taken += len(values)
        for half, wanted in zip(halves, (False, True), strict=True):
            half.append(values[held_out == wanted])
    if place != len(rows.stream):
        raise InputError(f"{path}: found {place} rows, expected {len(rows.stream)} as in the features; one of the two is stale")
    selection, held_out = (np.concatenate(half) for half in halves)
    return selection, held_out


def display_values(quantity: str, values: np.ndarray) -> np.ndarray:
    """What of a state is looked at: tanh of an LSTM's c, everything else as it is; float32 between -1 and 1."""
    single = values.astype(np.float32)
    return np.tanh(single) if quantity == "c" else single


def layers_and_quantities(folder: Path) -> Iterator[tuple[int, Path, str]]:
    """Every layer of a model's activations folder `<cell>-<layers>-<size>`, its file, and each of its states.

    Raises InputError when the folder is not a model's, or has no layers.
    """
    cell = folder.name.partition("-")[0]
    if cell not in QUANTITIES:
        raise InputError(f"{folder}: found a model of cell {cell!r}, expected one of {', '.join(QUANTITIES)}")
    for layer, path in layer_files(folder).items():
        for quantity in QUANTITIES[cell]:
            yield layer, path, quantity
