import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from rnnscope.analyses.losses.significance import holm, p_values


def plain_holm(p, level):
    """Which comparisons are significant: from the smallest p on, as long as it is below the level over those that are left."""
    significant = set()
    for done, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if not p[index] * (len(p) - done) < level:
            break
        significant.add(index)
    return significant


@given(p=st.lists(st.floats(0, 1), max_size=12), level=st.floats(0.001, 0.5))
def test_holm_against_its_definition(p, level):
    corrected = holm(np.array(p))
    assert {index for index, value in enumerate(corrected) if value < level} == plain_holm(p, level)
    assert ((corrected >= p) & (corrected <= 1)).all()


def test_p_is_that_of_the_paired_t_test():
    """With the deviation that infinitely many bootstrap samples have."""
    random = np.random.default_rng(0)
    apart = random.normal(0.3, 1, (30, 4))
    found = p_values(apart.mean(axis=0), apart.std(axis=0) / np.sqrt(30), 30)
    np.testing.assert_allclose(found, [ttest_rel(column, np.zeros(30)).pvalue for column in apart.T], rtol=1e-9)


def test_few_clusters_and_no_difference_show_nothing():
    assert p_values(np.array([1.0, 1.0, 0.0]), np.array([0.1, 0.1, 0.0]), np.array([9, 10, 10])).tolist() == [
        1,
        pytest.approx(2e-5, rel=1),
        1,
    ]


def test_of_many_equal_models_one_family_in_twenty_has_a_difference():
    """1,000 families of 20 comparisons without a difference: at most 5 % have one that counts as significant."""
    random = np.random.default_rng(1)
    apart = random.normal(size=(40, 1000, 20))
    p = p_values(apart.mean(axis=0), apart.std(axis=0) / np.sqrt(40), 40)
    assert 0.03 < np.mean([(holm(family) < 0.05).any() for family in p]) < 0.07
    assert np.mean((p < 0.05).any(axis=1)) > 0.5, "without the correction most families have one"
