"""Take over predictions of the test part that another program made: a transformer, a compressor, anything.

They are checked here, so that every comparison can rely on them: the rows and targets of the test part, and log-probabilities.
"""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.errors import InputError
from rnnscope.storage.files import from_elsewhere
from rnnscope.storage.parquet import open_parquet, read_parquet
from rnnscope.storage.predictions import REQUIRED, SCHEMA, arranged, write_predictions

# A probability of 1 that was rounded may have a logarithm just above 0.
ABOVE_ZERO = 1e-5

log = logging.getLogger(__name__)


def read_external(path: Path, split: Split) -> tuple[np.ndarray, np.ndarray | None]:
    """Read predictions that another program wrote.

    Parameters
    ----------
    path
        Parquet with the columns of predictions; integers and floats of any width.
    split
        The split that they are of.

    Returns
    -------
    log_prob : ndarray of float32, shape (streams, steps)
        In nats.
    predicted : ndarray of int, shape (streams, steps), or None
        Ids of the most likely characters, where the file has them.

    Raises
    ------
    InputError
        If the file is missing or corrupt, lacks a column, is of other characters or holds no log-probabilities.
    """
    with open_parquet(path, REQUIRED) as file:
        columns = [name for name in SCHEMA.names if name in file.schema_arrow.names]
    table = read_parquet(path, columns)
    for name in columns:
        found = table.schema.field(name).type
        if not (pa.types.is_floating if name == "log_prob" else pa.types.is_integer)(found):
            raise InputError(
                f"{path}: column {name!r}: found {found}, expected {'a float' if name == 'log_prob' else 'an integer'}"
            )
    predictions = arranged(table, path)
    split.check_aligned(path, predictions.targets)
    log_prob = predictions.log_prob
    wrong = ~(log_prob <= ABOVE_ZERO) | ~np.isfinite(log_prob)
    if wrong.any():
        stream, step = (int(index) for index in np.argwhere(wrong)[0])
        raise InputError(
            f"{path}: found {log_prob[stream, step]} as log_prob in stream {stream}, step {step}, expected the logarithm of a "
            "probability, nats: finite and at most 0"
        )
    predicted, K = predictions.predicted, len(split.vocabulary)
    if predicted is not None and not (predicted.min() >= 0 and predicted.max() < K):
        raise InputError(f"{path}: found {predicted.max()} as predicted, expected ids from 0 to {K - 1}, as in the split")
    return np.minimum(log_prob, 0).astype(np.float32), predicted


def main(split: Path, predictions: Path, out: Path) -> None:
    """Check predictions that another program made, and write them as those of a model.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions
        Parquet file of the other program: stream, step, target and log_prob of every test character, and predicted if known.
    out
        Parquet file to write.
    """
    opened = read_split(split)
    with from_elsewhere(predictions):
        log_prob, predicted = read_external(predictions, opened)
    log.info("%s: test loss %.4f nats per character", predictions, -log_prob.mean(dtype=np.float64))
    write_predictions(out, opened.part("test"), log_prob, predicted)


if __name__ == "__main__":
    run(main)
