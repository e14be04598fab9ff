import pytest
from helpers.loss_tables import make_position_loss

from rnnscope.figures.losses import position_loss


def test_a_curve_a_model_at_the_middle_of_each_range(check_legible):
    table = make_position_loss()
    figure = position_loss.draw(table, "A tale")
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["LSTM 3×512", "RNN 3×256", "GRU 3×512", "20-gram"]
    for line, (_, rows) in zip(axes.lines, table.groupby("model", sort=False), strict=True):
        assert list(line.get_ydata()) == pytest.approx(list(rows["loss"]))
        assert (rows["first_position"].to_numpy() <= line.get_xdata()).all()
        assert (line.get_xdata() <= rows["last_position"].to_numpy()).all()
    check_legible(figure)
