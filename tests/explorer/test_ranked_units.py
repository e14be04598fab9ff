import pytest
from helpers.small_corpus import BASELINE, write_baseline, write_cells

from rnnscope.errors import InputError
from rnnscope.explorer.ranked_units import read_ranked_units
from rnnscope.models.network import Shape

SHAPES = {"lstm-2-8": Shape("lstm", 2, 7, 20)}
# layer, quantity, unit, feature, measure, selection_score, held_out_score, sign, rank
ROWS = [
    (2, "c", 3, "inside_quotes", "auc", 0.95, 0.9, 1, 1),
    (2, "h", 3, "inside_quotes", "auc", 0.94, 0.91, 1, 2),
    (1, "h", 3, "inside_quotes", "auc", 0.9, 0.7, -1, 3),
    (1, "c", 5, "line_position", "pearson", 0.6, 0.6, -1, 1),
]


@pytest.fixture
def read(tmp_path):
    def read_rows(rows=ROWS, baseline=BASELINE):
        write_cells(tmp_path / "cells.csv", [("lstm-2-8", "lstm", *row) for row in rows])
        write_baseline(tmp_path / "baseline.csv", baseline)
        return read_ranked_units(tmp_path / "cells.csv", tmp_path / "baseline.csv", SHAPES)

    return read_rows


def test_a_unit_has_one_row_with_its_better_state(read):
    table = read()
    assert table[["layer", "quantity", "unit", "rank"]].values.tolist() == [[2, "c", 3, 1], [1, "h", 3, 2], [1, "c", 5, 1]]


def test_the_margin_is_the_share_of_what_is_possible_above_chance(read):
    table = read()
    assert table["chance"].tolist() == [0.8, 0.8, 0.2]
    assert table["margin"].tolist() == pytest.approx([0.5, -0.5, 0.5])


def test_a_number_that_is_none_is_refused(read):
    with pytest.raises(InputError, match=r"baseline\.csv: column 'held_out_percentile_95' holds 'high', expected numbers"):
        read(baseline=[(*BASELINE[0][:4], "high"), *BASELINE[1:]])
