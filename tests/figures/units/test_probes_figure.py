import pytest

from rnnscope.figures import style
from rnnscope.figures.units import probes


def test_every_layer_its_control_and_the_best_unit_are_in_the_line_of_their_model(probes_table, check_legible):
    table = probes_table()
    figure = probes.draw(table, "A tale")
    found = set()
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_marker() in style.MARKERS:
                filled = line.get_markerfacecolor() != "none"
                colour = line.get_markerfacecolor() if filled else line.get_markeredgecolor()
                found.add((line.get_marker() if filled else f"hollow {line.get_marker()}", colour, *line.get_xdata()))
            elif line.get_marker() == "x":
                found.add(("best unit", line.get_color(), *line.get_xdata()))
    expected = set()
    for _, rows in table.groupby(["model", "feature", "layer"]):
        read = max(rows.to_dict("records"), key=lambda row: row["selection_score"])
        colour = style.cell_colour(read["cell"])
        expected |= {(style.marker(read["layer"]), colour, read["held_out_score"])}
        expected |= {(f"hollow {style.marker(read['layer'])}", colour, read["control_score"])}
        expected |= {("best unit", colour, read["best_unit_score"])}
    assert found == expected
    check_legible(figure)


def test_one_model_of_one_layer(probes_table, check_legible):
    figure = probes.draw(probes_table(("rnn-1-64",)), "A tale")
    names = ["best unit alone", "all of layer 1", "control: random labels of characters"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    check_legible(figure)


@pytest.mark.parametrize("measure", ["auc", "pearson"])
def test_features_of_one_kind_alone(probes_table, check_legible, measure):
    table = probes_table()
    figure = probes.draw(table[table["measure"] == measure], "A tale")
    assert len(figure.axes) == 1
    check_legible(figure)
