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
from rnnscope.storage.parquet import ID_TYPES, open_parquet, read_parquet, write_parquet

COLUMNS = (
    Column("stream", "int16", "row s of the part's streams, such as `test.npy`"),
    Column("step", "int32", "t: the prediction was made after column t was read"),
    Column("target", "uint8", "id of the correct character, column t + 1; uint16 where the ids have 16 bits"),
    Column(
        "predicted",
        "uint8",
        "id of the character that the model gave the highest probability, the lowest id of equals; uint16 as `target`; "
        "absent from external predictions that lack it, and of the names `realisable-...`",
    ),
    Column("log_prob", "float32", "logarithm of the probability that the model gave to the target, nats"),
)
declare("predictions/<model>.parquet", "A row a test character. All models have the same rows in the same order.", COLUMNS)
declare(
    "predictions/validation/<model>.parquet",
    "The same of the validation part, whose rows are those of `validation.npy`: of the n-gram model of `comparisons: ngram`.",
    COLUMNS,
)

SCHEMA = pa.schema([(column.name, pa.type_for_alias(column.kind)) for column in COLUMNS])
REQUIRED = [name for name in SCHEMA.names if name != "predicted"]
COLUMNS_OF_MODEL = ("target", "predicted", "log_prob")
ID_COLUMNS = ("target", "predicted")


def schema_of(ids: npt.DTypeLike) -> pa.Schema:
    """Return the schema of predictions of characters whose ids have a dtype, uint8 or uint16."""
    kind = pa.from_numpy_dtype(np.dtype(ids))
    return pa.schema([field.with_type(kind) if field.name in ID_COLUMNS else field for field in SCHEMA])


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model.

    Parameters
    ----------
    targets : ndarray of uint8 or uint16, shape (streams, steps)
        Ids of the correct characters.
    predicted : ndarray of uint8 or uint16, shape (streams, steps), or None
        Ids of the most likely characters; None for external predictions that lack them.
    log_prob : ndarray of float32, shape (streams, steps)
        Logarithms of the probabilities of the correct characters, nats.
    """

    targets: np.ndarray
    predicted: np.ndarray | None
    log_prob: np.ndarray


def predictions_path(folder: Path, model: str) -> Path:
    """Return the file of a model's predictions in the folder of all predictions."""
    return folder / f"{model}.parquet"


def validation_path(folder: Path, model: str) -> Path:
    """Return the file of a model's predictions of the validation part, in the folder of all predictions."""
    return predictions_path(folder / "validation", model)


def write_predictions(path: Path, test: np.ndarray, log_prob: np.ndarray, predicted: np.ndarray | None) -> None:
    """Write the predictions of one model.

    Parameters
    ----------
    path
        The parquet file to write.
    test : ndarray of uint8 or uint16, shape (streams, steps + 1)
        Ids of the test part, or of another one, at most 32768 streams.
    log_prob : ndarray of float, shape (streams, steps)
        Log-probabilities of the correct characters, nats.
    predicted : ndarray of int, shape (streams, steps), or None
        Ids of the most likely characters; None leaves out the column.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    streams, steps = test.shape[0], test.shape[1] - 1
    for name, values in (("log_prob", log_prob), ("predicted", predicted)):
        if values is not None and values.shape != (streams, steps):
            raise ValueError(f"{name}: found shape {values.shape}, expected {(streams, steps)}")
    columns = {
        "stream": np.repeat(np.arange(streams), steps),
        "step": np.tile(np.arange(steps), streams),
        "target": test[:, 1:].ravel(),
        "log_prob": log_prob.astype(np.float32).ravel(),
    }
    if predicted is not None:
        columns["predicted"] = predicted.astype(test.dtype).ravel()
    write_parquet(pa.table(columns, schema=_only(schema_of(test.dtype), list(columns))), path)


def _only(schema: pa.Schema, names: list[str]) -> pa.Schema:
    """Return the fields of a schema that have some names, in the order of the schema."""
    return pa.schema([field for field in schema if field.name in names])


def read_predictions(path: Path) -> Predictions:
    """Read the predictions of one model.

    Raises
    ------
    InputError
        If the file is missing, corrupt or empty, or if its rows are not in stream-then-step order.
    """
    with open_parquet(path, REQUIRED) as file:
        ids, names = file.schema_arrow.field("target").type, file.schema_arrow.names
    schema = _only(schema_of(ids.to_pandas_dtype()) if ids in ID_TYPES else SCHEMA, names)
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
    columns = {name: table[name].to_numpy().reshape(streams, steps) for name in table.column_names if name in COLUMNS_OF_MODEL}
    return Predictions(columns["target"], columns.get("predicted"), columns["log_prob"])


def read_log_prob(path: Path) -> np.ndarray:
    """Read the log-probabilities alone: float32 (test characters,), nats. Raises InputError as `read_predictions` does."""
    return read_predictions(path).log_prob.ravel()


def read_accuracy(path: Path) -> float:
    """Read how often the most likely character was the correct one, from 0 to 1. Raises InputError as `read_predictions` does."""
    predictions = read_predictions(path)
    if predictions.predicted is None:
        raise corrupt_file_error(path, "no column 'predicted'")
    return float(np.mean(predictions.predicted == predictions.targets))


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
    """Read the log-probabilities of some models, float32 (streams, steps), as `read_aligned_predictions` does."""
    return (predictions.log_prob for predictions in read_aligned_predictions(folder, models))


def read_aligned_predictions(folder: Path, models: list[str]) -> Iterator[Predictions]:
    """Read the predictions of some models, one after another.

    Parameters
    ----------
    folder
        Holds `<model>.parquet` of each.
    models
        Their names.

    Yields
    ------
    Predictions
        Of the same characters each.

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
        yield predictions
