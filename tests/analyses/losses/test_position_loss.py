import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

from rnnscope.analyses.losses import position_loss as stage
from rnnscope.analyses.losses.position_loss import position_losses

MODELS = ["lstm-1-4", "gru-1-4", "ngram-3"]


def test_losses_and_intervals_against_a_loop_over_drawn_streams():
    log_prob = np.random.default_rng(2).normal(-1, 1, (11, 20)).astype(np.float32)
    table = position_losses(log_prob, samples=40, seed=3)
    assert list(table["first_position"]) == [1, 2, 4, 8, 16]
    assert list(table["last_position"]) == [1, 3, 7, 15, 20]
    random = np.random.default_rng(3)
    draws = [random.integers(11, size=11) for _ in range(40)]
    tail = norm.cdf(np.sqrt(11 / 10) * t.ppf(0.025, 10))  # as far out as Student's t
    for row in table.itertuples():
        losses = -log_prob[:, row.first_position - 1 : row.last_position].astype(float)
        assert row.characters == losses.size
        assert row.loss == pytest.approx(losses.mean(), abs=1e-9)
        low, high = np.quantile([losses[draw].mean() for draw in draws], [tail, 1 - tail])
        assert (row.low, row.high) == pytest.approx((low, high), abs=1e-9)


def test_a_network_that_knows_nothing_at_first_and_all_afterwards():
    log_prob = np.zeros((10, 7), np.float32)
    log_prob[:, 0] = -np.log(50)
    table = position_losses(log_prob, samples=10, seed=1)
    assert list(table["loss"]) == pytest.approx([np.log(50), 0, 0], abs=1e-6)
    for end in ("low", "high"):
        assert list(table[end]) == pytest.approx(list(table["loss"]))


def test_the_best_network_of_each_cell_and_the_n_gram_model(tmp_path, call, predicted):
    _, log_prob = predicted(MODELS)
    roles = {"network": "lstm-1-4", "ngram": "ngram-3", "nnn": "nnn-1", "best lstm": "lstm-1-4", "best gru": "gru-1-4"}
    best = pd.DataFrame({"role": roles.keys(), "model": roles.values(), "validation_loss": 1.0})
    best.to_csv(tmp_path / "best_models.csv", index=False)
    words = ["--predictions-folder", tmp_path / "predictions", "--best", tmp_path / "best_models.csv"]
    assert call(stage, *words, "--samples", 10, "--seed", 1, "--out", tmp_path / "out.csv") is None
    table = pd.read_csv(tmp_path / "out.csv")
    assert table[["low", "high"]].isna().all(axis=None), "three streams have no interval"
    assert set(table["clusters"]) == {"3 streams"}
    assert list(table["model"].unique()) == MODELS
    for model, rows in table.groupby("model"):
        total = (rows["loss"] * rows["characters"]).sum()
        assert total == pytest.approx(-log_prob[model].sum(dtype=float), rel=1e-6)
