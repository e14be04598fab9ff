import numpy as np
import pytest

from rnnscope.figures.comparisons import character_gains


@pytest.mark.parametrize("characters", [1, 40, 51, 87, 100])
def test_every_character_once_sorted_by_difference(gains, check_legible, characters):
    table = gains(characters)
    figure = character_gains.draw(table, "A tale")
    above, below = figure.axes[::2], figure.axes[1::2]
    ordered = table.sort_values("difference", ascending=False)
    names = [label.get_text() for axes in below for label in axes.get_xticklabels()]
    assert names == list(ordered["character"])
    for column, container in (("network", 0), ("ngram", 1)):
        drawn = np.concatenate([axes.containers[container].lines[0].get_ydata() for axes in above])
        np.testing.assert_array_equal(drawn, ordered[column])
    assert len({axes.get_ylim() for axes in below}) == 1
    assert f"Holm's correction for {characters} comparisons" in figure.axes[-1].get_xlabel()
    check_legible(figure)


def test_intervals_and_which_are_significant(gains):
    table = gains(60)
    drawn = {}
    start = 0
    for axes in character_gains.draw(table, "").axes[1::2]:
        for container, significant in zip(axes.containers, (True, False), strict=True):
            points, _, (bars,) = container.lines
            assert (points.get_markerfacecolor() == "white") is not significant
            for x, segment in zip(points.get_xdata(), bars.get_segments(), strict=True):
                drawn[start + int(x)] = (*segment[:, 1], significant)
        start += len(axes.get_xticks())
    for index, row in enumerate(table.sort_values("difference", ascending=False).itertuples()):
        low, high, significant = drawn[index]
        assert (low, high) == pytest.approx((row.difference_low, row.difference_high))
        assert significant == row.separated
    assert {significant for *_, significant in drawn.values()} == {True, False}
