import csv

import numpy as np
import pandas as pd
import pytest
from helpers.loss_tables import make_differences, make_losses
from scipy.stats import norm, t

from rnnscope.analyses.losses import paired_differences as stage
from rnnscope.analyses.losses.paired_differences import both_ways, cluster_losses, paired_differences, ranking

MODELS = ["lstm-1-4", "gru-1-4", "ngram-3", "nnn-2"]


@pytest.fixture
def words(tmp_path):
    return [
        *("--predictions-folder", tmp_path / "predictions", "--models", *MODELS, "--clusters", "12"),
        *("--samples", "50", "--seed", "4", "--out", tmp_path / "differences.csv", "--out-ranking", tmp_path / "ranking.csv"),
    ]


def test_every_two_models_against_a_loop_over_drawn_clusters(tmp_path, call, predicted, words):
    _, log_prob = predicted(MODELS)
    assert call(stage, *words) is None
    with (tmp_path / "differences.csv").open() as file:
        rows = {(row["model"], row["other"]): row for row in csv.DictReader(file)}
    assert list(rows) == [(MODELS[i], MODELS[j]) for i in range(4) for j in range(i + 1, 4)]
    random = np.random.default_rng(4)
    draws = [random.integers(12, size=12) for _ in range(50)]  # three streams of four blocks
    tail = norm.cdf(np.sqrt(12 / 11) * t.ppf(0.025, 11))  # as far out as Student's t
    for (model, other), row in rows.items():
        apart = (log_prob[other].astype(float) - log_prob[model].astype(float)).reshape(12, 10)
        means = [np.concatenate([apart[cluster] for cluster in draw]).mean() for draw in draws]
        low, high = np.quantile(means, [tail, 1 - tail])
        assert float(row["difference"]) == pytest.approx(apart.mean(), abs=1e-9)
        assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high), abs=1e-9)
        error = np.std(means, ddof=1) * np.sqrt(12 / 11)
        assert float(row["p"]) == pytest.approx(2 * t.sf(abs(apart.mean()) / error, 11), rel=1e-6)
        assert row["separated"] == str(float(row["p_corrected"]) < 0.05)
        assert row["clusters"] == "12 blocks of 10 characters"
    smallest = min(float(row["p"]) for row in rows.values())
    assert min(float(row["p_corrected"]) for row in rows.values()) == pytest.approx(min(6 * smallest, 1))
    ranked = pd.read_csv(tmp_path / "ranking.csv")
    assert list(ranked["model"]) == sorted(MODELS, key=lambda model: -log_prob[model].mean(dtype=float))
    assert set(ranked["comparisons"]) == {6}


def test_one_model_is_one_line(tmp_path, predicted, call, words):
    predicted(MODELS[:1])
    start = words.index("--models") + 1
    alone = [*words[: start + 1], *words[start + len(MODELS) :]]
    assert call(stage, *alone) == "error: --models: found lstm-1-4 alone, expected at least two models"


def test_whole_streams_are_drawn_where_there_are_enough(tmp_path, predicted):
    _, log_prob = predicted(MODELS[:2], streams=12, steps=7)
    clusters, sums = cluster_losses(tmp_path / "predictions", MODELS[:2], 12)
    assert str(clusters) == "12 streams"
    np.testing.assert_allclose(sums[:, 0], 7)
    for column, model in enumerate(MODELS[:2], start=1):
        np.testing.assert_allclose(sums[:, column], -log_prob[model].sum(axis=1, dtype=float))


def test_order_of_the_models_changes_no_more_than_signs(tmp_path, predicted):
    predicted(MODELS)

    def pairs(models):
        table = paired_differences(models, cluster_losses(tmp_path / "predictions", models, 12)[1], 50, 4)
        return {(row.model, row.other): (row.difference, row.low, row.high, row.p_corrected) for row in table.itertuples()}

    straight, turned = pairs(MODELS), pairs(MODELS[::-1])
    for (model, other), (difference, low, high, p) in straight.items():
        assert turned[other, model] == pytest.approx((-difference, -high, -low, p), abs=1e-12)


def test_interval_of_many_clusters_is_that_of_the_normal_distribution():
    random = np.random.default_rng(6)
    losses = random.exponential(size=(2, 800))
    sums = np.column_stack([np.full(800, 7), *losses * 7])
    row = paired_differences(["a", "b"], sums, 4000, 1).iloc[0]
    apart = losses[0] - losses[1]
    error = apart.std() / 800**0.5
    # Either end is a quantile of 4000 samples: known to about 0.04 standard errors.
    assert (row["low"], row["high"]) == pytest.approx((apart.mean() - 1.96 * error, apart.mean() + 1.96 * error), abs=0.3 * error)
    assert row["p"] == pytest.approx(2 * norm.sf(abs(apart.mean()) / error), rel=0.1)


def test_a_model_is_not_separated_from_itself():
    sums = np.column_stack([np.full(20, 5), *[np.random.default_rng(0).exponential(size=20)] * 2])
    row = paired_differences(["a", "b"], sums, 20, 1).iloc[0]
    assert (row["difference"], row["low"], row["high"], row["p"], row["separated"]) == (0, 0, 0, 1, False)


def test_a_missing_model_is_named(tmp_path, call, predicted, words):
    predicted(MODELS[:-1])
    assert call(stage, *words).startswith(f"error: {tmp_path}/predictions/nnn-2.parquet: no such file")


def plain_runs(order, separated):
    """Every stretch of the ranking whose first model is separated from no other of it, if no longer stretch includes it."""
    stretches = [
        (first, last)
        for first in range(len(order))
        for last in range(first + 1, len(order))
        if not any(separated(order[first], order[rank]) for rank in range(first + 1, last + 1))
    ]
    return [
        one for one in stretches if not any(other != one and other[0] <= one[0] and one[1] <= other[1] for other in stretches)
    ]


@pytest.mark.parametrize("within", [0, 0.01, 0.05, 1])
def test_ranking_is_by_loss_with_the_runs_that_are_not_separated(within):
    losses = make_losses()
    by_model = dict(zip(losses["model"], losses["test_loss"], strict=True))

    def separated(model, other):
        return abs(by_model[model] - by_model[other]) > within

    pairs = make_differences(separated)
    table = ranking(pairs)
    order = sorted(by_model, key=by_model.get)
    assert list(table["model"]) == order
    assert list(table["rank"]) == list(range(1, len(order) + 1))
    assert list(table["above_lowest"]) == pytest.approx([by_model[model] - by_model[order[0]] for model in order])
    from_lowest = {row.model: row for row in both_ways(pairs).itertuples() if row.other == order[0]}
    for row in table.iloc[1:].itertuples():
        assert (row.low, row.high) == (from_lowest[row.model].low, from_lowest[row.model].high)
    runs = table.dropna(subset="run_end")
    found = [(row.rank - 1, int(row.run_end) - 1) for row in runs.itertuples()]
    assert found == plain_runs(order, separated)
    assert bool(found) == (within > 0)
    assert set(table["comparisons"]) == {len(order) * (len(order) - 1) // 2}
