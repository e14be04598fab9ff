"""Tables of features and activations with contents of a test's own."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def positions(streams, steps):
    return {
        "stream": np.repeat(np.arange(streams, dtype=np.int16), steps),
        "step": np.tile(np.arange(steps, dtype=np.int32), streams),
    }


def write_features(path, streams, steps, features):
    """`features`: arrays (streams * steps,) by name."""
    pq.write_table(pa.table(positions(streams, steps) | features), path)
    return path


def write_layer(folder, layer, streams, steps, quantities, dtype=np.float16, characters=0):
    """`quantities`: arrays (streams * steps, units) by name; a row group a stream, as a dump has."""
    folder.mkdir(exist_ok=True, parents=True)
    character = {"character": np.broadcast_to(characters, streams * steps).astype(np.uint8)}
    table = with_quantities(positions(streams, steps) | character, quantities, dtype)
    pq.write_table(table, folder / f"layer-{layer}.parquet", row_group_size=steps)


def with_quantities(columns, quantities, dtype=np.float16):
    """A table of these columns and a column for each unit of each quantity, (rows, units)."""
    units = {
        f"{name}_{unit}": column.astype(dtype) for name, values in quantities.items() for unit, column in enumerate(values.T)
    }
    return pa.table(columns | units)


def quantity_of(table, name):
    """The values of a quantity in a table read with pyarrow, (rows, units)."""
    units = sum(column.startswith(f"{name}_") for column in table.column_names)
    return np.stack([table[f"{name}_{unit}"].to_numpy() for unit in range(units)], axis=1)


def spans(random, characters, mean_length):
    """A yes/no feature that switches at random, the spans between lasting `mean_length` characters on average."""
    return np.cumsum(random.random(characters) < 1 / mean_length) % 2 == 1
