import json

import numpy as np
import pytest
from helpers.synthetic_predictions import write_one_stream

from rnnscope.analyses.losses.run_files import read_evaluated, read_identity, read_object, read_test_loss
from rnnscope.errors import InputError

SUMMARY = {"model": "gru-2-64", "hidden_width": 70, "parameters": 10, "seed": 1}


def write_summary(tmp_path, value, folder="gru-2-64"):
    path = tmp_path / folder / "summary.json"
    path.parent.mkdir()
    path.write_text(json.dumps(value))
    return path


def test_identity_and_the_keys_asked_for_in_their_order(tmp_path):
    path = write_summary(tmp_path, SUMMARY)
    expected = {"model": "gru-2-64", "cell": "gru", "layers": 2, "size": 64, "parameters": 10, "hidden_width": 70}
    assert list(read_identity(path.parent, ("parameters", "hidden_width")).items()) == list(expected.items())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({key: value for key, value in SUMMARY.items() if key != "seed"}, "no key 'seed'"),
        (SUMMARY | {"seed": "two"}, "'seed' is 'two', expected a finite number"),
        (SUMMARY | {"seed": True}, "'seed' is True, expected a finite number"),
        (SUMMARY | {"seed": float("nan")}, "'seed' is nan, expected a finite number"),
        (SUMMARY | {"seed": float("-inf")}, "'seed' is -inf, expected a finite number"),
        (SUMMARY | {"model": 3}, "'model' is 3, expected text"),
        (SUMMARY | {"model": "gru-3-64"}, "'model' is 'gru-3-64', expected 'gru-2-64'"),
        ([1, 2], "found list, expected an object"),
    ],
)
def test_bad_summary_names_the_file_and_the_key(tmp_path, value, message):
    path = write_summary(tmp_path, value)
    with pytest.raises(InputError) as error:
        read_identity(path.parent, ("seed",))
    assert str(error.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(("folder", "message"), [("nnn-2", "found no recurrent network"), ("lstn-2-64", "model 'lstn-2-64': ")])
def test_a_folder_that_is_no_recurrent_network_s_is_refused(tmp_path, folder, message):
    path = write_summary(tmp_path, SUMMARY | {"model": folder}, folder)
    with pytest.raises(InputError, match=message):
        read_identity(path.parent)


def test_truncated_file_is_named(tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text('{"test_loss": 1.')
    with pytest.raises(InputError, match=r"evaluation\.json: not readable as JSON"):
        read_object(path, ("test_loss",))


def test_test_loss_is_summed_in_double_precision(tmp_path):
    log_prob = np.full(300_000, -1.1, np.float32)
    write_one_stream(tmp_path / "ngram-1.parquet", log_prob)
    read, loss = read_test_loss(tmp_path / "ngram-1.parquet")
    assert np.array_equal(read, log_prob)
    assert loss == pytest.approx(-float(log_prob[0]), rel=1e-12)


def test_predictions_of_another_model_or_without_rows_are_refused(tmp_path):
    (tmp_path / "evaluation.json").write_text('{"test_loss": 1.25}')
    write_one_stream(tmp_path / "other.parquet", np.full(4, -1.0, np.float32))
    write_one_stream(tmp_path / "none.parquet", np.empty(0, np.float32))
    with pytest.raises(InputError, match=r"other\.parquet: test loss 1\.000000, expected 1\.250000"):
        read_evaluated(tmp_path / "other.parquet", tmp_path / "evaluation.json")
    with pytest.raises(InputError, match=r"none\.parquet: no rows"):
        read_evaluated(tmp_path / "none.parquet", tmp_path / "evaluation.json")
