"""How far a test loss would move with another draw of the test characters (paper section 4, T1)."""

import numpy as np


def bootstrap_standard_deviation(log_prob: np.ndarray, samples: int = 100, seed: int = 0) -> float:
    """Standard deviation of one model's mean loss over bootstrap samples of the test characters, in nats.

    log_prob: float (characters,), of the correct characters, nats.
    """
    return float(bootstrap_standard_deviations(log_prob[np.newaxis], samples, seed)[0])


def bootstrap_standard_deviations(log_prob: np.ndarray, samples: int = 100, seed: int = 0) -> np.ndarray:
    """The same of several models at once: float64 (models,), in nats.

    log_prob: float (models, characters). samples: at least 2; each draws as many characters as there are, with
    replacement (Efron 1979, "Bootstrap methods: another look at the jackknife"). All models see the same samples, so
    that their deviations compare, and so that drawing, the slow part, is done once.
    """
    models, characters = log_prob.shape
    random = np.random.default_rng(seed)
    means = np.empty((samples, models))
    for sample in range(samples):
        times_drawn = np.bincount(random.integers(characters, size=characters), minlength=characters)
        # Not a matrix product: the order of its sums, and with it the last digit, may follow the number of threads.
        means[sample] = np.einsum("mc,c->m", log_prob, times_drawn, dtype=np.float64) / characters
    deviations: np.ndarray = means.std(axis=0, ddof=1)
    return deviations
