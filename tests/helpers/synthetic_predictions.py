"""Tables of predictions with contents that a test chooses."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def write_one_stream(path, log_prob, predicted=None):
    """Predictions of one stream of equal characters; `log_prob`: float32, `predicted`: uint8 (characters,)."""
    path.parent.mkdir(exist_ok=True, parents=True)
    columns = {
        "stream": np.zeros(len(log_prob), np.int16),
        "step": np.arange(len(log_prob), dtype=np.int32),
        "target": np.zeros(len(log_prob), np.uint8),
        "predicted": np.zeros(len(log_prob), np.uint8) if predicted is None else predicted,
        "log_prob": log_prob,
    }
    pq.write_table(pa.table(columns), path)


def write_rows(path, targets, log_prob):
    """Predictions of a model; `targets`: uint8, `log_prob`: float32, both (streams, steps)."""
    streams, steps = targets.shape
    columns = {
        "stream": np.repeat(np.arange(streams, dtype=np.int16), steps),
        "step": np.tile(np.arange(steps, dtype=np.int32), streams),
        "target": targets.ravel(),
        "predicted": np.zeros(targets.size, np.uint8),
        "log_prob": np.ascontiguousarray(log_prob, dtype=np.float32).ravel(),
    }
    pq.write_table(pa.table(columns), path)
