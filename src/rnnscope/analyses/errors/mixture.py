"""The mixture of two models: p = (1 - weight) p_first + weight p_second, of every character alone."""

import numpy as np

HALVINGS = 50  # of an interval of weights: down to 1e-15


def mixed(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Return the log-probabilities of a mixture.

    Parameters
    ----------
    first, second
        Float (...): log-probabilities of the same characters, nats; minus infinity in `second` for a probability of zero.
    weight
        Of the second, from 0 to 1. At 0 the result is the first to the bit.

    Returns
    -------
    ndarray
        Float64 (...), nats.
    """
    with np.errstate(divide="ignore"):
        shares = np.log([1 - weight, weight])
    return np.logaddexp(first + shares[0], second + shares[1])


def best_weight(first: np.ndarray, second: np.ndarray) -> float:
    """Return the weight, from 0 to 1, at which the mean loss of the mixture is lowest.

    Parameters
    ----------
    first, second
        As of `mixed`.

    Notes
    -----
    The mean of log p is concave in the weight, so that the sign of its derivative, the mean of r / (1 + weight r) with
    r = p_second / p_first - 1, says on which side the best weight is.
    """
    r = np.expm1(second.astype(np.float64) - first)
    low, high = 0.0, 1.0
    if r.mean() <= 0:
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(r / (1 + middle * r)) > 0 else (low, middle)
    return low
