import numpy as np
import pytest

from rnnscope.analyses.units.control_tasks import TASKS, control_features, shared_labels


@pytest.fixture
def characters():
    """Of twenty kinds, from frequent to rare."""
    weights = 0.8 ** np.arange(20)
    return tuple(np.random.default_rng(half).choice(20, 5000, p=weights / weights.sum()) for half in (0, 1))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.98])
def test_a_label_is_one_of_the_character_and_has_about_the_share_of_the_feature(characters, share):
    feature = np.random.default_rng(2).random(5000) < share
    tasks = control_features(feature, characters, "inside")
    assert len(tasks) == TASKS
    assert len({labels[0].tobytes() for labels in tasks}) > 1, "each task has other labels"
    most_frequent = np.bincount(characters[0]).max()
    for labels in tasks:
        known = {}
        for half, of_half in zip(characters, labels, strict=True):
            assert of_half.dtype == bool
            for character, label in zip(half, of_half, strict=True):
                assert known.setdefault(character, label) == label
        assert 0 < np.count_nonzero(labels[0]) < 5000
        assert abs(np.count_nonzero(labels[0]) - np.count_nonzero(feature)) <= most_frequent


def test_labels_of_a_count_are_values_that_it_has(characters):
    feature = np.random.default_rng(2).choice([3, 5, 9], 5000).astype(np.int32)
    for first, second in control_features(feature, characters, "line"):
        assert set(first) | set(second) <= {3, 5, 9}
        assert first.dtype == np.int32
        for character in range(20):
            assert len({*first[characters[0] == character], *second[characters[1] == character]}) <= 1


def test_the_share_is_the_closest_that_the_order_allows():
    characters = np.repeat([0, 1, 2, 3], [40, 30, 20, 10])
    counts = [40, 30, 20, 10]
    random, again = np.random.default_rng(5), np.random.default_rng(5)
    for on in (1, 35, 60, 99):
        order = again.permutation(4)
        sums = [sum(counts[kind] for kind in order[:first]) for first in (1, 2, 3)]
        closest = min(sums, key=lambda reached: abs(reached - on))
        labels = shared_labels(np.arange(100) < on, characters, 4, random)
        assert sum(counts[kind] for kind in np.flatnonzero(labels)) == closest


def test_a_text_of_one_character_has_no_control_task():
    feature = np.array([True, False] * 10)
    (first, second), *_ = control_features(feature, (np.zeros(20, int), np.zeros(4, int)), "inside")
    assert not first.any()
    assert not second.any()
