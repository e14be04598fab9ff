import pytest
from matplotlib.container import BarContainer

from rnnscope.figures import style
from rnnscope.figures.errors import dynamic_evaluation, size_breakdown

CLASSES = ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost"]


def bars(axes):
    """The bars, without those of their intervals."""
    return [container for container in axes.containers if isinstance(container, BarContainer)]


def intervals(axes):
    """The ends of the intervals of each container."""
    found = [container for container in axes.containers if not isinstance(container, BarContainer)]
    return [[tuple(segment[:, 0]) for segment in container.lines[2][0].get_segments()] for container in found]


def ends(table, column):
    return zip(table[f"{column}_low"], table[f"{column}_high"], strict=True)


def widths(container):
    return [bar.get_width() for bar in container]


def test_sizes_bars_are_the_counts(error_changes_table, check_legible):
    table = error_changes_table(smaller="lstm-1-64", larger="lstm-3-512")
    figure = size_breakdown.draw(table, "A tale")
    left, right = figure.axes
    shown = table[table["class"] != "remaining"]
    assert [label.get_text() for label in left.get_yticklabels()] == [style.words(name) for name in CLASSES]
    assert [widths(container) for container in bars(left)] == [list(shown["errors_before"]), list(shown["errors_after"])]
    assert [widths(container) for container in bars(right)] == [list(shown["removed"]), list(-shown["added"])]
    for axes, columns in ((left, {"errors_before": 1, "errors_after": 1}), (right, {"removed": 1, "added": -1})):
        for found, (column, sign) in zip(intervals(axes), columns.items(), strict=True):
            expected = sorted(tuple(sorted((sign * low, sign * high))) for low, high in ends(shown, column))
            assert sorted(found) == [pytest.approx(pair) for pair in expected]
    assert [text.get_text() for text in right.texts] == [f"{share:.0%}" for share in shown["removed_share"]]
    assert f"{table['removed'].sum():,}" in right.get_title()
    check_legible(figure)


def test_what_remains_is_shown_where_something_does(error_changes_table, check_legible):
    table = error_changes_table(smaller="lstm-1-64", larger="lstm-3-512")
    table.loc[table["class"] == "remaining", "added"] = 5
    figure = size_breakdown.draw(table, "A tale")
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "remaining"
    check_legible(figure)


def test_dynamic_evaluation_bars_are_shares_of_the_class(error_changes_table, check_legible):
    table = error_changes_table(model="lstm-3-512")
    figure = dynamic_evaluation.draw(table, "A tale")
    (axes,) = figure.axes
    shown = table[table["class"] != "remaining"]
    removed, added = (100 * shown[column] / shown["errors_before"] for column in ("removed", "added"))
    assert [widths(container) for container in bars(axes)] == [pytest.approx(list(removed)), pytest.approx(list(-added))]
    shares = 100 * shown[["net_share", "net_share_low", "net_share_high"]]
    expected = [f"net {net:+.1f}%\n({low:+.1f} to {high:+.1f})" for net, low, high in shares.itertuples(index=False)]
    assert [text.get_text() for text in axes.texts] == expected
    assert "1.2708" in axes.get_title()
    check_legible(figure)


def test_a_model_that_learns_nothing(error_changes_table, check_legible):
    table = error_changes_table(model="lstm-3-512").assign(removed=0, added=0, net_share=-0.0)
    bounded = ("removed", "added", "net_share", "test_loss_difference")
    nothing = {f"{column}_{end}": float("nan") for column in bounded for end in ("low", "high")}
    figure = dynamic_evaluation.draw(table.assign(**nothing, clusters="8 groups of 8 streams"), "A tale")
    assert {text.get_text() for text in figure.axes[0].texts} == {"net +0.0%"}
    check_legible(figure)


def test_a_model_without_errors(error_changes_table, check_legible):
    figure = dynamic_evaluation.draw(error_changes_table(model="lstm-3-512").assign(errors_before=0), "A tale")
    assert style.NO_ERRORS in [text.get_text() for text in figure.texts]
    check_legible(figure)
