"""Discounts against numbers worked by hand."""

from fractions import Fraction

import numpy as np
import pytest
from helpers.chen_goodman import FALL_BACK

from rnnscope.ngrams.smoothing import FALL_BACK_DISCOUNTS, discounts


def test_discounts_by_hand():
    # Y = 10 / (10 + 2 * 5) = 1/2; 1 - 2/2 * 5/10, 2 - 3/2 * 2/5, 3 - 4/2 * 1/2; zeros and counts above 4 play no part.
    count = np.repeat([0, 1, 2, 3, 4, 7], [100, 10, 5, 2, 1, 9])
    np.testing.assert_allclose(discounts(count), [0.5, 1.4, 2.0], rtol=1e-12)


@pytest.mark.parametrize(
    "counts_of_counts",
    [
        pytest.param((0, 0, 0, 0), id="no n-grams"),
        pytest.param((0, 5, 2, 1), id="no singletons"),
        pytest.param((10, 0, 2, 1), id="none counted twice"),
        pytest.param((10, 5, 0, 1), id="none counted three times"),
        pytest.param((10, 1, 9, 1), id="second discount negative"),
        pytest.param((4, 1, 1, 0), id="second discount exactly zero"),
        pytest.param((10, 5, 1, 9), id="third discount negative"),
    ],
)
def test_fall_back_discounts(counts_of_counts):
    assert tuple(discounts(np.repeat([1, 2, 3, 4], counts_of_counts))) == FALL_BACK_DISCOUNTS
    assert tuple(Fraction(D) for D in FALL_BACK_DISCOUNTS) == FALL_BACK
