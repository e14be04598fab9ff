"""What the page takes of the table of ablations."""

import pandas as pd
import pytest
from helpers.small_corpus import ABLATIONS, write_ablations

from rnnscope.errors import InputError
from rnnscope.explorer.held_units import held_units

RANKED = pd.DataFrame({"model": ["lstm-2-8"], "layer": [2], "unit": [3], "feature": ["inside_quotes"]})


def test_all_characters_of_every_unit_and_the_features_of_its_lists_and_largest_effects(tmp_path):
    write_ablations(tmp_path / "ablations.csv")
    held = held_units(tmp_path / "ablations.csv", ["gru-1-8", "lstm-2-8"], RANKED)
    rows = [dict(zip(held["columns"], row, strict=True)) for row in held["rows"]]
    # Left out: the line position of unit 3 (rank 11) and the quotes of unit 2 (rank 12), in no list.
    left_out = [((2, "c", 3), "line_position"), ((1, "c", 2), "inside_quotes")]
    expected = [row for row in ABLATIONS if (row[0], row[2]) not in left_out]
    assert len(rows) == len(expected)
    for row, (unit, hold, feature, _, control, rise, end, inside, ends, _) in zip(rows, expected, strict=True):
        assert (row["model"], row["layer"], row["quantity"], row["unit"]) == ("lstm-2-8", *unit)
        assert (row["hold"], row["feature"], row["control"]) == (hold, feature, control)
        for name, values in (("rise", rise), ("end_effect", end), ("inside_effect", inside)):
            assert (row[name], row[f"{name}_low"], row[f"{name}_high"]) == values
        assert row["ends"] == (None if feature == "all" else ends)
    assert held["clusters"] == {"lstm-2-8": "50 streams"}


def test_a_table_of_other_models_has_no_rows(tmp_path):
    write_ablations(tmp_path / "ablations.csv", "lstm-1-8")
    held = held_units(tmp_path / "ablations.csv", ["lstm-2-8"], RANKED)
    assert (held["rows"], held["clusters"]) == ([], {})


def test_a_table_without_a_column_is_refused(tmp_path):
    path = tmp_path / "ablations.csv"
    path.write_text("model,cell\nlstm-2-8,lstm\n")
    with pytest.raises(InputError, match=r"ablations\.csv: no column 'layer', found model, cell; expected"):
        held_units(path, ["lstm-2-8"], RANKED)
