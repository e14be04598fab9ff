import pytest

from rnnscope.figures import style
from rnnscope.figures.losses import learning_curves


@pytest.mark.parametrize("epochs", [50, 1])
def test_a_curve_for_every_model_in_the_panel_of_its_cell(learning_curves_table, check_legible, epochs):
    table = learning_curves_table(epochs)
    figure = learning_curves.draw(table, "A tale")
    assert [axes.get_title() for axes in figure.axes] == ["LSTM", "RNN", "GRU"]
    curves = {line.get_label(): (axes.get_title(), line) for axes in figure.axes for line in axes.lines}
    assert len(curves) == len(set(zip(table["cell"], table["layers"], table["size"], strict=True)))
    for (cell, layers, size), rows in table.groupby(["cell", "layers", "size"]):
        title, line = curves[f"{cell}-{layers}-{size}"]
        assert title == cell.upper()
        assert list(line.get_xdata()) == list(rows["epoch"])
        assert list(line.get_ydata()) == list(rows["validation_loss"])
        (dot,) = line.get_markevery()
        assert line.get_ydata()[dot] == min(rows["validation_loss"])
    check_legible(figure)


def test_colour_is_the_size_and_line_style_the_depth(learning_curves_table):
    table = learning_curves_table(3)
    figure = learning_curves.draw(table, "")
    looks = {}
    for axes in figure.axes:
        for line in axes.lines:
            _, layers, size = line.get_label().split("-")
            looks.setdefault(("size", size), set()).add(line.get_color())
            looks.setdefault(("layers", layers), set()).add(str(line._unscaled_dash_pattern))
    assert {len(values) for values in looks.values()} == {1}
    assert len({*(str(value) for value in looks.values())}) == 4 + 3
    assert style.ordered_colours([64, 128, 256, 512])[64] in looks["size", "64"]


def test_panels_share_one_scale(learning_curves_table):
    figure = learning_curves.draw(learning_curves_table(), "")
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}


def test_one_cell_alone(learning_curves_table, check_legible):
    table = learning_curves_table(2)
    figure = learning_curves.draw(table[table["cell"] == "gru"], "")
    assert [axes.get_title() for axes in figure.axes] == ["GRU"]
    check_legible(figure)
