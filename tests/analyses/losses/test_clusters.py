"""Clusters against plain loops over characters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.losses.clusters import draw_clusters, stream_groups

SHAPES = st.tuples(st.integers(1, 50), st.integers(1, 60))


def plain_blocks(shape, least):
    """The fewest blocks of every stream that are `least` together; a block has a character at least."""
    streams, steps = shape
    return next((blocks for blocks in range(1, steps + 1) if streams * blocks >= least), steps)


@given(shape=SHAPES, least=st.integers(1, 80))
def test_clusters_are_as_large_as_their_number_allows(shape, least):
    numbers = draw_clusters(shape, least).numbers
    assert numbers.shape == shape
    assert len(draw_clusters(shape, least)) == len(set(numbers.ravel())) == shape[0] * plain_blocks(shape, least)
    sizes = np.bincount(numbers.ravel())
    assert sizes.max() - sizes.min() <= 1
    for row in numbers.tolist():
        assert row == sorted(row), "neighbours are together"
    assert len({(number, stream) for stream, row in enumerate(numbers) for number in row}) == len(sizes), "in one stream"


@given(shape=SHAPES, together=st.integers(1, 60))
def test_groups_are_of_whole_streams(shape, together):
    clusters = stream_groups(shape, together)
    for stream, row in enumerate(clusters.numbers):
        assert set(row) == {stream // min(together, shape[0])}
    assert len(clusters) == clusters.numbers.max() + 1


@given(shape=SHAPES, least=st.integers(1, 80), together=st.integers(1, 60), seed=st.integers(0, 9))
def test_sums_are_those_of_the_characters_of_a_cluster(shape, least, together, seed):
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    for clusters in (draw_clusters(shape, least), stream_groups(shape, together)):
        expected = [0.0] * len(clusters)
        for number, value in zip(clusters.numbers.ravel(), values.ravel(), strict=True):
            expected[number] += float(value)
        np.testing.assert_allclose(clusters.sums(values), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("clusters", "name"),
    [
        (draw_clusters((100, 3300), 40), "100 streams"),
        (draw_clusters((40, 3300), 40), "40 streams"),
        (draw_clusters((39, 3301), 40), "78 blocks of 1650 or 1651 characters"),
        (draw_clusters((8, 200), 40), "40 blocks of 40 characters"),
        (draw_clusters((2, 5), 40), "10 blocks of 1 characters"),
        (stream_groups((64, 90), 6), "11 groups of 6 streams"),
        (stream_groups((4, 90), 1), "4 streams"),
        (stream_groups((4, 90), 9), "1 groups of 4 streams"),
    ],
)
def test_which_was_drawn_is_said(clusters, name):
    assert str(clusters) == name
