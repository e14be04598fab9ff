import csv
import json
import math

import numpy as np
import pytest

from rnnscope.analyses.losses import losses

MODELS = ["lstm-2-128", "gru-1-64"]


@pytest.fixture
def words(tmp_path):
    return [
        *("--models-folder", tmp_path / "models", "--predictions-folder", tmp_path / "predictions", "--models", *MODELS),
        *("--samples", "100", "--seed", "3", "--out", tmp_path / "losses.csv"),
    ]


def test_table_against_plain_sums(tmp_path, call, trained, words):
    log_prob = {model: trained(model) for model in MODELS}
    assert call(losses, *words) is None
    with (tmp_path / "losses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == MODELS
    for row in rows:
        values = [float(value) for value in log_prob[row["model"]]]
        mean = sum(values) / len(values)
        standard_error = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 / len(values) ** 0.5
        assert float(row["test_loss"]) == pytest.approx(-mean, rel=1e-12)
        # 100 samples estimate the standard error to 7 %; four times that.
        assert float(row["independent_standard_deviation"]) == pytest.approx(standard_error, rel=0.28)
        # `trained` predicts every other character correctly.
        assert float(row["test_accuracy"]) == 0.5
        assert 2 ** -float(row["test_bits_per_character"]) == pytest.approx(math.exp(mean), rel=1e-12)
        cell, layers, size = row["model"].split("-")
        assert (row["cell"], row["layers"], row["size"]) == (cell, layers, size)
        assert (row["hidden_width"], row["parameters"], row["best_epoch"]) == ("7", "1234", "2")
        assert row["precision"] == "float32"  # what a summary without the key was trained in
        assert (row["dropout"], row["train_loss"], row["validation_loss"]) == ("0.25", "1.25", "1.5")


@pytest.mark.parametrize(
    ("found", "message"), [("bfloat16", None), (None, None), ("float16", "'precision' is 'float16', expected float32 or")]
)
def test_precision_is_that_of_the_summary(tmp_path, call, trained, words, found, message):
    for model in MODELS:
        trained(model)
    path = tmp_path / "models/gru-1-64/summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"precision": found}))
    refused = call(losses, *words)
    if message is None:
        with (tmp_path / "losses.csv").open() as file:
            assert [row["precision"] for row in csv.DictReader(file)] == ["float32", found or "unknown"]
    else:
        assert refused.startswith(f"error: {path}: {message}")


def test_same_bytes_on_a_second_run(tmp_path, call, trained, words):
    for model in MODELS:
        trained(model)
    call(losses, *words)
    first = (tmp_path / "losses.csv").read_bytes()
    call(losses, *words)
    assert (tmp_path / "losses.csv").read_bytes() == first


def test_stale_evaluation_is_refused(tmp_path, call, trained, words):
    for model in MODELS:
        trained(model)
    (tmp_path / "models/gru-1-64/evaluation.json").write_text(
        json.dumps({"train_loss": 1.25, "validation_loss": 1.5, "test_loss": 0.9})
    )
    message = call(losses, *words)
    assert message.startswith(f"error: {tmp_path}/predictions/gru-1-64.parquet: test loss 0.95")
    assert f"expected 0.900000 as in {tmp_path}/models/gru-1-64/evaluation.json" in message
    assert "\n" not in message
    assert not (tmp_path / "losses.csv").exists()


def test_loss_beside_the_evaluation_within_tolerance_is_accepted(tmp_path, call, trained, words):
    log_prob = {model: trained(model) for model in MODELS}
    loss = -float(np.mean(log_prob["gru-1-64"], dtype=np.float64))
    for offset, refused in ((0.9e-4, False), (1.1e-4, True)):
        (tmp_path / "models/gru-1-64/evaluation.json").write_text(
            json.dumps({"train_loss": 1.25, "validation_loss": 1.5, "test_loss": loss + offset})
        )
        assert (call(losses, *words) is not None) is refused


def test_truncated_predictions_end_in_one_line(tmp_path, call, trained, words):
    for model in MODELS:
        trained(model)
    path = tmp_path / "predictions/lstm-2-128.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    message = call(losses, *words)
    assert message.startswith(f"error: {path}: not readable as parquet")
    assert "\n" not in message


def test_missing_model_is_named(tmp_path, call, trained, words):
    trained("lstm-2-128")
    assert call(losses, *words).startswith(f"error: {tmp_path}/models/gru-1-64/summary.json: no such file")


def test_one_bootstrap_sample_has_no_deviation(call, words):
    words[words.index("100")] = "1"
    assert call(losses, *words) == "error: --samples: found 1, expected a whole number from 2 to 100000"
