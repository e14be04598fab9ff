import pytest

from rnnscope.figures import style
from rnnscope.figures.units import cells


def drawn(figure):
    """(colour, score) of every dot and the width of every bar, by the name beside it."""
    found = {}
    for axes in figure.axes:
        for line, bar, name in zip(axes.lines, axes.containers, axes.texts, strict=True):
            row = name.get_text()
            found.setdefault(row, []).append((line.get_color(), *line.get_xdata(), bar.patches[0].get_width()))
    return found


def test_the_best_unit_of_each_cell_by_the_half_that_chooses(cells_table, baseline_table, check_legible):
    table = cells_table()
    figure = cells.draw(table, baseline_table, "A tale")
    dots = [dot for row in drawn(figure).values() for dot in row]
    assert len(dots) == 2 * 7, "two cells; three yes/no features, and two counts by two measures"
    for cell in ("lstm", "gru"):
        for (feature, measure), rows in table[table["cell"] == cell].groupby(["feature", "measure"]):
            best = max(rows.to_dict("records"), key=lambda row: row["selection_score"])
            name = f"{style.model_title(best['model'])}, layer {best['layer']}, h {best['unit']}"
            key = baseline_table.set_index(["model", "feature", "measure"])["held_out_percentile_95"]
            width = key[best["model"], feature, measure] - (0.5 if measure == "auc" else 0)
            found = [dot for dot in drawn(figure)[name] if dot[1] == best["held_out_score"]]
            assert found == [(style.cell_colour(cell), best["held_out_score"], pytest.approx(width))]
    check_legible(figure)


def test_rows_are_named_by_feature_and_where_needed_by_measure(cells_table, baseline_table):
    above, below = cells.draw(cells_table(), baseline_table, "").axes
    assert {label.get_text() for label in above.get_yticklabels()} == {"inside quotes", "inside if condition", "sentence start"}
    expected = {f"{name}, {measure}" for name in ("line position", "brace depth") for measure in ("Spearman", "Pearson")}
    assert {label.get_text() for label in below.get_yticklabels()} == expected


@pytest.mark.parametrize(("measure", "panels"), [("auc", 1), ("pearson", 1)])
def test_features_of_one_kind_alone(cells_table, baseline_table, check_legible, measure, panels):
    table = cells_table()
    figure = cells.draw(table[table["measure"] == measure], baseline_table, "A tale")
    assert len(figure.axes) == panels
    check_legible(figure)


def test_features_that_never_change_are_named(cells_table, baseline_table, check_legible):
    figure = cells.draw(cells_table(), baseline_table, "A tale", ["inside_quotes", "capital"])
    assert figure.get_suptitle() == "A tale\nnever changes in this test text: inside quotes, capital"
    check_legible(figure)
