import itertools

import numpy as np
import pytest
import torch

from rnnscope.analyses.seeds.moments import Moments, match_units

STEPS, STREAMS = 60, 6


@pytest.fixture
def random():
    return np.random.default_rng(4)


def moments_of(values, pieces=(7, 20, 60)):
    """The sums over values (steps, streams, units), added in pieces."""
    found = Moments(values.shape[2], torch.device("cpu"))
    for start, stop in itertools.pairwise([0, *pieces]):
        found.add(torch.from_numpy(values[start:stop]))
    return found


def plain_cka(first, second):
    """From the similarities of all characters with each other, (characters, units) each: another formula than with units."""
    characters = len(first)
    centring = np.eye(characters) - 1 / characters
    kernels = [centring @ values @ values.T @ centring for values in (first, second)]
    own = [np.trace(kernel @ kernel) for kernel in kernels]
    return np.trace(kernels[0] @ kernels[1]) / np.sqrt(own[0] * own[1])


def test_streamed_sums_give_the_correlations_of_numpy_and_the_cka_of_characters(random):
    values = random.normal(3, 1, (STEPS, STREAMS, 7)) + random.normal(0, 2, (STEPS, STREAMS, 1))
    values = values.astype(np.float32)
    found = moments_of(values).covariances()
    rows = values.reshape(-1, 7).astype(np.float64)
    first, second = slice(0, 4), slice(4, 7)
    np.testing.assert_allclose(found.correlations(first, second), np.corrcoef(rows.T)[:4, 4:], atol=1e-12)
    assert found.similarity(first, second) == pytest.approx(plain_cka(rows[:, :4], rows[:, 4:]), abs=1e-12)

    moved = np.roll(values, STREAMS // 2, axis=1).reshape(-1, 7).astype(np.float64)
    expected = np.corrcoef(rows[:, :4].T, moved[:, 4:].T)[:4, 4:]
    np.testing.assert_allclose(found.correlations(first, second, shifted=True), expected, atol=1e-12)


def test_sums_of_both_halves_are_those_of_all_streams(random):
    values = random.normal(size=(STEPS, STREAMS, 5))
    together = moments_of(values[:, ::2]).with_other(moments_of(values[:, 1::2]))
    rows = values.reshape(-1, 5)
    np.testing.assert_allclose(together.correlations(slice(0, 5), slice(0, 5)), np.corrcoef(rows.T), atol=1e-12)


def test_cka_is_the_same_after_rotation_and_scaling_and_small_for_what_is_unrelated(random):
    layer = random.normal(size=(STEPS, STREAMS, 5)) * [1, 2, 3, 4, 5]
    rotation, _ = np.linalg.qr(random.normal(size=(5, 5)))
    values = np.concatenate([layer, 7 * layer @ rotation + 3, random.normal(size=(STEPS, STREAMS, 2))], axis=2)
    found = moments_of(values).covariances()
    own, turned, other = slice(0, 5), slice(5, 10), slice(10, 12)
    assert found.similarity(own, own) == pytest.approx(1, abs=1e-12)
    assert found.similarity(own, turned) == pytest.approx(1, abs=1e-12)
    assert found.similarity(own, other) == pytest.approx(found.similarity(turned, other), abs=1e-12)
    assert found.similarity(own, other) < 0.05
    assert found.similarity(own, turned, shifted=True) < 0.05, "another stream has the same units and another text"


@pytest.mark.parametrize("constant", [1.0, 1 - 2**-24, -0.3, 0.0])
def test_a_unit_that_does_not_vary_correlates_with_nothing(random, constant):
    values = random.normal(size=(STEPS, STREAMS, 3))
    values[..., 0] = constant
    found = moments_of(values).covariances()
    assert found.correlations(slice(0, 1), slice(0, 3)).tolist() == [[0, 0, 0]]
    assert found.similarity(slice(0, 1), slice(1, 3)) < 1e-9


def test_permuted_units_with_turned_signs_are_matched_exactly(random):
    layer = random.normal(size=(STEPS, STREAMS, 6))
    order, signs = random.permutation(6), random.choice([-1, 1], 6)
    values = np.concatenate([layer, (layer * signs)[..., order]], axis=2)
    correlations = moments_of(values).covariances().correlations(slice(0, 6), slice(6, 12))
    found = match_units(correlations)
    assert found.tolist() == np.argsort(order).tolist()
    np.testing.assert_allclose(correlations[np.arange(6), found], signs, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_the_matching_has_the_largest_sum_of_all(random, shape):
    correlations = random.uniform(-1, 1, shape)
    found = match_units(correlations)
    matched = np.flatnonzero(found >= 0)
    assert len(matched) == min(shape) == len(set(found[matched]))
    weights = np.abs(correlations) if shape[0] <= shape[1] else np.abs(correlations).T
    best = max(weights[range(len(weights)), columns].sum() for columns in itertools.permutations(range(max(shape)), len(weights)))
    assert np.abs(correlations)[matched, found[matched]].sum() == pytest.approx(best)
