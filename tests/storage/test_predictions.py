"""Tables of predictions: what is written, row by row, and what a bad one is told as."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.errors import InputError
from rnnscope.storage.predictions import read_log_prob, read_predictions, write_predictions

TEST = np.array([[5, 1, 2, 3], [3, 7, 255, 0]], dtype=np.uint8)
LOG_PROB = np.array([[-0.5, -1.25, -0.125], [-3.0, -0.1, -7.0]])


def test_rows_stand_in_stream_then_step_order(tmp_path):
    path = tmp_path / "made" / "lstm-1-64.parquet"
    write_predictions(path, TEST, LOG_PROB)
    table = pq.read_table(path)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("stream", "int16"),
        ("step", "int32"),
        ("target", "uint8"),
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
    assert read_predictions(path).equals(table)
    log_prob = read_log_prob(path)
    assert log_prob.dtype == np.float32
    np.testing.assert_array_equal(log_prob, LOG_PROB.astype(np.float32).ravel())


def test_shapes_that_disagree_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"found shape \(3, 2\), expected \(2, 3\)"):
        write_predictions(tmp_path / "x.parquet", TEST, LOG_PROB.T)
    assert not (tmp_path / "x.parquet").exists()


def test_a_table_without_the_columns_is_told(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"stream": [1]}), path)
    with pytest.raises(InputError, match=r"x\.parquet: no column 'step'"):
        read_predictions(path)
    with pytest.raises(InputError, match=r"x\.parquet: no column 'log_prob'"):
        read_log_prob(path)
