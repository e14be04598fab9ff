"""Tables of predictions: what is written, row by row, and how a bad one is reported."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.errors import InputError
from rnnscope.storage.parquet import write_parquet
from rnnscope.storage.predictions import read_aligned, read_log_prob, read_predictions, write_predictions

TEST = np.array([[5, 1, 2, 3], [3, 7, 255, 0]], dtype=np.uint8)
LOG_PROB = np.array([[-0.5, -1.25, -0.125], [-3.0, -0.1, -7.0]])
PREDICTED = np.array([[1, 0, 2], [9, 255, 1]])


def test_rows_are_in_stream_then_step_order(tmp_path):
    path = tmp_path / "made" / "lstm-1-64.parquet"
    write_predictions(path, TEST, LOG_PROB, PREDICTED)
    table = pq.read_table(path)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("stream", "int16"),
        ("step", "int32"),
        ("target", "uint8"),
        ("predicted", "uint8"),
        ("log_prob", "float"),
    ]
    assert list(zip(*(table[name].to_pylist() for name in ("stream", "step", "target")), strict=True)) == [
        (0, 0, 1),
        (0, 1, 2),
        (0, 2, 3),
        (1, 0, 7),
        (1, 1, 255),
        (1, 2, 0),
    ]
    assert table["log_prob"].to_pylist() == [-0.5, -1.25, -0.125, -3.0, float(np.float32(-0.1)), -7.0]
    assert table["predicted"].to_pylist() == [1, 0, 2, 9, 255, 1]
    predictions = read_predictions(path)
    assert (predictions.targets.dtype, predictions.log_prob.dtype) == (np.uint8, np.float32)
    np.testing.assert_array_equal(predictions.predicted, PREDICTED)
    np.testing.assert_array_equal(predictions.targets, TEST[:, 1:])
    np.testing.assert_array_equal(predictions.log_prob, LOG_PROB.astype(np.float32))
    np.testing.assert_array_equal(read_log_prob(path), LOG_PROB.astype(np.float32).ravel())


@pytest.mark.parametrize(("log_prob", "predicted"), [(LOG_PROB.T, PREDICTED), (LOG_PROB, PREDICTED.T)])
def test_shapes_that_disagree_are_refused(tmp_path, log_prob, predicted):
    with pytest.raises(ValueError, match=r"found shape \(3, 2\), expected \(2, 3\)"):
        write_predictions(tmp_path / "x.parquet", TEST, log_prob, predicted)
    assert not (tmp_path / "x.parquet").exists()


def test_a_table_without_the_columns_is_reported(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"stream": [1]}), path)
    for read in (read_predictions, read_log_prob):
        with pytest.raises(InputError, match=r"x\.parquet: no column 'step'"):
            read(path)


@pytest.fixture
def written(tmp_path):
    """Predictions of the same random text by two models; returns their log-probabilities."""
    random = np.random.default_rng(0)
    test = random.integers(5, size=(3, 41)).astype(np.uint8)
    log_prob = {name: np.log(random.uniform(0.01, 1, (3, 40))).astype(np.float32) for name in ("lstm-1-4", "ngram-2")}
    for name, values in log_prob.items():
        write_predictions(tmp_path / f"{name}.parquet", test, values, test[:, 1:])
    return log_prob


def test_models_come_one_after_another_as_they_were_written(tmp_path, written):
    found = list(read_aligned(tmp_path, ["ngram-2", "lstm-1-4"]))
    np.testing.assert_array_equal(found, [written["ngram-2"], written["lstm-1-4"]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.slice(0, 0), "no rows"),
        (lambda table: table.slice(1), "the rows are not all steps of stream 0"),
        (lambda table: table.take([1, 0, *range(2, len(table))]), "the rows are not all steps of stream 0"),
        (
            lambda table: table.set_column(2, "target", pa.array(1 - table["target"].to_numpy() // 4, pa.uint8())),
            "its targets are not the 120 of",
        ),
        (lambda table: table.slice(0, 80), "its targets are not the 120 of"),
    ],
)
def test_rows_that_are_not_those_of_the_first_model_are_refused(tmp_path, written, change, message):
    path = tmp_path / "ngram-2.parquet"
    write_parquet(change(pq.read_table(path)), path)
    os.utime(path, (1, 1))  # the older of the two is the stale one
    with pytest.raises(InputError, match=message) as error:
        list(read_aligned(tmp_path, ["lstm-1-4", "ngram-2"]))
    assert str(error.value).startswith(f"{path}: ")


def test_streams_are_counted_beyond_the_dtype_of_their_number(tmp_path):
    """The product of a stream's number and the steps of a stream does not fit in the dtype of the number."""
    test = np.random.default_rng(1).integers(5, size=(100, 401)).astype(np.uint8)
    write_predictions(tmp_path / "lstm-1-4.parquet", test, np.zeros((100, 400)), test[:, 1:])
    np.testing.assert_array_equal(read_predictions(tmp_path / "lstm-1-4.parquet").targets, test[:, 1:])
