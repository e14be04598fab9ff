"""The bootstrap against the closed form and against a plain loop."""

import numpy as np
import pytest

from rnnscope.analyses.losses.bootstrap import bootstrap_standard_deviation, bootstrap_standard_deviations


def test_approaches_the_standard_error_of_the_mean():
    log_prob = -np.random.default_rng(0).exponential(1.2, size=2000).astype(np.float32)
    standard_error = log_prob.astype(np.float64).std() / np.sqrt(len(log_prob))
    # A standard deviation from 4000 samples is known to one part in sqrt(8000): 1.1 %; allow four times that.
    assert bootstrap_standard_deviation(log_prob, samples=4000, seed=3) == pytest.approx(standard_error, rel=0.045)


def test_is_the_deviation_of_the_means_of_resampled_characters():
    log_prob = np.random.default_rng(1).normal(size=500)
    random = np.random.default_rng(7)
    means = [np.mean(log_prob[random.integers(500, size=500)]) for _ in range(20)]
    assert bootstrap_standard_deviation(log_prob, samples=20, seed=7) == pytest.approx(np.std(means, ddof=1), rel=1e-9)


def test_models_together_have_the_deviations_they_have_alone():
    log_prob = np.random.default_rng(2).normal(size=(4, 300)).astype(np.float32)
    alone = [bootstrap_standard_deviation(model, seed=5) for model in log_prob]
    np.testing.assert_allclose(bootstrap_standard_deviations(log_prob, seed=5), alone, rtol=1e-12)


def test_another_seed_draws_other_samples():
    log_prob = np.random.default_rng(3).normal(size=300)
    assert bootstrap_standard_deviation(log_prob, seed=0) == bootstrap_standard_deviation(log_prob, seed=0)
    assert bootstrap_standard_deviation(log_prob, seed=0) != bootstrap_standard_deviation(log_prob, seed=1)
