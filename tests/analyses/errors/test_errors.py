import math

import numpy as np

from rnnscope.analyses.errors.errors import is_error


def test_an_error_is_a_probability_below_one_half():
    log_prob = np.log(np.array([[0.1, 0.49], [0.51, 1.0]])).astype(np.float32)
    assert is_error(log_prob).tolist() == [[True, True], [False, False]]


def test_one_half_itself_is_no_error():
    assert not is_error(np.array([math.log(0.5)], np.float32))[0]
