import numpy as np
import pytest

from rnnscope.data.paper import paper_points
from rnnscope.figures.comparisons import character_gains

QUANTITY = "mean probability of the correct character"


def shown(table):
    """The ten characters of the largest differences either way, the largest first."""
    ordered = sorted(table.to_dict("records"), key=lambda row: -row["difference"])
    ends = [row["character"] for row in ordered[:10] + ordered[-10:]]
    return [row for row in ordered if row["character"] in ends]


@pytest.mark.parametrize("characters", [1, 19, 20, 87, 100])
@pytest.mark.parametrize("paper", [None, "war_and_peace"])
def test_ten_characters_each_way_with_the_points_of_the_paper(gains, check_legible, characters, paper):
    table = gains(characters)
    figure = character_gains.draw(table, "A tale", paper)
    above, below = figure.axes
    points = paper_points("war_and_peace", "F4b", QUANTITY) if paper else {}
    rows = shown(table)
    assert len(rows) == len({row["character"] for row in rows}) == min(characters, 20)
    labels = [label.get_text() for label in below.get_xticklabels()]
    signs = {"space": "· space", "CR": "← CR", "LF": "↵ LF", "TAB": "→ TAB"}
    assert labels == [signs.get(row["character"], row["character"]) for row in rows]
    for column, container in (("network", 0), ("ngram", 1)):
        drawn = above.containers[container].lines[0].get_ydata()
        np.testing.assert_array_equal(drawn, [row[column] for row in rows])
    hollow = {line.get_label(): line for line in above.lines if line.get_label().startswith("the paper")}
    assert len(hollow) == (2 if paper else 0)
    for model, name in (("lstm-3-512", "the paper's network"), ("ngram-20", "the paper's n-gram model")) if paper else ():
        places = [(x, points[model, row["character"]]) for x, row in enumerate(rows) if (model, row["character"]) in points]
        x, y = hollow[name].get_data()
        assert list(zip(np.round(x), y, strict=True)) == places
        assert hollow[name].get_markerfacecolor() == "none"
    assert f"Holm's correction for {characters} comparisons" in figure.axes[-1].get_xlabel()
    check_legible(figure)


def test_intervals_and_which_are_significant(gains):
    table = gains(60)
    largest = table["difference"].idxmax()
    assert table.loc[largest, "separated"]
    table.loc[largest, "separated"] = False
    _, below = character_gains.draw(table, "").axes
    drawn = {}
    for container, significant in zip(below.containers, (True, False), strict=True):
        points, _, (bars,) = container.lines
        assert (points.get_markerfacecolor() == "white") is not significant
        for x, segment in zip(points.get_xdata(), bars.get_segments(), strict=True):
            drawn[int(x)] = (*segment[:, 1], significant)
    rows = shown(table)
    for index, row in enumerate(rows):
        low, high, significant = drawn[index]
        assert (low, high) == pytest.approx((row["difference_low"], row["difference_high"]))
        assert significant == row["separated"]
    assert {significant for *_, significant in drawn.values()} == {True, False}
