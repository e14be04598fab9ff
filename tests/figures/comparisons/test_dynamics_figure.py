import pytest

from rnnscope.figures import style
from rnnscope.figures.comparisons import dynamics


@pytest.mark.parametrize(("snapshots", "horizons"), [(20, 6), (3, 1)])
def test_both_panels_are_the_table(dynamics_table, check_legible, snapshots, horizons):
    table = dynamics_table(snapshots, horizons)
    figure = dynamics.draw(table, "A tale")
    for axes, column in zip(figure.axes, ("symmetric_divergence", "loss_difference"), strict=True):
        curves = {line.get_label(): line for line in axes.lines if line.get_label().endswith("-NN")}
        assert list(curves) == [f"{n}-NN" for n in range(1, horizons + 1)]
        for n in range(1, horizons + 1):
            rows = table[table["n"] == n]
            assert list(zip(*curves[f"{n}-NN"].get_data(), strict=True)) == list(zip(rows["epoch"], rows[column], strict=True))
            assert curves[f"{n}-NN"].get_color() == style.ordered_colours(table["n"])[n]
    check_legible(figure)


def test_a_dot_marks_where_each_divergence_is_lowest_unless_that_is_at_an_end(dynamics_table):
    table = dynamics_table()
    assert 0 < table["nearest"].sum() < table["n"].nunique(), "the example must have a minimum at an end and others"
    divergence, _ = dynamics.draw(table, "").axes
    dots = {line.get_color(): (line.get_xdata()[0], line.get_ydata()[0]) for line in divergence.lines if line.get_marker() == "o"}
    for n, colour in style.ordered_colours(table["n"]).items():
        if not table[table["n"] == n]["nearest"].any():
            assert colour not in dots
            continue
        lowest = min(table[table["n"] == n].itertuples(), key=lambda row: row.symmetric_divergence)
        assert dots[colour] == (lowest.epoch, lowest.symmetric_divergence)


def test_the_points_of_the_paper_are_hollow_and_in_the_colours_of_the_n_nns(dynamics_table, check_legible):
    table = dynamics_table()
    figure = dynamics.draw(table, "A tale", "linux_kernel")
    colours = style.ordered_colours(table["n"])
    for axes, first in zip(figure.axes, ((0.08, 2.656), (0.082, -0.956)), strict=True):
        hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
        assert [line.get_color() for line in hollow] == [colours[n] for n in (1, 2, 3, 4)]
        assert {len(line.get_xdata()) for line in hollow} == {35}
        assert (hollow[0].get_xdata()[0], hollow[0].get_ydata()[0]) == first
    check_legible(figure)


def test_a_text_without_such_points_in_the_paper_has_none(dynamics_table):
    axes = dynamics.draw(dynamics_table(), "", "war_and_peace").axes
    assert not [line for panel in axes for line in panel.lines if line.get_markerfacecolor() == "none"]
