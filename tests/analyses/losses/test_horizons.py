import csv
import json

import numpy as np
import pytest
from helpers.synthetic_predictions import write_one_stream

from rnnscope.analyses.losses import horizons

COUNTS = "n,ngrams,discount_1,fall_back_orders\n1,700,0.5,0\n2,4500,0.75,2\n"
CHARACTERS = 900


@pytest.fixture
def words(tmp_path):
    (tmp_path / "ngram_counts.csv").write_text(COUNTS)
    return [
        *("--ngram-counts", tmp_path / "ngram_counts.csv", "--models-folder", tmp_path / "models", "--nnns", "nnn-1", "nnn-2"),
        *("--predictions-folder", tmp_path / "predictions", "--samples", "100", "--seed", "3"),
        *("--out", tmp_path / "horizons.csv"),
    ]


@pytest.fixture
def log_prob(tmp_path):
    """What two n-gram models and two n-NNs leave behind; the log-probabilities of each."""
    written = {}
    for seed, model in enumerate(("ngram-1", "ngram-2", "nnn-1", "nnn-2")):
        written[model] = np.log(np.random.default_rng(seed).uniform(0.01, 1, CHARACTERS)).astype(np.float32)
        write_one_stream(tmp_path / f"predictions/{model}.parquet", written[model])
    for n in (1, 2):
        folder = tmp_path / f"models/nnn-{n}"
        folder.mkdir(parents=True)
        (folder / "checkpoint.safetensors").write_bytes(bytes(5000 * n))
        (folder / "summary.json").write_text(json.dumps({"model": f"nnn-{n}", "hidden_width": 16, "parameters": 1000 * n}))
        loss = -sum(map(float, written[f"nnn-{n}"])) / CHARACTERS
        (folder / "evaluation.json").write_text(json.dumps({"validation_loss": 1.5, "test_loss": loss}))
    return written


def test_a_row_a_kind_and_context(tmp_path, call, log_prob, words):
    assert call(horizons, *words) is None
    with (tmp_path / "horizons.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["kind", "n", "test_loss", "independent_standard_deviation", "cost", "fall_back_orders", "bytes"]
    assert [(row["kind"], row["n"], row["cost"], row["fall_back_orders"], row["bytes"]) for row in rows] == [
        ("n-gram", "1", "700", "0", ""),
        ("n-gram", "2", "4500", "2", ""),
        ("n-NN", "1", "1000", "", "5000"),
        ("n-NN", "2", "2000", "", "10000"),
    ]
    random = np.random.default_rng(3)
    draws = [random.integers(CHARACTERS, size=CHARACTERS) for _ in range(100)]
    for row, values in zip(rows, log_prob.values(), strict=True):
        values = values.astype(float)
        assert float(row["test_loss"]) == pytest.approx(-sum(values) / CHARACTERS, rel=1e-12)
        expected = np.std([values[draw].mean() for draw in draws], ddof=1)
        assert float(row["independent_standard_deviation"]) == pytest.approx(expected, rel=1e-9)
        # 100 samples estimate the standard error to 7 %; four times that.
        assert expected == pytest.approx(values.std() / CHARACTERS**0.5, rel=0.28)


def test_bad_input_ends_in_one_line_and_no_table(tmp_path, call, log_prob, words):
    def message_of():
        message = call(horizons, *words)
        assert not (tmp_path / "horizons.csv").exists()
        assert "\n" not in message
        return message

    evaluation = tmp_path / "models/nnn-2/evaluation.json"
    evaluation.write_text('{"validation_loss": 1.5, "test_loss": 9.0}')
    assert f"expected 9.000000 as in {evaluation}" in message_of()
    (tmp_path / "models/nnn-1/summary.json").write_text('{"model": "nnn-1"}')
    assert "nnn-1/summary.json: no key 'parameters'" in message_of()
    (tmp_path / "ngram_counts.csv").write_text(COUNTS.replace("ngrams", "grams"))
    assert "ngram_counts.csv: no column 'ngrams'" in message_of()
    words[words.index("100")] = "1"
    assert message_of() == "error: --samples: found 1, expected a whole number from 2 to 100000"


def test_predictions_of_another_text_are_refused(tmp_path, call, log_prob, words):
    write_one_stream(tmp_path / "predictions/ngram-2.parquet", log_prob["ngram-2"][1:])
    assert call(horizons, *words) == (
        f"error: {tmp_path}/predictions: found predictions of 899 and of 900 characters; some are stale"
    )
