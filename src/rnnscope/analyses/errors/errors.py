"""What counts as an error (paper section 4, F4, F5, F7)."""

import math

import numpy as np

# A character is an error when the model gave it a probability below one half.
ERROR_BELOW = 0.5


def is_error(log_prob: np.ndarray) -> np.ndarray:
    """Return which characters are errors.

    Parameters
    ----------
    log_prob : ndarray of float32, any shape
        Log-probabilities of the correct characters, nats.

    Returns
    -------
    errors : ndarray of bool, the same shape
    """
    return log_prob < np.float32(math.log(ERROR_BELOW))
