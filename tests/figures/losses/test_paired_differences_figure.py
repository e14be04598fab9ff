import pytest
from helpers.loss_tables import make_ranking

from rnnscope.figures.losses import paired_differences


def test_points_are_the_differences_in_the_order_of_the_table(check_legible):
    table = make_ranking(runs=())
    figure = paired_differences.draw(table, "A tale")
    axes, lines = figure.axes
    written = [label.get_text() for label in axes.get_yticklabels()]
    names = [model.split("-") for model in table["model"]]
    assert written == [f"{cell.upper()} {layers}×{size}" for cell, layers, size in names]
    points = sorted((line.get_ydata()[0], line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o")
    assert points == [(row, pytest.approx(value)) for row, value in enumerate(table["above_lowest"])]
    bars = [line for line in axes.lines if line.get_marker() != "o"]
    assert len(bars) == len(points) - 1
    for line in bars:
        row = table.iloc[line.get_ydata()[0]]
        assert list(line.get_xdata()) == [row["low"], row["high"]]
    assert not lines.lines
    assert axes.get_xlabel().endswith("95 % intervals over 40 blocks of 82 or 83 characters")
    assert f"(Holm,\n{len(table) * (len(table) - 1) // 2:,} pairs)" in lines.get_xlabel()
    check_legible(figure)


@pytest.mark.parametrize("runs", [((1, 2),), ((1, 3), (2, 6), (7, 9)), ((1, 20), (3, 25), (22, 33))])
def test_lines_join_the_runs_of_the_table(check_legible, runs):
    figure = paired_differences.draw(make_ranking(runs=runs), "")
    drawn = [(line.get_xdata()[0], *line.get_ydata()) for line in figure.axes[1].lines]
    assert [(round(low + 0.3) + 1, round(high - 0.3) + 1) for _, low, high in drawn] == list(runs)
    for index, (lane, low, high) in enumerate(drawn):
        assert not any(lane == other and low < end and start < high for other, start, end in drawn[:index])
    check_legible(figure)


def test_without_intervals_the_figure_says_so(check_legible):
    table = make_ranking(runs=()).assign(low=float("nan"), high=float("nan"), clusters="9 blocks of 1 characters")
    figure = paired_differences.draw(table, "")
    assert "no 95 % intervals (9 blocks of 1 characters)" in figure.axes[0].get_xlabel()
    check_legible(figure)
