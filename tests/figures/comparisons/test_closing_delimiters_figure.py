import pytest

from rnnscope.figures import style
from rnnscope.figures.comparisons import closing_delimiters

ALL = ("}", ")", "]", '"', "*/")


@pytest.mark.parametrize("delimiters", [ALL, ALL[3:4], ALL[:2]])
@pytest.mark.parametrize("paper", [None, "linux_kernel"])
def test_a_row_a_delimiter_with_the_means_and_intervals(closings_table, check_legible, delimiters, paper):
    table = closings_table(delimiters)
    figure = closing_delimiters.draw(table, "A tale", paper)
    assert len(figure.axes) == 4 * len(delimiters)
    for row, delimiter in enumerate(delimiters):
        for column, bins in enumerate(("paper", "decades")):
            above, below = figure.axes[4 * row + column], figure.axes[4 * row + 2 + column]
            assert delimiter in above.get_title().split(",")[0].split()
            rows = table[(table["delimiter"] == delimiter) & (table["bins"] == bins)]
            assert [container.get_label() for container in above.containers] == ["LSTM 3×512", "20-gram", "6-NN"]
            for container, model in zip(above.containers, ("lstm-3-512", "ngram-20", "nnn-6"), strict=True):
                of_model = rows[rows["model"] == model]
                points, _, (bars,) = container.lines
                assert list(points.get_ydata()) == list(of_model["mean_probability"])
                assert list(points.get_xdata()) == pytest.approx(list(of_model["mean_distance"]), rel=0.07)
                ends = [tuple(segment[:, 1]) for segment in bars.get_segments()]
                assert ends == [pytest.approx(pair) for pair in zip(of_model["low"], of_model["high"], strict=True)]
            assert [bar.get_height() for bar in below.patches] == list(rows.drop_duplicates("least_distance")["count"])
            assert below.get_xscale() == ("linear" if bins == "paper" else "log")
            assert [line.get_xdata() for line in above.lines if line.get_linestyle() == ":"] == [[20, 20], [6, 6]]
            hollow = [line for line in above.lines if line.get_label().startswith("the paper")]
            assert len(hollow) == (2 if paper and (delimiter, bins) == ("}", "paper") else 0)
    check_legible(figure)


def test_the_points_of_the_paper_are_in_the_middle_of_its_bins(closings_table):
    axes = closing_delimiters.draw(closings_table(), "", "linux_kernel").axes[0]
    lstm, ngram = (line for line in axes.lines if line.get_label().startswith("the paper"))
    assert list(lstm.get_xdata()) == [10, 30, 50, 70, 90, 112.5, 137.5, 175, 225, 275]
    assert (lstm.get_ydata()[2], ngram.get_ydata()[2]) == (0.697, 0.371)


def test_distances_beyond_the_bins_of_the_paper_leave_its_panel_empty(closings_table, check_legible):
    table = closings_table(("}",))
    figure = closing_delimiters.draw(table[table["bins"] == "decades"], "A tale")
    assert len(figure.axes) == 2
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
