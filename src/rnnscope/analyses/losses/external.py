"""Take over predictions of the test part that another program made: a transformer, a compressor, anything.

They are checked here, so that every comparison can rely on them: the rows and targets of the test part, and log-probabilities.
"""

import logging
from pathlib import Path

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.errors import InputError
from rnnscope.storage.parquet import open_parquet
from rnnscope.storage.predictions import SCHEMA, read_predictions, write_predictions

# A probability of 1 that was rounded may have a logarithm just above 0.
ABOVE_ZERO = 1e-5

log = logging.getLogger(__name__)


def read_external(path: Path, split: Split) -> np.ndarray:
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

    Raises
    ------
    InputError
        If the file is missing or corrupt, lacks a column, is of other characters or holds no log-probabilities.
    """
    with open_parquet(path, SCHEMA.names) as file:
        for name in SCHEMA.names:
            found, wanted = file.schema_arrow.field(name).type, "a float" if name == "log_prob" else "an integer"
            if not _is_number(str(found), name == "log_prob"):
                raise InputError(f"{path}: column {name!r}: found {found}, expected {wanted} type")
    predictions = read_predictions(path)
    split.check_aligned(path, predictions.targets)
    log_prob = predictions.log_prob
    wrong = ~(log_prob <= ABOVE_ZERO) | ~np.isfinite(log_prob)
    if wrong.any():
        stream, step = (int(index) for index in np.argwhere(wrong)[0])
        raise InputError(
            f"{path}: found {log_prob[stream, step]} as log_prob in stream {stream}, step {step}, expected the logarithm of a "
            "probability, nats: finite and at most 0"
        )
    return np.minimum(log_prob, 0).astype(np.float32)


def main(split: Path, predictions: Path, out: Path) -> None:
    """Check predictions that another program made, and write them as those of a model.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions
        Parquet file of the other program: stream, step, target and log_prob of every test character.
    out
        Parquet file to write.
    """
    opened = read_split(split)
    log_prob = read_external(predictions, opened)
    log.info("%s: test loss %.4f nats per character", predictions, -log_prob.mean(dtype=np.float64))
    write_predictions(out, opened.part("test"), log_prob)


def _is_number(kind: str, is_float: bool) -> bool:
    return kind in ("float", "double", "halffloat") if is_float else kind.startswith(("int", "uint"))


if __name__ == "__main__":
    run(main)
