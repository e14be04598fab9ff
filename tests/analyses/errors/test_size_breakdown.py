from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.error_project import ErrorProject

from rnnscope.analyses.errors import size_breakdown

COLUMNS = ["errors_before", "errors_after", "removed", "added"]


def expected_changes(before, after):
    """The four counts of each class, from the class of every character under both models, None where a model is right."""
    pairs = list(zip(before, after, strict=True))
    return {
        "errors_before": Counter(name for name in before if name),
        "errors_after": Counter(name for name in after if name),
        "removed": Counter(first for first, second in pairs if first and not second),
        "added": Counter(second for first, second in pairs if second and not first),
    }


@pytest.mark.parametrize(("smaller", "larger"), [("lstm-1-4", "lstm-1-8"), ("lstm-1-8", "lstm-1-4"), ("lstm-1-4", "lstm-1-4")])
def test_what_the_larger_model_removes_and_adds(call, tmp_path, smaller, larger):
    project = ErrorProject(tmp_path)
    words = ["--smaller", smaller, "--larger", larger, "--out", tmp_path / "size.csv"]
    assert call(size_breakdown, *project.words, *words) is None
    table = pd.read_csv(tmp_path / "size.csv")
    before, after = (project.classes(project.log_prob[model]) for model in (smaller, larger))
    expected = expected_changes(before, after)
    for row in table.to_dict("records"):
        assert (row["smaller"], row["larger"]) == (smaller, larger)
        assert [row[column] for column in COLUMNS] == [expected[column][row["class"]] for column in COLUMNS]
        for column in ("removed", "added"):
            assert row[f"{column}_share"] == pytest.approx(row[column] / max(expected[column].total(), 1))
        for column, model in (("test_loss_before", smaller), ("test_loss_after", larger)):
            assert row[column] == pytest.approx(-np.mean(project.log_prob[model].astype(float)))
    total = table[COLUMNS].sum()
    assert total["errors_after"] == total["errors_before"] - total["removed"] + total["added"]
    assert total["errors_before"] == sum(name is not None for name in before)


def test_a_missing_model_is_reported(call, tmp_path):
    project = ErrorProject(tmp_path)
    words = ["--smaller", "lstm-1-4", "--larger", "lstm-1-9", "--out", tmp_path / "size.csv"]
    message = call(size_breakdown, *project.words, *words)
    assert message.startswith(f"error: {tmp_path}/predictions/lstm-1-9.parquet: no such file")
