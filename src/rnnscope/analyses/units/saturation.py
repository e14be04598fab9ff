"""How often each gate unit is saturated over the test set (paper section 4, F3).

A gate activation is right-saturated above 0.9 and left-saturated below 0.1.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.activations.reader import layer_files, row_groups
from rnnscope.analyses.units.units import MODEL_COLUMNS, cell_of
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

LEFT_BELOW, RIGHT_ABOVE = 0.1, 0.9
MOSTLY_ABOVE = 0.9  # of the test characters

GATE_COLUMNS = (*MODEL_COLUMNS, Column("gate", "text", "what figures call the gate: `input`, `forget`, `update` and so on"))
SATURATION = Table(
    "analyses/saturation.csv",
    "Figure F3: one row a gate unit. The limits are rounded to the dtype in which activations are stored before they are "
    "compared, so that a stored 0.9 or 0.1 counts on neither side; in float16 that moves a limit by at most 0.00015.",
    (
        *GATE_COLUMNS,
        Column("unit", "integer", "index in the activations, from 0"),
        Column("right_fraction", "number", "fraction of test characters with an activation above 0.9"),
        Column("left_fraction", "number", "fraction of test characters with an activation below 0.1"),
    ),
)
SATURATION_COUNTS = Table(
    "analyses/saturation_counts.csv",
    "How many gate units are saturated most of the time: one row a model, layer and gate.",
    (
        *GATE_COLUMNS,
        Column("units", "integer", "units of the gate"),
        Column("mostly_right", "integer", "units right-saturated for more than 0.9 of the test characters"),
        Column("mostly_left", "integer", "units left-saturated for more than 0.9 of them"),
        Column("always_right", "integer", "units right-saturated for all of them"),
        Column("always_left", "integer", "units left-saturated for all of them"),
        Column("mean_saturated_fraction", "number", "fraction of test characters saturated on either side, mean over the units"),
    ),
)

log = logging.getLogger(__name__)


def saturated_counts(activations: np.ndarray) -> np.ndarray:
    """Count the saturated rows of each unit.

    Parameters
    ----------
    activations
        Float (rows, units), in the dtype in which they are stored.

    Returns
    -------
    ndarray
        Int64 (2, units): right-saturated, then left-saturated.

    Notes
    -----
    The limits are rounded to the dtype of the activations before they are compared, so that a stored 0.9 or 0.1 is never
    saturated. In float16 a limit, as it applies to the true activation, is then wrong by at most 1.5e-4.
    """
    left, right = activations.dtype.type(LEFT_BELOW), activations.dtype.type(RIGHT_ABOVE)
    return np.stack([np.count_nonzero(activations > right, axis=0), np.count_nonzero(activations < left, axis=0)])


def count_saturated(groups: Iterable[dict[str, np.ndarray]], gates: list[str]) -> tuple[int, dict[str, np.ndarray]]:
    """Count rows, and the saturated rows of each unit of each gate.

    Parameters
    ----------
    groups
        Blocks of rows: each gate an array (rows, units). The counts do not depend on how rows are cut into blocks.
    gates
        Names of the gates.

    Returns
    -------
    rows : int
        Number of rows.
    counts : dict of str to ndarray
        By gate, int64 (2, units): right-saturated, then left-saturated.
    """
    rows = 0
    counts: dict[str, np.ndarray] = {}
    for group in groups:
        rows += len(group[gates[0]])
        for gate in gates:
            counts[gate] = counts.get(gate, 0) + saturated_counts(group[gate])
    return rows, counts


def layer_table(path: Path, gates: dict[str, str]) -> pd.DataFrame:
    """Return `gate`, `unit` and the fractions of one layer, one row a gate unit.

    Parameters
    ----------
    path
        File of the layer's activations. Memory holds one row group of it.
    gates
        What figures call each gate, by its name.

    Raises
    ------
    InputError
        If the file is missing, corrupt or empty.
    """
    rows, counts = count_saturated(row_groups(path, list(gates)), list(gates))
    if rows == 0:
        raise InputError(f"{path}: no rows; expected a row a test character")
    tables = []
    for gate, title in gates.items():
        right, left = counts[gate] / rows
        units = {"gate": title, "unit": np.arange(len(right)), "right_fraction": right, "left_fraction": left}
        tables.append(pd.DataFrame(units))
    return pd.concat(tables)


def saturation(folder: Path) -> pd.DataFrame:
    """Return the rows of one model in `SATURATION`.

    Parameters
    ----------
    folder
        Its activations, in a folder named like it.

    Raises
    ------
    InputError
        If the model has no gates, or a file is missing, corrupt or empty.
    """
    cell = cell_of(folder)
    if not cell.gates:
        gated = ", ".join(name for name, facts in CELLS.items() if facts.gates)
        raise InputError(f"{folder}: found a model of cell {cell.name!r}, expected one with gates: {gated}")
    files = layer_files(folder)
    tables = []
    for layer, path in files.items():
        log.info("%s: layer %d of %d", folder.name, layer, len(files))
        tables.append(layer_table(path, cell.gates).assign(model=folder.name, cell=cell.name, layer=layer))
    return pd.concat(tables)


def count_units(table: pd.DataFrame) -> pd.DataFrame:
    """Return `SATURATION_COUNTS` from `SATURATION`."""
    flags = table.assign(
        mostly_right=table["right_fraction"] > MOSTLY_ABOVE,
        mostly_left=table["left_fraction"] > MOSTLY_ABOVE,
        always_right=table["right_fraction"] == 1,
        always_left=table["left_fraction"] == 1,
        saturated=table["right_fraction"] + table["left_fraction"],
    )
    counts = flags.groupby([column.name for column in GATE_COLUMNS], sort=False).agg(
        units=("unit", "size"),
        mostly_right=("mostly_right", "sum"),
        mostly_left=("mostly_left", "sum"),
        always_right=("always_right", "sum"),
        always_left=("always_left", "sum"),
        mean_saturated_fraction=("saturated", "mean"),
    )
    return counts.reset_index()


def main(activations: list[Path], out: Path, counts: Path) -> None:
    """Write how often every gate unit is saturated, and how many units are so most of the time.

    Parameters
    ----------
    activations
        Folders of the activations of models with gates, each named like its model.
    out
        CSV file to write, one row a gate unit.
    counts
        CSV file to write, one row a layer and gate.
    """
    table = pd.concat([saturation(folder) for folder in activations])
    SATURATION.write(table, out)
    SATURATION_COUNTS.write(count_units(table), counts)


if __name__ == "__main__":
    run(main)
