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


def write_layer(folder, layer, streams, steps, quantities, dtype=np.float16):
    """`quantities`: arrays (streams * steps, units) by name; a row group a stream, as a dump has."""
    lists = {
        name: pa.FixedSizeListArray.from_arrays(pa.array(values.astype(dtype).ravel()), values.shape[1])
        for name, values in quantities.items()
    }
    folder.mkdir(exist_ok=True, parents=True)
    character = {"character": np.zeros(streams * steps, np.uint8)}
    table = pa.table(positions(streams, steps) | character | lists)
    pq.write_table(table, folder / f"layer-{layer}.parquet", row_group_size=steps)


def spans(random, characters, mean_length):
    """A yes/no feature that switches at random, the spans between lasting `mean_length` characters on average."""
    return np.cumsum(random.random(characters) < 1 / mean_length) % 2 == 1
