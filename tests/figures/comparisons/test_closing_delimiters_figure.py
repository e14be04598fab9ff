import pytest

from rnnscope.figures import style
from rnnscope.figures.comparisons import closing_delimiters

ALL = ("}", ")", "]", '"', "*/")


@pytest.mark.parametrize("delimiters", [ALL, ALL[3:4], ALL[:2], ALL[:3], ALL[:4]])
def test_a_panel_a_delimiter_with_the_means_and_intervals(closings_table, check_legible, delimiters):
    table = closings_table(delimiters)
    figure = closing_delimiters.draw(table, "A tale")
    above_all = [axes for axes in figure.axes if axes.get_title()]
    below_all = [axes for axes in figure.axes if axes.get_xlabel() == "distance (characters)"]
    assert len(figure.axes) == 2 * len(delimiters)
    panels = list(zip(above_all, below_all, strict=True))
    assert [above.get_title().split()[-1] for above, _ in panels] == list(delimiters)
    for (above, below), delimiter in zip(panels, delimiters, strict=True):
        rows = table[table["delimiter"] == delimiter]
        assert [container.get_label() for container in above.containers] == ["LSTM 3×512", "20-gram", "6-NN"]
        for container, model in zip(above.containers, ("lstm-3-512", "ngram-20", "nnn-6"), strict=True):
            of_model = rows[rows["model"] == model]
            points, _, (bars,) = container.lines
            assert list(points.get_ydata()) == list(of_model["mean_probability"])
            assert list(points.get_xdata()) == pytest.approx(list(of_model["mean_distance"]), rel=0.07)
            ends = [tuple(segment[:, 1]) for segment in bars.get_segments()]
            assert ends == [pytest.approx(pair) for pair in zip(of_model["low"], of_model["high"], strict=True)]
        counts = [bar.get_height() for bar in below.patches]
        assert counts == list(rows.drop_duplicates("least_distance")["count"])
        assert below.get_xscale() == "log"
        assert [line.get_xdata() for line in above.lines if line.get_linestyle() == ":"] == [[20, 20], [6, 6]]
    check_legible(figure)


def test_nothing_to_show_is_reported(tmp_path, call, closings_table, check_legible):
    table = closings_table()[:0]
    figure = closing_delimiters.draw(table, "A tale")
    assert closing_delimiters.NOTHING in [text.get_text() for text in figure.texts]
    assert figure.get_figwidth() == style.PAGE_WIDTH
    check_legible(figure)
    table.to_csv(tmp_path / "closings.csv", index=False)
    words = ["--table", tmp_path / "closings.csv", "--out-svg", tmp_path / "figure.svg", "--out-png", tmp_path / "figure.png"]
    assert call(closing_delimiters, *words) is None
    assert (tmp_path / "figure.png").exists()
