import numpy as np
import pytest

from rnnscope.explorer.passages import BEFORE, LEAST_SHARE, STRIDE, WINDOW, clearest_place


def slow_place(values, feature):
    """The same by numpy's correlation of every window."""
    streams, steps = values.shape
    width, found = min(WINDOW, steps), []
    yes_no = set(np.unique(feature)) <= {0, 1}
    for stream in range(streams):
        for start in range(0, steps - width + 1, STRIDE):
            one, other = values[stream, start : start + width], feature[stream, start : start + width]
            if other.std() * one.std() < 1e-9:
                continue
            if yes_no and not LEAST_SHARE <= other.mean() <= 1 - LEAST_SHARE:
                continue
            changes = sum(other[index] != other[index - 1] for index in range(1, width))
            score = abs(np.corrcoef(one.astype(float), other.astype(float))[0, 1])
            found.append((yes_no and changes > 1, score, stream, start))
    _, best, stream, start = max(found, key=lambda window: (window[0], round(window[1], 9), -window[2], -window[3]))
    for sign in (1, -1):
        for position in range(start + min(BEFORE, width // 2) + 1, start + width):
            if sign * (feature[stream, position] - feature[stream, position - 1]) > 0:
                return stream * steps + position, best
    return stream * steps + start, best


@pytest.mark.parametrize("seed", range(4))
def test_the_place_is_that_of_a_search_through_all_windows(seed):
    random = np.random.default_rng(seed)
    steps = (300, 900, 1500, 2100)[seed]
    switches = random.random((3, steps)) < 0.02
    feature = (np.cumsum(switches, axis=1) % 2).astype(np.float32)
    if seed % 2:
        feature = np.cumsum(random.random((3, steps)) < 0.3, axis=1).astype(np.float32) % 40
    values = (feature * random.uniform(-1, 1, (3, 1)) + random.normal(size=(3, steps))).astype(np.float32)
    (place, clarity), (slow, best) = clearest_place(values, feature), slow_place(values, feature)
    assert place == slow
    assert clarity == pytest.approx(best, abs=1e-6)


def test_a_feature_that_never_changes_has_some_place():
    place, clarity = clearest_place(np.zeros((2, 700), np.float32), np.zeros((2, 700), np.float32))
    assert 0 <= place < 1400
    assert clarity == 0


def test_a_passage_with_both_sides_is_clearer_than_one_with_a_single_change():
    """Of one stream with a long comment that ends, and one with a short comment, the short one, though a bit less clear."""
    feature = np.zeros((2, 700), np.float32)
    feature[0, :500] = 1
    feature[1, 200:400] = 1
    values = feature + np.random.default_rng(0).normal(0, 0.01, feature.shape).astype(np.float32)
    values[1] += np.random.default_rng(1).normal(0, 0.2, 700)
    assert clearest_place(values, feature)[0] == 700 + 200
    # Where the feature only ends, the place is its end.
    assert clearest_place(values[:1], feature[:1])[0] == 500
