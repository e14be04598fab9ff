import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.analyses.losses import horizons

NGRAMS = "n,test_loss,test_loss_standard_deviation,ngrams,discount_1\n1,2.5,0.003,700,0.5\n2,2.125,0.004,4500,0.75\n"
CHARACTERS = 900


@pytest.fixture
def words(tmp_path):
    (tmp_path / "ngram_losses.csv").write_text(NGRAMS)
    return [
        *("--ngram-losses", tmp_path / "ngram_losses.csv", "--nnn", tmp_path / "nnn/nnn-1", "--nnn", tmp_path / "nnn/nnn-2"),
        *("--predictions-folder", tmp_path / "predictions", "--bootstrap-samples", "100", "--seed", "3"),
        *("--out", tmp_path / "horizons.csv"),
    ]


@pytest.fixture
def log_prob(tmp_path):
    """What training and evaluation of two n-NNs leave behind; the log-probabilities of each."""
    written = {}
    (tmp_path / "predictions").mkdir()
    for n in (1, 2):
        written[n] = np.log(np.random.default_rng(n).uniform(0.01, 1, CHARACTERS)).astype(np.float32)
        folder = tmp_path / f"nnn/nnn-{n}"
        folder.mkdir(parents=True)
        (folder / "checkpoint.safetensors").write_bytes(bytes(5000 * n))
        (folder / "summary.json").write_text(json.dumps({"n": n, "hidden_width": 16, "parameters": 1000 * n}))
        loss = -sum(map(float, written[n])) / CHARACTERS
        (folder / "evaluation.json").write_text(json.dumps({"validation_loss": 1.5, "test_loss": loss}))
        pq.write_table(pa.table({"log_prob": written[n]}), tmp_path / f"predictions/nnn-{n}.parquet")
    return written


def test_a_row_a_kind_and_horizon(tmp_path, call, log_prob, words):
    assert call(horizons, *words) is None
    with (tmp_path / "horizons.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], row["n"], row["cost"], row["bytes"]) for row in rows] == [
        ("n-gram", "1", "700", ""),
        ("n-gram", "2", "4500", ""),
        ("n-NN", "1", "1000", "5000"),
        ("n-NN", "2", "2000", "10000"),
    ]
    found = [(float(row["test_loss"]), float(row["test_loss_standard_deviation"])) for row in rows]
    assert found[:2] == [(2.5, 0.003), (2.125, 0.004)]
    for n, (loss, deviation) in zip((1, 2), found[2:], strict=True):
        values = [float(value) for value in log_prob[n]]
        mean = sum(values) / CHARACTERS
        assert loss == pytest.approx(-mean, rel=1e-12)
        # 100 samples estimate the standard error to 7 %; four times that.
        standard_error = (sum((value - mean) ** 2 for value in values) / CHARACTERS) ** 0.5 / CHARACTERS**0.5
        assert deviation == pytest.approx(standard_error, rel=0.28)


def test_bad_input_ends_in_one_line_and_no_table(tmp_path, call, log_prob, words):
    def told():
        message = call(horizons, *words)
        assert not (tmp_path / "horizons.csv").exists()
        assert "\n" not in message
        return message

    evaluation = tmp_path / "nnn/nnn-2/evaluation.json"
    evaluation.write_text('{"validation_loss": 1.5, "test_loss": 9.0}')
    assert told().endswith(f"expected 9.000000 as in {evaluation}; one of the two is stale or damaged")
    (tmp_path / "nnn/nnn-1/summary.json").write_text('{"n": 1}')
    assert "nnn-1/summary.json: no key 'parameters'" in told()
    (tmp_path / "ngram_losses.csv").write_text(NGRAMS.replace("ngrams", "grams"))
    assert "ngram_losses.csv: no column 'ngrams'" in told()
    words[words.index("100")] = "1"
    assert told() == "error: --bootstrap-samples: found 1, expected at least 2"
