import pytest
from helpers.error_tables import make_error_counts

from rnnscope.figures.errors import error_intersections

FIVE = ("lstm-3-512", "gru-3-512", "rnn-3-256", "ngram-20", "nnn-6")


@pytest.mark.parametrize(
    ("models", "counts"),
    [(FIVE, None), (FIVE[:4], None), (FIVE[:3], [10, 3, 2, 1, 0, 0, 0, 5]), (FIVE[:3], [0, 0, 0, 0, 0, 0, 0, 5])],
)
def test_bars_are_the_largest_disagreements_with_those_who_err_below(overlap, check_legible, models, counts):
    table = overlap(models, counts)
    figure = error_intersections.draw(table, make_error_counts(table), "A tale")
    _, bars, totals, members = figure.axes
    total = table["characters"].sum()
    disagreed = sorted(
        ((row.characters, row.erring) for row in table.itertuples() if 0 < row.number < len(models) and row.characters),
        key=lambda row: (-row[0], row[1]),
    )
    shown = disagreed[:20]
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([100 * count / total for count, _ in shown])
    dots = {
        (round(line.get_xdata()[0]), line.get_ydata()[0])
        for line in members.lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1
    }
    assert dots == {(column, models.index(model)) for column, (_, erring) in enumerate(shown) for model in erring.split()}
    for bar, model in zip(totals.patches, models, strict=True):
        expected = sum(row.characters for row in table.itertuples() if model in row.erring.split())
        assert abs(bar.get_width()) == pytest.approx(100 * expected / total)
    by_number = {number: 100 * rows["characters"].sum() / total for number, rows in table.groupby("number")}
    assert bars.get_title().startswith(
        f"all err on {by_number[len(models)]:.1f} % of the test characters, none on {by_number[0]:.1f} %"
    )
    assert ("left out" in members.get_xlabel()) == (len(disagreed) > 20)
    ends = [tuple(segment[:, 1]) for segment in bars.containers[1].lines[2][0].get_segments()]
    rows = {row.erring: row for row in table.itertuples()}
    assert ends == [pytest.approx((100 * rows[name].fraction_low, 100 * rows[name].fraction_high)) for _, name in shown]
    assert "95 % intervals over 48 blocks of 208 or 209 characters" in members.get_xlabel()
    check_legible(figure)
