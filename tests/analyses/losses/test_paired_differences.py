import csv

import numpy as np
import pytest

from rnnscope.analyses.losses import paired_differences as stage
from rnnscope.analyses.losses.paired_differences import block_losses, paired_differences

MODELS = ["lstm-1-4", "gru-1-4", "ngram-3", "nnn-2"]


@pytest.fixture
def words(tmp_path):
    return [
        *("--predictions-folder", tmp_path / "predictions", "--models", *MODELS, "--block", "10"),
        *("--samples", "50", "--seed", "4", "--out", tmp_path / "differences.csv"),
    ]


def test_every_two_models_against_a_loop_over_drawn_blocks(tmp_path, call, predicted, words):
    _, log_prob = predicted(MODELS)
    assert call(stage, *words) is None
    with (tmp_path / "differences.csv").open() as file:
        rows = {(row["model"], row["other"]): row for row in csv.DictReader(file)}
    assert list(rows) == [(MODELS[i], MODELS[j]) for i in range(4) for j in range(i + 1, 4)]
    random = np.random.default_rng(4)
    draws = [random.integers(12, size=12) for _ in range(50)]  # three streams of four blocks
    for (model, other), row in rows.items():
        apart = (log_prob[other].astype(float) - log_prob[model].astype(float)).reshape(12, 10)
        means = [np.concatenate([apart[block] for block in draw]).mean() for draw in draws]
        low, high = np.percentile(means, [2.5, 97.5])
        assert float(row["difference"]) == pytest.approx(apart.mean(), abs=1e-9)
        assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high), abs=1e-9)
        assert row["separated"] == str(low > 0 or high < 0)


def test_order_of_the_models_changes_no_more_than_signs(tmp_path, predicted):
    predicted(MODELS)

    def pairs(models):
        table = paired_differences(models, block_losses(tmp_path / "predictions", models, 10), 50, 4)
        return {(row.model, row.other): (row.difference, row.low, row.high) for row in table.itertuples()}

    straight, turned = pairs(MODELS), pairs(MODELS[::-1])
    for (model, other), (difference, low, high) in straight.items():
        assert turned[other, model] == pytest.approx((-difference, -high, -low), abs=1e-12)


def test_interval_of_many_blocks_is_that_of_the_normal_distribution():
    random = np.random.default_rng(6)
    losses = random.exponential(size=(2, 800))
    sums = np.column_stack([np.full(800, 7), *losses * 7])
    row = paired_differences(["a", "b"], sums, 4000, 1).iloc[0]
    apart = losses[0] - losses[1]
    half = 1.96 * apart.std() / 800**0.5
    # Either end is a quantile of 4000 samples: known to about 0.04 standard errors.
    assert (row["low"], row["high"]) == pytest.approx((apart.mean() - half, apart.mean() + half), abs=0.15 * half)


def test_a_model_is_not_separated_from_itself():
    sums = np.column_stack([np.full(20, 5), *[np.random.default_rng(0).exponential(size=20)] * 2])
    row = paired_differences(["a", "b"], sums, 20, 1).iloc[0]
    assert (row["difference"], row["low"], row["high"], row["separated"]) == (0, 0, 0, False)


def test_a_missing_model_is_named(tmp_path, call, predicted, words):
    predicted(MODELS[:-1])
    assert call(stage, *words).startswith(f"error: {tmp_path}/predictions/nnn-2.parquet: no such file")
