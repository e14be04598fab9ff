import numpy as np
import pytest

from rnnscope.analyses.units.restart import choose_cases, compare
from rnnscope.analyses.units.spans import trace_unit
from rnnscope.settings.sections import Resampling

BOOTSTRAP = Resampling(samples=40, seed=1)
SHARES = ["kept_right_share", "kept_off_right_share", "restarted_right_share", "restarted_off_right_share", "difference"]


@pytest.mark.parametrize("cases", [1, 7, 10**6])
def test_cases_are_as_far_inside_as_the_network_reads_back(cases):
    feature = np.zeros((2, 400), bool)
    feature[0, :90], feature[0, 100:160], feature[1, 50:80] = True, True, True
    trace = trace_unit(feature.ravel(), feature.ravel().astype(np.float32), feature.ravel(), 2)
    able = {
        True: [*range(125, 160), *range(400 + 75, 400 + 80)],  # the span from step 0 on has no beginning
        False: [*range(160 + 25, 400), *range(400 + 25, 400 + 50), *range(400 + 80 + 25, 800)],
    }
    found = choose_cases(trace, restart_steps=25, cases=cases)
    for on, expected in able.items():
        chosen = found[feature.ravel()[found] == on]
        assert set(chosen) <= set(expected)
        assert len(set(chosen)) == len(chosen) == min(cases, len(expected))
        gaps = np.diff(np.searchsorted(expected, chosen))
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1, "evenly spaced"


def test_shares_are_counted_and_streams_that_agree_have_no_spread():
    """Every stream: of 4 characters with the feature kept finds 3, restarted 2; of 5 without it kept finds 1, restarted 2."""
    feature = np.array([True] * 4 + [False] * 5)
    kept = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0], bool)
    restarted = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0], bool)
    for streams, has_interval in ((10, True), (9, False)):
        columns = [np.tile(values, streams) for values in (feature, kept, restarted)]
        found = compare(*columns, np.repeat(np.arange(1, 2 * streams, 2), 9), BOOTSTRAP)
        assert (found["compared"], found["compared_off"], found["compared_streams"]) == (4 * streams, 5 * streams, streams)
        assert [found[name] for name in SHARES] == pytest.approx([0.75, 0.2, 0.5, 0.4, 0.55 - 0.1])
        ends = [found["difference_low"], found["difference_high"]]
        assert ends == pytest.approx([0.45, 0.45]) if has_interval else np.isnan(ends).all()


def test_a_restarted_network_that_is_wrong_adds_nothing_to_what_the_kept_state_knows():
    """Kept separates by 0.2; restarted is on at every character without the feature and off with it."""
    feature = np.array([True] * 5 + [False] * 5)
    kept = np.array([1, 1, 0, 0, 0, 1, 0, 0, 0, 0], bool)
    found = compare(*(np.tile(values, 12) for values in (feature, kept, ~feature)), np.repeat(np.arange(12), 10), BOOTSTRAP)
    assert [found[name] for name in ("difference", "difference_low", "difference_high")] == pytest.approx([0.2] * 3)


def test_streams_without_the_feature_count_for_nothing():
    feature = np.repeat([True, False], [9, 50])
    found = compare(feature, feature, feature, np.append(np.arange(9), np.arange(50)), BOOTSTRAP)
    assert found["compared_streams"] == 9
    assert found["difference"] == 0
    assert np.isnan(found["difference_low"])


@pytest.mark.parametrize("feature", [[], [True] * 12, [False] * 12])
def test_nothing_to_compare(feature):
    feature = np.array(feature, bool)
    found = compare(feature, feature, ~feature, np.arange(len(feature)), BOOTSTRAP)
    assert found["compared"] + found["compared_off"] == len(feature)
    assert np.isnan([found["difference"], found["difference_low"], found["difference_high"]]).all()
