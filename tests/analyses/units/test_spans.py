from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.units import spans


@given(st.lists(st.lists(st.booleans(), min_size=8, max_size=8), min_size=1, max_size=4))
def test_distances_against_counting(streams):
    expected = []
    for stream in streams:
        counts, count, known = [], 0, False
        for on in stream:
            known = known or not on
            count = count + 1 if on and known else 0
            counts.append(count)
        expected.append(counts)
    assert spans.distances(np.array(streams)).tolist() == expected


@given(st.lists(st.lists(st.booleans(), min_size=8, max_size=8), min_size=1, max_size=4))
def test_runs_against_counting(streams):
    expected = []
    for stream in streams:
        counts = []
        for step, on in enumerate(stream):
            counts.append(counts[-1] + 1 if step and stream[step - 1] == on else 1)
        expected.append(counts)
    assert spans.runs(np.array(streams)).tolist() == expected


@given(st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=25))
def test_threshold_has_the_largest_difference_of_rates(characters):
    feature, value = (np.array(column) for column in zip(*characters, strict=True))
    if feature.all() or not feature.any():
        return

    def gain(threshold):
        return (value[feature] >= threshold).mean() - (value[~feature] >= threshold).mean()

    found = spans.best_threshold(feature, value.astype(np.float32))
    assert gain(found) == pytest.approx(max(gain(threshold) for threshold in (*range(-4, 6),)))


@pytest.mark.parametrize("longest", [1, 2, 3, 5, 100, 1000])
def test_bins_cover_all_distances_two_to_the_octave(longest):
    first = spans.edges(longest)
    assert first[0] == 1
    assert first[-1] <= longest
    assert (np.diff(first) > 0).all()
    assert all(later / earlier <= 2 for earlier, later in pairwise(first))
    assert longest < 2 * first[-1] + 1
