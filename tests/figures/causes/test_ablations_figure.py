import pytest
from helpers.context_tables import make_ablations

from rnnscope.figures.causes import ablations


def test_a_dot_a_unit_and_the_name_of_the_largest_effect(check_legible):
    table = make_ablations()
    figure = ablations.draw(table, "A tale")
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert sorted(titles) == ["inside quotes (AUC)", "line position (Spearman)"]
    axes = figure.axes[titles.index("inside quotes (AUC)")]
    units = table[(table["model"] == "lstm-3-512") & (table["feature"] == "inside_quotes")]
    assert list(axes.lines[0].get_xdata()) == pytest.approx(list(units["score"]))
    assert list(axes.lines[0].get_ydata()) == pytest.approx(list(units["end_effect"]))
    assert [text.get_text() for text in axes.texts] == [
        "GRU 3×512: layer 2 h 7, score rank 1",
        "LSTM 3×512: layer 2 c 7, score rank 1",
    ]
    check_legible(figure)


def test_a_text_in_which_no_feature_ends():
    table = make_ablations()
    figure = ablations.draw(table[table["feature"] == "all"], "A tale")
    assert "No feature ends" in figure.texts[0].get_text()
