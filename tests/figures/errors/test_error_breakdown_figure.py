import math
from itertools import pairwise

import pytest
from matplotlib.patches import Rectangle

from rnnscope.figures import style
from rnnscope.figures.errors import error_breakdown


def bars(axes, row):
    """The bars of a row from left to right, as (start, width, filled)."""
    found = [bar for bar in axes.patches if isinstance(bar, Rectangle) and round(bar.get_y() + bar.get_height() / 2) == row]
    return sorted((bar.get_x(), bar.get_width(), bar.get_fill()) for bar in found)


def test_bars_are_the_shares(error_breakdown_table, check_legible):
    table = error_breakdown_table()
    figure = error_breakdown.draw(table, "A tale")
    (axes,) = figure.axes
    assert axes.get_title(loc="left").startswith(f"{style.model_title(table['model'].iloc[0])} errs on ")
    table = table[table["reading"] == "paper"]
    whole = table[(table["level"] == "all") & (table["removed"] > 0)]
    assert [label.get_text().split("\n")[0] for label in axes.get_yticklabels()] == [style.words(name) for name in whole["class"]]
    for row, (name, removed, alone) in enumerate(zip(whole["class"], whole["removed_share"], whole["alone_share"], strict=True)):
        levels = table[(table["class"] == name) & (table["level"] != "all")]
        filled = [width for _, width, fill in bars(axes, row) if fill]
        assert filled == pytest.approx(list(100 * levels["removed_share"]) if len(levels) else [100 * removed])
        framed = [width for _, width, fill in bars(axes, row) if not fill]
        assert framed == pytest.approx([100 * alone if alone < 1 else 100 * removed])
    check_legible(figure)


def test_marks_are_the_other_reading_and_the_paper(error_breakdown_table, check_legible):
    table = error_breakdown_table()
    figure = error_breakdown.draw(table, "A tale", "war_and_peace")
    strict, paper = figure.axes[0].lines
    rows = table[(table["reading"] == "strict") & (table["level"] == "all") & (table["class"] != "remaining")]
    assert list(strict.get_xdata()) == pytest.approx(list(100 * rows["removed_share"]))
    # Sums of the slices of the large model's pie: n-gram, memory, rare words, word model, punctuation, boost.
    assert list(paper.get_xdata()) == pytest.approx([17.93, 6.09, 8.54, 37.10, 6.13, 24.21], abs=0.02)
    assert list(strict.get_ydata()) == list(paper.get_ydata()) == [0, 1, 2, 3, 4, 5]
    assert "in turn, the paper's LSTM 3×512" in [text.get_text() for text in figure.legends[0].get_texts()]
    check_legible(figure)


def test_another_model_than_those_of_the_paper_is_beside_its_best(error_breakdown_table):
    assert error_breakdown.paper_shares("war_and_peace", "gru-1-4")[0] == "lstm-3-512"
    model, shares = error_breakdown.paper_shares("war_and_peace", "lstm-2-64")
    assert model == "lstm-2-64"
    assert shares["n-gram"] == pytest.approx(0.3334)
    assert error_breakdown.paper_shares(None, "lstm-2-64") == ("lstm-2-64", {})


def test_levels_follow_one_another(error_breakdown_table):
    (axes,) = error_breakdown.draw(error_breakdown_table(), "").axes
    filled = [bar for bar in bars(axes, 0) if bar[2]]
    assert len(filled) == 9
    for (start, width, _), (following, _, _) in pairwise(filled):
        assert math.isclose(start + width, following, abs_tol=1e-9)


def test_what_remains_is_shown_where_something_does(error_breakdown_table, check_legible):
    figure = error_breakdown.draw(error_breakdown_table(remaining=0.2), "A tale")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][-1] == "remaining"
    check_legible(figure)


def test_one_class_alone(error_breakdown_table, check_legible):
    table = error_breakdown_table()
    table = table[table["class"] == "punctuation"].assign(removed_share=1.0, alone_share=1.0)
    check_legible(error_breakdown.draw(table, "A tale"))


def test_shares_are_written_with_their_intervals(error_breakdown_table):
    table = error_breakdown_table()
    (axes,) = error_breakdown.draw(table, "").axes
    whole = table[(table["reading"] == "paper") & (table["level"] == "all") & (table["removed"] > 0)]
    for text, row in zip(axes.texts, whole.itertuples(), strict=True):
        lines = [
            f"{share:.1%} ({100 * low:.1f} to {100 * high:.1f})"
            for share, low, high in (
                (row.removed_share, row.removed_share_low, row.removed_share_high),
                (row.alone_share, row.alone_share_low, row.alone_share_high),
            )
        ]
        assert text.get_text() == f"{lines[0]}\nalone {lines[1]}"


def test_a_model_without_errors(error_breakdown_table, check_legible):
    table = error_breakdown_table().assign(removed=0, removed_share=0.0, alone_share=0.0, errors=0)
    figure = error_breakdown.draw(table, "A tale")
    assert style.NO_ERRORS in [text.get_text() for text in figure.texts]
    check_legible(figure)


def test_an_unknown_class_is_refused(tmp_path, call, error_breakdown_table):
    path = tmp_path / "table.csv"
    error_breakdown_table().replace({"class": {"boost": "luck"}}).to_csv(path, index=False)
    outputs = ["--out-svg", tmp_path / "x.svg", "--out-png", tmp_path / "x.png"]
    assert call(error_breakdown, "--table", path, *outputs).startswith(f"error: {path}: class 'luck', expected n-gram, memory")
