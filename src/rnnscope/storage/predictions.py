"""What a model says of every test character: one schema for recurrent networks, n-gram models and n-NNs.

Row (s, t), in stream-then-step order, is the prediction of column t + 1 of row s of `test.npy`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import corrupt_file_error, mismatch_error
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet

COLUMNS = (
    Column("stream", "int16", "row s of `test.npy`"),
    Column("step", "int32", "t: the prediction was made after column t was read"),
    Column("target", "uint8", "id of the correct character, column t + 1; uint16 where the ids have 16 bits"),
    Column("log_prob", "float32", "logarithm of the probability that the model gave to the target, nats"),
)
declare("predictions/<model>.parquet", "A row a test character. All models have the same rows in the same order.", COLUMNS)

SCHEMA = pa.schema([(column.name, pa.type_for_alias(column.kind)) for column in COLUMNS])
ID_TYPES = (pa.uint8(), pa.uint16())


def schema_of(ids: npt.DTypeLike) -> pa.Schema:
    """Return the schema of predictions of characters whose ids have a dtype, uint8 or uint16."""
    index = SCHEMA.get_field_index("target")
    return SCHEMA.set(index, pa.field("target", pa.from_numpy_dtype(np.dtype(ids))))


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model.

    Parameters
    ----------
    targets : ndarray of uint8 or uint16, shape (streams, steps)
        Ids of the correct characters.
    log_prob : ndarray of float32, shape (streams, steps)
        Logarithms of their probabilities, nats.
    """

    targets: np.ndarray
    log_prob: np.ndarray


def predictions_path(folder: Path, model: str) -> Path:
    """Return the file of a model's predictions in the folder of all predictions."""
    return folder / f"{model}.parquet"


def write_predictions(path: Path, test: np.ndarray, log_prob: np.ndarray) -> None:
    """Write the predictions of one model.

    Parameters
    ----------
    path
        The parquet file to write.
    test : ndarray of uint8 or uint16, shape (streams, steps + 1)
        Ids of the test part, at most 32768 streams.
    log_prob : ndarray of float, shape (streams, steps)
        Log-probabilities of the correct characters, nats.

    Raises
    ------
    ValueError
        If the shapes disagree.
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
    write_parquet(pa.table(columns, schema=schema_of(test.dtype)), path)


def read_predictions(path: Path) -> Predictions:
    """Read the predictions of one model.

    Raises
    ------
    InputError
        If the file is missing, corrupt or empty, or if its rows are not in stream-then-step order.
    """
    with open_parquet(path, SCHEMA.names) as file:
        ids = file.schema_arrow.field("target").type
    schema = schema_of(ids.to_pandas_dtype()) if ids in ID_TYPES else SCHEMA
    return arranged(read_parquet(path, dict(zip(schema.names, schema.types, strict=True))), path)


def arranged(table: pa.Table, path: Path) -> Predictions:
    """Return the predictions of a table, by stream and step.

    Raises
    ------
    InputError
        If it is empty or its rows are not in stream-then-step order.
    """
    stream, step = table["stream"].to_numpy(), table["step"].to_numpy()
    if not len(stream):
        raise InputError(f"{path}: no rows; expected a row a test character")
    streams, steps = int(stream[-1]) + 1, int(step[-1]) + 1
    rows = np.arange(len(stream))
    if len(stream) != streams * steps or (stream != rows // steps).any() or (step != rows % steps).any():
        raise corrupt_file_error(path, "the rows are not all steps of stream 0, then of stream 1, ...")
    targets, log_prob = (table[name].to_numpy().reshape(streams, steps) for name in ("target", "log_prob"))
    return Predictions(targets, log_prob)


def read_log_prob(path: Path) -> np.ndarray:
    """Read the log-probabilities alone: float32 (test characters,), nats. Raises InputError as `read_predictions` does."""
    return read_predictions(path).log_prob.ravel()


def check_targets(path: Path, targets: np.ndarray, expected: np.ndarray, source: Path, *, same_source: bool = False) -> None:
    """Check that predictions are of the characters that another file says.

    Parameters
    ----------
    path
        The file of the predictions, for the message.
    targets, expected : ndarray of uint8, shape (streams, steps)
        Ids of the characters.
    source
        The file of `expected`, for the message.
    same_source
        Whether `source` are predictions too, not the test part.

    Raises
    ------
    InputError
        If they are others; it names the file that is damaged or stale.
    """
    if not np.array_equal(targets, expected):
        reason = f"its targets are not the {expected.size} of {source}"
        raise mismatch_error(path, source, reason, same_source=same_source)


def read_aligned(folder: Path, models: list[str]) -> Iterator[np.ndarray]:
    """Read the log-probabilities of some models, one after another.

    Parameters
    ----------
    folder
        Holds `<model>.parquet` of each.
    models
        Their names.

    Yields
    ------
    log_prob : ndarray of float32, shape (streams, steps)
        In nats.

    Raises
    ------
    InputError
        If a file is missing or corrupt, or predicts other characters than the first one.
    """
    first = predictions_path(folder, models[0])
    expected = None
    for model in models:
        path = predictions_path(folder, model)
        predictions = read_predictions(path)
        expected = predictions.targets if expected is None else expected
        check_targets(path, predictions.targets, expected, first, same_source=True)
        yield predictions.log_prob
