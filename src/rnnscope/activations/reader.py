"""Read activation dumps back in bounded memory: one row group at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnscope.errors import InputError
from rnnscope.parquet import open_parquet, read_row_group

POSITION = ("stream", "step", "character")


def row_groups(path: Path, quantities: list[str]) -> Iterator[dict[str, np.ndarray]]:
    """Yield the row groups of a dump, in stream-then-step order.

    Each is a dict of `stream` int16, `step` int32 and `character` uint8, all (rows,), and of every asked-for quantity
    (gate or state) as (rows, hidden units) in the stored dtype, float16 or float32. Raises InputError naming the
    file when it is missing, truncated, damaged or lacks a quantity.
    """
    columns = [*POSITION, *quantities]
    with open_parquet(path, columns) as file:
        for group in range(file.num_row_groups):
            table = read_row_group(file, group, columns, path)
            values = {name: table[name].to_numpy() for name in POSITION}
            for name in quantities:
                array = table[name].combine_chunks()
                values[name] = array.flatten().to_numpy(zero_copy_only=False).reshape(-1, array.type.list_size)
            yield values


def layer_files(folder: Path) -> dict[int, Path]:
    """The files layer-<l>.parquet of an activations folder by layer, from the lowest up. Raises InputError without any."""
    files = dict(sorted((int(path.stem.removeprefix("layer-")), path) for path in folder.glob("layer-*.parquet")))
    if not files:
        raise InputError(f"{folder}: no file layer-<l>.parquet; expected one a layer")
    return files
