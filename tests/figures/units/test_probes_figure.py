import pytest

from rnnscope.figures import style
from rnnscope.figures.units import probes


def test_every_layer_and_the_best_unit_are_in_the_line_of_their_model(probes_table, check_legible):
    table = probes_table()
    figure = probes.draw(table, "A tale")
    found = set()
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_marker() in style.MARKERS:
                found.add((line.get_label(), line.get_markeredgecolor(), *line.get_xdata()))
            elif line.get_marker() == "x":
                found.add(("best unit", line.get_color(), *line.get_xdata()))
    expected = set()
    for _, rows in table.groupby(["model", "feature", "layer"]):
        read = max(rows.to_dict("records"), key=lambda row: row["selection_score"])
        colour = style.cell_colour(read["cell"])
        expected |= {(f"all of layer {read['layer']}", colour, read["held_out_score"])}
        expected |= {("best unit", colour, read["best_unit_score"])}
    assert found == expected
    check_legible(figure)


def test_one_model_of_one_layer(probes_table, check_legible):
    figure = probes.draw(probes_table(("rnn-1-64",)), "A tale")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["best unit alone", "all of layer 1"]
    check_legible(figure)


@pytest.mark.parametrize("measure", ["auc", "pearson"])
def test_features_of_one_kind_alone(probes_table, check_legible, measure):
    table = probes_table()
    figure = probes.draw(table[table["measure"] == measure], "A tale")
    assert len(figure.axes) == 1
    check_legible(figure)
