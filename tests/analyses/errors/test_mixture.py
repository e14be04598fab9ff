import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from rnnscope.analyses.errors.mixture import best_weight, mixed

probabilities = st.lists(st.tuples(st.floats(1e-6, 1), st.floats(0, 1)), min_size=1, max_size=30)


def logs(pairs):
    with np.errstate(divide="ignore"):
        return np.log(np.array(pairs, dtype=np.float64)).T


@given(pairs=probabilities, weight=st.floats(0, 1))
def test_a_mixture_is_the_weighted_mean_of_the_probabilities(pairs, weight):
    first, second = np.array(pairs).T
    found = np.exp(mixed(*logs(pairs), weight))
    np.testing.assert_allclose(found, (1 - weight) * first + weight * second, rtol=1e-12, atol=1e-300)


def test_a_weight_of_zero_is_the_first_model_to_the_bit():
    random = np.random.default_rng(1)
    first = np.log(random.uniform(1e-30, 1, 10_000)).astype(np.float32)
    second = np.concatenate([np.log(random.uniform(size=9_999)), [-np.inf]])
    np.testing.assert_array_equal(mixed(first, second, 0.0).astype(np.float32), first)


@given(pairs=probabilities)
def test_no_weight_has_a_lower_loss_than_the_best(pairs):
    first, second = logs(pairs)
    weight = best_weight(first, second)
    assert 0 <= weight < 1

    def loss(other):
        return -np.log((1 - other) * np.exp(first) + other * np.exp(second)).mean()

    elsewhere = minimize_scalar(loss, bounds=(0, 1 - 1e-9), method="bounded").fun
    assert loss(weight) <= min(elsewhere, loss(0.0), loss(1e-6), loss(0.5)) + 1e-12


def test_the_best_weight_of_two_models_in_closed_form():
    """One is right about a share of all characters, with 0.8 against 0.4 for the other, which is right about the rest."""
    right = np.arange(100) < 70
    first, second = np.where(right, 0.4, 0.8), np.where(right, 0.8, 0.4)
    # 0.7 log(0.4 + 0.4 w) + 0.3 log(0.8 - 0.4 w) is highest where 0.7 / (1 + w) = 0.3 / (2 - w): w = 1.1.
    assert best_weight(np.log(first), np.log(second)) == pytest.approx(1)
    right = np.arange(100) < 60  # 0.6 / (1 + w) = 0.4 / (2 - w): w = 0.8
    first, second = np.where(right, 0.4, 0.8), np.where(right, 0.8, 0.4)
    assert best_weight(np.log(first), np.log(second)) == pytest.approx(0.8)
    assert best_weight(np.log(second), np.log(np.where(right, 0.1, 0.5))) == 0
