"""How often each gate unit is saturated over the test set (paper section 4, F3).

A gate activation is right-saturated above 0.9 and left-saturated below 0.1.
"""

import argparse
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.activations.reader import layer_files, row_groups
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.tables import write_csv

GATES = {"lstm": {"i": "input", "f": "forget", "o": "output"}, "gru": {"z": "update", "r": "reset"}}
LEFT_BELOW, RIGHT_ABOVE = 0.1, 0.9
MOSTLY_ABOVE = 0.9  # of the test characters

log = logging.getLogger(__name__)


def saturated_counts(activations: np.ndarray) -> np.ndarray:
    """Count the saturated rows of each unit: `activations` (rows, units) -> int64 (2, units), right then left.

    The limits are rounded to the dtype of the activations before they are compared, so that a stored 0.9 or 0.1 is
    never saturated. In float16 that makes a limit, as it falls on the true activation, wrong by at most 1.5e-4.
    """
    left, right = activations.dtype.type(LEFT_BELOW), activations.dtype.type(RIGHT_ABOVE)
    return np.stack([np.count_nonzero(activations > right, axis=0), np.count_nonzero(activations < left, axis=0)])


def count_saturated(groups: Iterable[dict[str, np.ndarray]], gates: list[str]) -> tuple[int, dict[str, np.ndarray]]:
    """Count rows, and for each gate the saturated rows of each unit: int64 (2, units), right then left.

    `groups` are blocks of rows, each gate an array (rows, units). The counts are exact whatever the blocks.
    """
    rows = 0
    counts: dict[str, np.ndarray] = {}
    for group in groups:
        rows += len(group[gates[0]])
        for gate in gates:
            counts[gate] = counts.get(gate, 0) + saturated_counts(group[gate])
    return rows, counts


def layer_table(path: Path, gates: dict[str, str]) -> pd.DataFrame:
    """The fractions of one layer's file, a row a gate unit: gate, unit, right_fraction, left_fraction.

    Memory is bounded by one row group. Raises InputError when the file is missing, damaged or empty.
    """
    rows, counts = count_saturated(row_groups(path, list(gates)), list(gates))
    if rows == 0:
        raise InputError(f"{path}: no rows; expected a row a test character")
    tables = []
    for gate, name in gates.items():
        right, left = counts[gate] / rows
        units = {"gate": name, "unit": np.arange(len(right)), "right_fraction": right, "left_fraction": left}
        tables.append(pd.DataFrame(units))
    return pd.concat(tables)


def saturation(folder: Path) -> pd.DataFrame:
    """The table of one model, a row a gate unit, from its activations folder `<cell>-<layers>-<size>`.

    Raises InputError when the model has no gates, or a file is missing, damaged or empty.
    """
    cell = folder.name.partition("-")[0]
    if cell not in GATES:
        raise InputError(f"{folder}: found a model of cell {cell!r}, expected one with gates: {', '.join(GATES)}")
    files = layer_files(folder)
    tables = []
    for layer, path in files.items():
        log.info("%s: layer %d of %d", folder.name, layer, len(files))
        table = layer_table(path, GATES[cell])
        table.insert(0, "model", folder.name)
        table.insert(1, "cell", cell)
        table.insert(2, "layer", layer)
        tables.append(table)
    return pd.concat(tables)


def count_units(table: pd.DataFrame) -> pd.DataFrame:
    """How many units of each gate are mostly or always saturated, a row a model, layer and gate, from the table of units."""
    flags = table.assign(
        mostly_right=table["right_fraction"] > MOSTLY_ABOVE,
        mostly_left=table["left_fraction"] > MOSTLY_ABOVE,
        always_right=table["right_fraction"] == 1,
        always_left=table["left_fraction"] == 1,
        saturated=table["right_fraction"] + table["left_fraction"],
    )
    counts = flags.groupby(["model", "cell", "layer", "gate"], sort=False).agg(
        units=("unit", "size"),
        mostly_right=("mostly_right", "sum"),
        mostly_left=("mostly_left", "sum"),
        always_right=("always_right", "sum"),
        always_left=("always_left", "sum"),
        mean_saturated_fraction=("saturated", "mean"),
    )
    return counts.reset_index()


def main() -> None:
    """Write the fractions of every gate unit of the models given, and how many units are mostly saturated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--activations", type=Path, action="append", required=True, metavar="FOLDER", help="<model>/; give it once a model"
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV to write, a row a gate unit")
    parser.add_argument("--counts", type=Path, required=True, help="CSV to write, a row a layer and gate")
    arguments = parser.parse_args()
    table = pd.concat([saturation(folder) for folder in arguments.activations])
    write_csv(table, arguments.out)
    write_csv(count_units(table), arguments.counts)


if __name__ == "__main__":
    run(main)
