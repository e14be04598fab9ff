"""The bootstrap against plain loops and against the closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from rnnscope.analyses.losses.bootstrap import (
    count_intervals,
    grouped_sums,
    interval,
    loss_standard_deviations,
    resampled_means,
    resampled_sums,
    share_intervals,
)
from rnnscope.analyses.losses.clusters import Clusters, draw_clusters


def test_a_resample_adds_up_the_blocks_that_were_drawn():
    sums = np.random.default_rng(0).normal(size=(30, 3))
    random = np.random.default_rng(5)
    expected = []
    for _ in range(20):
        total = np.zeros(3)
        for block in random.integers(30, size=30):
            total += sums[block]
        expected.append(total)
    np.testing.assert_allclose(resampled_sums(sums, 20, seed=5), expected, atol=1e-12)


def test_spread_of_a_mean_is_the_standard_error_of_the_means_of_clusters():
    random = np.random.default_rng(1)
    drift = np.repeat(random.normal(size=(10, 20)), 50, axis=1)  # neighbours go together
    values = drift + random.normal(size=(10, 1000))
    clusters = Clusters(10, 1000, blocks=20)
    sums = np.stack([clusters.sums(np.ones_like(values)), clusters.sums(values)], axis=1)[:, :, np.newaxis]
    means, resampled = resampled_means(sums, samples=4000, seed=2)
    assert means.item() == pytest.approx(values.mean(), rel=1e-12)
    block_means = values.reshape(200, 50).mean(axis=1)
    # A standard deviation from 4000 samples is known to one part in sqrt(8000): 1.1 %; allow four times that.
    assert resampled.std() == pytest.approx(block_means.std() / np.sqrt(200), rel=0.045)
    assert resampled.std() > 4 * values.std() / np.sqrt(values.size), "single characters would make it far too small"


@given(data=st.data())
def test_group_means_against_a_loop_over_the_characters_that_were_drawn(data):
    cases, seed = data.draw(st.integers(1, 25)), data.draw(st.integers(0, 99))
    random = np.random.default_rng(seed)
    values, groups, blocks = random.normal(size=(2, cases)), random.integers(3, size=cases), random.integers(4, size=cases)
    means, resampled = resampled_means(grouped_sums(values, groups, blocks, (4, 3)), 6, seed)
    assert resampled.shape == (6, 2, 3)
    draws = np.random.default_rng(seed)
    for sample in [None, *range(6)]:
        drawn = range(4) if sample is None else draws.integers(4, size=4)
        found = means if sample is None else resampled[sample]
        for row in range(2):
            for group in range(3):
                taken = [
                    values[row, case]
                    for block in drawn
                    for case in range(cases)
                    if (blocks[case], groups[case]) == (block, group)
                ]
                expected = np.mean(taken) if taken else np.nan
                np.testing.assert_allclose(found[row, group], expected, atol=1e-9)


def expanded_tail(clusters):
    """The percentile of a bootstrap of n clusters that is as far out as Student's t with n - 1 degrees of freedom."""
    return norm.cdf(np.sqrt(clusters / (clusters - 1)) * t.ppf(0.025, clusters - 1))


@pytest.mark.parametrize(("clusters", "tail"), [(10**6, 0.025), (40, 0.0202), (10, 0.0085)])
def test_interval_leaves_out_the_outermost_resamples_on_both_sides(clusters, tail):
    resampled = np.random.default_rng(3).permutation(np.arange(2001.0))[:, np.newaxis] * [1, -2]
    low, high = interval(resampled, clusters)
    expected = 2000 * expanded_tail(clusters)
    assert expected / 2000 == pytest.approx(tail, abs=1e-4)
    assert low.tolist() == pytest.approx([expected, -2 * (2000 - expected)])
    assert high.tolist() == pytest.approx([2000 - expected, -2 * expected])
    with_gaps = np.concatenate([resampled, np.full((500, 2), np.nan)])
    np.testing.assert_allclose(interval(with_gaps, clusters), interval(resampled, clusters))


def test_cases_of_fewer_than_ten_clusters_have_no_interval():
    resampled = np.random.default_rng(0).normal(size=(50, 2, 3))
    low, high = interval(resampled, np.array([9, 10, 30]))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [[True, False, False]] * 2
    for column, clusters in ((1, 10), (2, 30)):
        expected = np.quantile(resampled[:, :, column], [expanded_tail(clusters), 1 - expanded_tail(clusters)], axis=0)
        np.testing.assert_allclose([low[:, column], high[:, column]], expected)


def test_counts_and_shares_against_a_loop_over_the_clusters_that_were_drawn():
    random = np.random.default_rng(1)
    wholes = random.integers(5, 20, (12, 1))
    parts = np.concatenate([random.integers(1, 5, (12, 1)), np.eye(12, 1, dtype=int)], axis=1)  # the second in one cluster alone
    draws = np.random.default_rng(4)
    counts, shares = [], []
    for _ in range(30):
        drawn = draws.integers(12, size=12)
        counts.append(sum(parts[cluster, 0] for cluster in drawn))
        shares.append(counts[-1] / sum(wholes[cluster, 0] for cluster in drawn))
    quantiles = [expanded_tail(12), 1 - expanded_tail(12)]
    for found, samples in ((count_intervals(parts, 30, 4), counts), (share_intervals(parts, wholes, 30, 4), shares)):
        assert [end[0] for end in found] == pytest.approx(np.quantile(samples, quantiles).tolist())
        assert np.isnan([end[1] for end in found]).all()


def test_a_difference_of_counts_has_cases_where_it_is_0():
    """As many are added as removed in two of ten clusters that have cases: without them they are too few for an interval."""
    added = np.array([3, 1, 2, 2, 5, 0, 1, 4, 1, 2, 0, 0])[:, np.newaxis]
    removed = np.array([3, 2, 1, 3, 2, 2, 3, 1, 1, 0, 0, 0])[:, np.newaxis]
    wholes = np.full((12, 1), 20)
    net, cases = added - removed, added + removed
    assert (np.count_nonzero(net), np.count_nonzero(cases)) == (8, 10)
    draws = np.random.default_rng(4)
    counts = [sum(net[cluster, 0] for cluster in draws.integers(12, size=12)) for _ in range(30)]
    expected = np.quantile(counts, [expanded_tail(10), 1 - expanded_tail(10)])
    assert np.isnan(count_intervals(net, 30, 4)).all()
    assert np.ravel(count_intervals(net, 30, 4, cases)) == pytest.approx(expected)
    assert np.isnan(share_intervals(net, wholes, 30, 4)).all()
    assert np.ravel(share_intervals(net, wholes, 30, 4, cases)) == pytest.approx(expected / (12 * 20))
    one_whole_less = np.where(np.arange(12)[:, np.newaxis] == 2, 0, wholes)
    assert np.isnan(share_intervals(net, one_whole_less, 30, 4, cases, cases * 0)).all()
    assert np.isfinite(share_intervals(net, one_whole_less, 30, 4, cases, cases)).all()


def correlated_series(draws, streams, steps, memory, seed):
    """Series of mean 0 whose characters are correlated: AR(1), float32 (steps, streams, draws)."""
    random, carried = np.random.default_rng(seed), np.exp(-1 / memory)
    series = np.empty((steps, streams, draws), np.float32)
    series[0] = random.standard_normal((streams, draws))
    for step in range(1, steps):
        fresh = random.standard_normal((streams, draws), dtype=np.float32)
        series[step] = carried * series[step - 1] + np.sqrt(1 - carried**2) * fresh
    return series


def coverage(series, clusters, samples):
    """The share of the draws whose interval has the true mean, 0."""
    numbers = clusters.numbers.T.ravel()
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(len(clusters)))
    sums = np.add.reduceat(series.reshape(len(numbers), -1)[order], starts, axis=0, dtype=np.float64)
    sizes = np.broadcast_to(np.bincount(numbers)[:, np.newaxis], sums.shape)
    _, resampled = resampled_means(np.stack([sizes, sums], axis=1), samples, seed=1)
    low, high = interval(resampled[:, 0], len(clusters))
    return ((low <= 0) & (high >= 0)).mean()


@pytest.mark.parametrize(("streams", "memory"), [(40, 15), (4, 1.5)])
def test_95_percent_of_the_intervals_have_the_mean_of_a_correlated_series(streams, memory):
    """The same 1,000 series every time; short blocks of the same series show that the test can fail."""
    series = correlated_series(1000, streams, 100, memory, seed=2)
    assert 0.93 <= coverage(series, draw_clusters((streams, 100), 40), 1000) <= 0.97
    assert coverage(series, Clusters(streams, 100, blocks=50), 100) < 0.85


def deviation(log_prob, samples=100, seed=0):
    """Of one model."""
    return loss_standard_deviations(log_prob[np.newaxis], samples, seed).item()


def test_approaches_the_standard_error_of_the_mean():
    log_prob = -np.random.default_rng(0).exponential(1.2, size=2000).astype(np.float32)
    standard_error = log_prob.astype(np.float64).std() / np.sqrt(len(log_prob))
    # A standard deviation from 4000 samples is known to one part in sqrt(8000): 1.1 %; allow four times that.
    assert deviation(log_prob, samples=4000, seed=3) == pytest.approx(standard_error, rel=0.045)


def test_is_the_deviation_of_the_means_of_resampled_characters():
    log_prob = np.random.default_rng(1).normal(size=500)
    random = np.random.default_rng(7)
    means = [np.mean(log_prob[random.integers(500, size=500)]) for _ in range(20)]
    assert deviation(log_prob, samples=20, seed=7) == pytest.approx(np.std(means, ddof=1), rel=1e-9)


def test_models_together_have_the_deviations_they_have_alone():
    log_prob = np.random.default_rng(2).normal(size=(4, 300)).astype(np.float32)
    alone = [deviation(model, seed=5) for model in log_prob]
    np.testing.assert_allclose(loss_standard_deviations(log_prob, samples=100, seed=5), alone, rtol=1e-12)


def test_another_seed_draws_other_samples():
    log_prob = np.random.default_rng(3).normal(size=300)
    assert deviation(log_prob, seed=0) == deviation(log_prob, seed=0)
    assert deviation(log_prob, seed=0) != deviation(log_prob, seed=1)
