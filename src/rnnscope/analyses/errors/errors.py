"""What counts as an error, and whose errors are analysed (paper section 4, F4, F5, F7)."""

import math

import numpy as np
import pandas as pd

from rnnscope.errors import InputError

# A character is an error when the model gave it a probability below one half.
ERROR_BELOW = 0.5


def is_error(log_prob: np.ndarray) -> np.ndarray:
    """Which characters are errors, bool, given the log-probabilities (nats) of the correct characters; any shape."""
    errors: np.ndarray = log_prob < np.float32(math.log(ERROR_BELOW))
    return errors


def best_model(losses: pd.DataFrame, candidates: list[str]) -> str:
    """The name of the candidate with the lowest validation loss, the first of equals: the test part has no say in it.

    `losses` is table T1, with the columns `model` and `validation_loss`. Raises InputError when it lacks a candidate.
    """
    validation_loss = losses.set_index("model")["validation_loss"]
    missing = [name for name in candidates if name not in validation_loss]
    if missing:
        raise InputError(f"table of losses: no model {missing[0]!r}, found {', '.join(validation_loss.index)}")
    return str(validation_loss[candidates].idxmin())
