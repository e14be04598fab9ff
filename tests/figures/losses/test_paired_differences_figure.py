import pytest

from rnnscope.figures.losses import paired_differences
from rnnscope.figures.losses.paired_differences import both_ways, ranking, runs_of_neighbours


def test_ranking_is_by_loss_and_points_are_the_differences(losses, differences, check_legible):
    models = losses()
    figure = paired_differences.draw(differences(), "A tale")
    axes, lines = figure.axes
    by_loss = models.sort_values("test_loss")
    written = [label.get_text() for label in axes.get_yticklabels()]
    assert written == [f"{row.cell.upper()} {row.layers}×{row.size}" for row in by_loss.itertuples()]
    points = sorted((line.get_ydata()[0], line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o")
    lowest = by_loss["test_loss"].iloc[0]
    for row, (y, value) in enumerate(points):
        assert y == row
        assert value == pytest.approx(by_loss["test_loss"].iloc[row] - lowest)
    bars = [line for line in axes.lines if line.get_marker() != "o"]
    assert len(bars) == len(points) - 1
    for line in bars:
        row = line.get_ydata()[0]
        assert list(line.get_xdata()) == pytest.approx([points[row][1] - 0.001, points[row][1] + 0.001])
    assert not lines.lines
    check_legible(figure)


def plain_runs(order, separated):
    """Every stretch of the ranking whose first model is separated from no other of it, if no longer stretch includes it."""
    stretches = [
        (first, last)
        for first in range(len(order))
        for last in range(first + 1, len(order))
        if not any(separated(order[first], order[rank]) for rank in range(first + 1, last + 1))
    ]
    return [
        one for one in stretches if not any(other != one and other[0] <= one[0] and one[1] <= other[1] for other in stretches)
    ]


@pytest.mark.parametrize("within", [0, 0.01, 0.05, 1])
def test_lines_join_what_is_not_separated(losses, differences, check_legible, within):
    by_model = dict(zip(losses()["model"], losses()["test_loss"], strict=True))

    def separated(model, other):
        return abs(by_model[model] - by_model[other]) > within

    table = differences(separated)
    order = sorted(by_model, key=by_model.get)
    pairs = both_ways(table)
    assert ranking(pairs) == order
    runs = runs_of_neighbours(pairs, order)
    assert runs == plain_runs(order, separated)
    assert bool(runs) == (within > 0)
    figure = paired_differences.draw(table, "")
    drawn = [(line.get_xdata()[0], *line.get_ydata()) for line in figure.axes[1].lines]
    assert [(round(low + 0.3), round(high - 0.3)) for _, low, high in drawn] == runs
    for index, (lane, low, high) in enumerate(drawn):
        assert not any(lane == other and low < end and start < high for other, start, end in drawn[:index])
    check_legible(figure)
