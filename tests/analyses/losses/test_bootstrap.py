"""The bootstrap against plain loops and against the closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.losses.bootstrap import (
    block_numbers,
    block_starts,
    block_sums,
    grouped_sums,
    interval,
    loss_standard_deviations,
    resampled_means,
    resampled_sums,
)


@given(steps=st.integers(1, 400), length=st.integers(1, 500))
def test_blocks_are_short_enough_few_enough_and_nearly_equal(steps, length):
    starts = block_starts(steps, length).tolist()
    sizes = [end - start for start, end in zip(starts, [*starts[1:], steps], strict=True)]
    assert starts[0] == 0
    assert sum(sizes) == steps
    assert max(sizes) <= length
    assert max(sizes) - min(sizes) <= 1
    assert (len(sizes) - 1) * length < steps, "one block fewer would not do"


@given(streams=st.integers(1, 4), steps=st.integers(1, 40), length=st.integers(1, 50), seed=st.integers(0, 9))
def test_sums_are_those_of_the_characters_of_a_block(streams, steps, length, seed):
    values = np.random.default_rng(seed).normal(size=(streams, steps)).astype(np.float32)
    numbers = block_numbers((streams, steps), length)
    expected = {}
    for stream in range(streams):
        for step in range(steps):
            expected.setdefault(int(numbers[stream, step]), []).append(float(values[stream, step]))
    assert sorted(expected) == list(range(len(expected)))
    assert len({(int(number), stream) for stream, row in enumerate(numbers) for number in row}) == len(expected)
    np.testing.assert_allclose(block_sums(values, length), [sum(expected[number]) for number in sorted(expected)], atol=1e-9)


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


def test_spread_of_a_mean_is_the_standard_error_of_the_block_means():
    random = np.random.default_rng(1)
    drift = np.repeat(random.normal(size=(10, 20)), 50, axis=1)  # neighbours go together
    values = drift + random.normal(size=(10, 1000))
    sums = np.stack([block_sums(np.ones_like(values), 50), block_sums(values, 50)], axis=1)[:, :, np.newaxis]
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


def test_interval_leaves_out_the_outermost_resamples_on_both_sides():
    random = np.random.default_rng(3)
    resampled = random.permutation(np.arange(2001.0))[:, np.newaxis] * [1, -2]
    low, high = interval(resampled)
    assert low.tolist() == pytest.approx([50, -2 * 1950])
    assert high.tolist() == pytest.approx([1950, -100])
    with_gaps = np.concatenate([resampled, np.full((500, 2), np.nan)])
    np.testing.assert_allclose(interval(with_gaps), interval(resampled))


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
