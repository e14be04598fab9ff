import math

import numpy as np
import pandas as pd
import pytest

from rnnscope.analyses.errors.errors import best_model, is_error
from rnnscope.errors import InputError

LOSSES = pd.DataFrame(
    {
        "model": ["lstm-1-64", "lstm-3-64", "lstm-3-128", "lstm-2-64"],
        "validation_loss": [1.3, 1.2, 1.1, 1.0],
        "test_loss": [1.0, 1.1, 1.4, 1.5],
    }
)


def test_an_error_is_a_probability_below_one_half():
    log_prob = np.log(np.array([[0.1, 0.49], [0.51, 1.0]])).astype(np.float32)
    assert is_error(log_prob).tolist() == [[True, True], [False, False]]


def test_one_half_itself_is_no_error():
    assert not is_error(np.array([math.log(0.5)], np.float32))[0]


def test_the_best_model_is_chosen_by_validation_loss_among_the_candidates():
    assert best_model(LOSSES, ["lstm-3-64", "lstm-3-128"]) == "lstm-3-128"


def test_a_candidate_that_is_not_in_the_table_is_named():
    with pytest.raises(InputError, match="lstm-3-256"):
        best_model(LOSSES, ["lstm-3-64", "lstm-3-256"])
