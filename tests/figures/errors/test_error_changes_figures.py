import pytest

from rnnscope.figures import style
from rnnscope.figures.errors import dynamic_evaluation, size_breakdown

CLASSES = ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost"]


def widths(container):
    return [bar.get_width() for bar in container]


def test_sizes_bars_are_the_counts(error_changes_table, check_legible):
    table = error_changes_table(smaller="lstm-1-64", larger="lstm-3-512")
    figure = size_breakdown.draw(table, "A tale")
    left, right = figure.axes
    shown = table[table["class"] != "remaining"]
    assert [label.get_text() for label in left.get_yticklabels()] == [style.words(name) for name in CLASSES]
    assert [widths(container) for container in left.containers] == [list(shown["errors_before"]), list(shown["errors_after"])]
    assert [widths(container) for container in right.containers] == [list(shown["removed"]), list(-shown["added"])]
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
    assert [widths(container) for container in axes.containers] == [pytest.approx(list(removed)), pytest.approx(list(-added))]
    assert [text.get_text() for text in axes.texts] == [f"net {net:+.1f}%" for net in added - removed]
    assert "1.2708" in axes.get_title()
    check_legible(figure)


def test_a_model_that_learns_nothing(error_changes_table, check_legible):
    table = error_changes_table(model="lstm-3-512").assign(removed=0, added=0)
    figure = dynamic_evaluation.draw(table, "A tale")
    assert {text.get_text() for text in figure.axes[0].texts} == {"net +0.0%"}
    check_legible(figure)
