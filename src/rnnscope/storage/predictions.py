"""What a model says of every test character: one schema for recurrent networks, n-grams and n-NNs.

Row (s, t), in stream-then-step order, is the prediction of column t + 1 of row s of `test.npy`.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.storage.parquet import read_parquet, write_parquet

SCHEMA = pa.schema(
    [
        ("stream", pa.int16()),
        ("step", pa.int32()),
        ("target", pa.uint8()),
        ("log_prob", pa.float32()),  # of the target, nats
    ]
)


def write_predictions(path: Path, test: np.ndarray, log_prob: np.ndarray) -> None:
    """Write the log-probabilities of the correct test characters as a table of the columns in `SCHEMA`.

    test: uint8 ids (streams, steps + 1), at most 32768 streams. log_prob: float (streams, steps), nats. Raises
    ValueError when the shapes disagree.
    """
    streams, steps = test.shape[0], test.shape[1] - 1
    if log_prob.shape != (streams, steps):
        raise ValueError(f"log_prob: found shape {log_prob.shape}, expected {(streams, steps)}")
    columns = {
        "stream": np.repeat(np.arange(streams), steps),
        "step": np.tile(np.arange(steps), streams),
        "target": test[:, 1:].ravel(),
        "log_prob": log_prob.astype(np.float32).ravel(),
    }
    write_parquet(pa.table(columns, schema=SCHEMA), path)


def read_predictions(path: Path) -> pa.Table:
    """Read a table of predictions, with the columns in `SCHEMA`. Raises InputError naming the file when it is no such table."""
    return read_parquet(path, SCHEMA.names)


def read_log_prob(path: Path) -> np.ndarray:
    """Read the log-probabilities alone: float32 (characters,), nats. Raises InputError naming the file when it has none."""
    log_prob: np.ndarray = read_parquet(path, ["log_prob"])["log_prob"].to_numpy()
    return log_prob
