"""What an evaluation left behind: predictions, held to the losses that were written beside them."""

from pathlib import Path

import numpy as np

from rnnscope.analyses.losses.summaries import read_object
from rnnscope.errors import InputError
from rnnscope.storage.predictions import read_log_prob

# The evaluation sums the same float32 numbers in another order; more than this apart, one of the files is of another model.
TOLERANCE = 1e-4


def read_evaluated(predictions: Path, evaluation: Path) -> tuple[np.ndarray, float]:
    """Read a model's log-probabilities, float32 (characters,), and their test loss: minus their mean, in float64, nats.

    Raises InputError when that is not the `test_loss` of `evaluation`, or when a file is missing, damaged or empty.
    """
    expected = read_object(evaluation, ("test_loss",))["test_loss"]
    log_prob = read_log_prob(predictions)
    if log_prob.size == 0:
        raise InputError(f"{predictions}: no rows; expected a row a test character")
    test_loss = -float(np.mean(log_prob, dtype=np.float64))
    if not abs(test_loss - expected) <= TOLERANCE:  # so put, a NaN disagrees too
        raise InputError(
            f"{predictions}: test loss {test_loss:.6f}, expected {expected:.6f} as in {evaluation}; "
            "one of the two is stale or damaged"
        )
    return log_prob, test_loss
