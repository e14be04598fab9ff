"""Read activation dumps back in bounded memory: one row group at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.errors import InputError
from rnnscope.storage.parquet import open_parquet, read_row_group

POSITION = {"stream": pa.int16(), "step": pa.int32(), "character": pa.uint8()}
# An activation's H values of a row are one value of parquet, their bytes, little-endian: a list of H numbers takes parquet
# ten times as long to write. The metadata of the column names the dtype.
PRECISIONS = ("float16", "float32")
DTYPE = "dtype"


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
        `stream` int16, `step` int32 and `character` uint8, all (rows,), and every activation of `names` as (rows, hidden
        units) in the stored dtype, float16 or float32.

    Raises
    ------
    InputError
        If the file is missing, truncated or corrupt, or has no such activation.
    """
    columns = [*POSITION, *names]
    with open_parquet(path, columns) as file:
        for group in range(file.num_row_groups):
            table = read_row_group(file, group, columns, path)
            values = {name: table[name].to_numpy() for name in POSITION}
            for name in names:
                values[name] = _values(table, name, path)
            yield values


def _values(table: pa.Table, name: str, path: Path) -> np.ndarray:
    """Return an activation of a row group, (rows, H). Raises InputError for a column that is not one."""
    field = table.schema.field(name)
    dtype = (field.metadata or {}).get(DTYPE.encode(), b"none").decode()
    if dtype not in PRECISIONS or not pa.types.is_fixed_size_binary(field.type):
        raise InputError(
            f"{path}: column {name!r}: found {field.type}, dtype {dtype}; expected the bytes of {' or '.join(PRECISIONS)}"
        )
    array = table[name].combine_chunks()
    little_endian = np.dtype(dtype).newbyteorder("<")
    width = field.type.byte_width // little_endian.itemsize
    data = array.buffers()[1] or b""
    return np.frombuffer(data, little_endian, len(array) * width, array.offset * field.type.byte_width).reshape(-1, width)


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
