import numpy as np
import pytest
from matplotlib.container import BarContainer

from rnnscope.figures import style
from rnnscope.figures.errors import realisable

CLASSES = ["n-gram", "memory", "rare words", "word model", "punctuation", "boost"]


def widths(axes):
    (bars,) = (container for container in axes.containers if isinstance(container, BarContainer))
    return [bar.get_width() for bar in bars]


def test_bars_are_the_fall_of_the_loss_and_the_shares_of_the_bounds(realisable_table, check_legible):
    table = realisable_table()
    figure = realisable.draw(table, "A tale")
    first, *others = figure.axes
    names = ["dynamic\nevaluation", "cache\n100", "cache\n5000", "n-gram\nmixture"]
    assert [label.get_text() for label in first.get_yticklabels()] == names
    assert widths(first) == pytest.approx([0.02, 0.04, 0.06, 0.08])
    assert [text.get_text() for text in first.texts] == ["0.020", "0.040", "0.060", "0.080"]
    assert [axes.get_title().replace("\n", " ") for axes in others] == CLASSES, "what remains has no errors"
    for axes, (_, rows) in zip(others, table.dropna(subset="bound_share").groupby("class", sort=False), strict=True):
        assert widths(axes) == pytest.approx(list(100 * rows["bound_share"]))
        (intervals,) = (found for found in axes.containers if not isinstance(found, BarContainer))
        found = [tuple(segment[:, 0]) for segment in intervals.lines[2][0].get_segments()]
        expected = zip(100 * rows["bound_share_low"], 100 * rows["bound_share_high"], strict=True)
        assert found == [pytest.approx(pair) for pair in expected]
    assert "95 % intervals over 100 streams" in figure.get_supxlabel()
    check_legible(figure)


def test_learning_whose_streams_share_weights_has_a_note_of_its_own(realisable_table, check_legible):
    table = realisable_table()
    learning = table["method"] == "realisable-dynamic-evaluation"
    ends = [name for name in table.columns if name.endswith(("_low", "_high"))]
    table.loc[learning, "clusters"] = "3 groups of 6 streams"
    table.loc[learning, ends] = np.nan
    figure = realisable.draw(table, "A tale")
    assert "dynamic evaluation: no 95 % intervals (3 groups of 6 streams)" in figure.get_supxlabel()
    check_legible(figure)


def test_a_small_fall_has_no_sign(realisable_table, check_legible):
    figure = realisable.draw(realisable_table().assign(bound_share=-0.0001), "A tale")
    assert {text.get_text() for axes in figure.axes[1:] for text in axes.texts} == {"0.0"}
    check_legible(figure)


def test_a_model_without_errors(realisable_table, check_legible):
    figure = realisable.draw(realisable_table().assign(errors_before=0), "A tale")
    assert style.NO_ERRORS in [text.get_text() for text in figure.texts]
    check_legible(figure)
