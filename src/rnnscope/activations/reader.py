"""Read activation dumps back in bounded memory: one row group at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rnnscope.errors import InputError
from rnnscope.storage.parquet import ID_TYPES, open_parquet, read_row_group

POSITION = {"stream": pa.int16(), "step": pa.int32(), "character": ID_TYPES}
PRECISIONS = ("float16", "float32")


def column_name(quantity: str, unit: int) -> str:
    """Return the name of a unit's column: `c_68` is unit 68 of the state c."""
    return f"{quantity}_{unit}"


def units_by_quantity(path: Path) -> dict[str, int]:
    """Return the number of units of every gate and state of a dump, by name, in the order of the equations.

    Raises
    ------
    InputError
        If the file is missing or corrupt.
    """
    with open_parquet(path, POSITION) as file:
        return _units_by_quantity(file)


def row_groups(path: Path, names: list[str]) -> Iterator[dict[str, np.ndarray]]:
    """Yield the row groups of a dump, in stream-then-step order.

    Parameters
    ----------
    path
        A file layer-<l>.parquet.
    names
        Names of the gates and states to read.

    Yields
    ------
    dict
        `stream` int16, `step` int32 and `character` uint8, all (rows,), and every activation of `names` as (rows, units)
        in the stored dtype, float16 or float32. The values of a unit are consecutive in memory.

    Raises
    ------
    InputError
        If the file is missing, truncated or corrupt, or has no such activation.
    """
    with open_parquet(path, POSITION) as file:
        columns = {name: _columns_of(file, name, None, path) for name in names}
        wanted = [*POSITION, *(column for of_name in columns.values() for column in of_name)]
        for group in range(file.num_row_groups):
            table = read_row_group(file, group, wanted, path)
            values = {name: table[name].to_numpy() for name in POSITION}
            yield values | {name: _values(table, of_name) for name, of_name in columns.items()}


def read_units(path: Path, name: str, units: Sequence[int] | None = None) -> np.ndarray:
    """Read one gate or state of a whole dump.

    Parameters
    ----------
    path
        A file layer-<l>.parquet.
    name
        The gate or state.
    units
        The units to read; None for all.

    Returns
    -------
    ndarray of float16 or float32, shape (test characters, units)
        The values of a unit are consecutive in memory, which holds them and one row group.

    Raises
    ------
    InputError
        As `row_groups`, or if there is no such unit.
    """
    with open_parquet(path, POSITION) as file:
        columns = _columns_of(file, name, units, path)
        dtype = file.schema_arrow.field(columns[0]).type.to_pandas_dtype() if columns else np.float32
        values = np.empty((len(columns), file.metadata.num_rows), dtype)
        start = 0
        for group in range(file.num_row_groups):
            table = read_row_group(file, group, columns, path)
            _fill(values[:, start : start + len(table)], table, columns)
            start += len(table)
    return values.T


def layer_files(folder: Path) -> dict[int, Path]:
    """Return the files layer-<l>.parquet of an activations folder by layer, from the lowest up.

    Raises
    ------
    InputError
        If there is none.
    """
    files = dict(sorted((int(path.stem.removeprefix("layer-")), path) for path in folder.glob("layer-*.parquet")))
    if not files:
        raise InputError(f"{folder}: no file layer-<l>.parquet; expected one a layer")
    return files


def _units_by_quantity(file: pq.ParquetFile) -> dict[str, int]:
    """The number of units of every quantity of an open dump."""
    units: dict[str, int] = {}
    for column in file.schema_arrow.names:
        quantity, _, unit = column.rpartition("_")
        if quantity and unit.isdecimal():
            units[quantity] = units.get(quantity, 0) + 1
    return units


def _columns_of(file: pq.ParquetFile, name: str, units: Sequence[int] | None, path: Path) -> list[str]:
    """The columns of some units of a quantity. Raises InputError for one that is not there or holds no floats."""
    widths = _units_by_quantity(file)
    if name not in widths:
        raise InputError(f"{path}: no gate or state {name!r}, found {', '.join(widths) or 'none'}")
    columns = [column_name(name, unit) for unit in (range(widths[name]) if units is None else units)]
    types = dict(zip(file.schema_arrow.names, file.schema_arrow.types, strict=True))
    expected = [pa.type_for_alias(precision) for precision in PRECISIONS]
    for column in columns:
        if column not in types:
            raise InputError(f"{path}: no column {column!r}; found {widths[name]} units of {name!r}")
        if types[column] not in expected or types[column] != types[columns[0]]:
            raise InputError(f"{path}: column {column!r}: found {types[column]}, expected {' or '.join(PRECISIONS)}")
    return columns


def _values(table: pa.Table, columns: list[str]) -> np.ndarray:
    """Some columns of a row group as (rows, columns), each consecutive in memory."""
    dtype = table.schema.field(columns[0]).type.to_pandas_dtype() if columns else np.float32
    values = np.empty((len(columns), len(table)), dtype)
    _fill(values, table, columns)
    return values.T


def _fill(values: np.ndarray, table: pa.Table, columns: list[str]) -> None:
    """Copy columns of a row group to the rows of `values`."""
    for index, column in enumerate(columns):
        values[index] = table[column].to_numpy()
