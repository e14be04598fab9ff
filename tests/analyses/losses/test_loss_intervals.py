import csv

import numpy as np
import pytest
from scipy.stats import norm, t

from rnnscope.analyses.losses import loss_intervals as stage

MODELS = ["lstm-1-4", "ngram-3", "nnn-2"]


@pytest.mark.parametrize(("streams", "drawn"), [(12, "12 streams"), (3, "12 blocks of 10 characters")])
def test_every_model_against_a_loop_over_drawn_clusters(tmp_path, call, predicted, streams, drawn):
    _, log_prob = predicted(MODELS, streams=streams)
    words = [
        "--predictions-folder",
        tmp_path / "predictions",
        "--models",
        *MODELS,
        "--clusters",
        12,
        "--samples",
        50,
        "--seed",
        4,
    ]
    assert call(stage, *words, "--out", tmp_path / "out.csv") is None
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == MODELS
    random = np.random.default_rng(4)
    draws = [random.integers(12, size=12) for _ in range(50)]
    tail = norm.cdf(np.sqrt(12 / 11) * t.ppf(0.025, 11))  # as far out as Student's t
    for row in rows:
        losses = -log_prob[row["model"]].astype(float).reshape(12, -1)
        low, high = np.quantile([losses[draw].mean() for draw in draws], [tail, 1 - tail])
        assert [float(row[name]) for name in ("test_loss", "low", "high")] == pytest.approx([losses.mean(), low, high], abs=1e-9)
        assert row["clusters"] == drawn


def test_too_few_characters_for_ten_clusters_have_no_interval(tmp_path, call, predicted):
    predicted(MODELS[:1], streams=3, steps=3)
    words = ["--predictions-folder", tmp_path / "predictions", "--models", MODELS[0], "--clusters", 40]
    assert call(stage, *words, "--samples", 50, "--seed", 4, "--out", tmp_path / "out.csv") is None
    with (tmp_path / "out.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["low"], row["high"], row["clusters"]) == ("", "", "9 blocks of 1 characters")
    assert float(row["test_loss"]) > 0
