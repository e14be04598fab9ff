from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.error_project import ORDER, ErrorProject
from scipy.stats import norm, t

from rnnscope.analyses.errors import size_breakdown

COLUMNS = ["errors_before", "errors_after", "removed", "added"]
INTERVALS = ["--clusters", 12, "--samples", 40, "--seed", 2]


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
    words = ["--smaller", smaller, "--larger", larger, *INTERVALS, "--out", tmp_path / "size.csv"]
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


def test_intervals_against_a_loop_over_the_clusters_that_were_drawn(call, tmp_path):
    project = ErrorProject(tmp_path)
    words = ["--smaller", "lstm-1-4", "--larger", "lstm-1-8", *INTERVALS, "--out", tmp_path / "size.csv"]
    assert call(size_breakdown, *project.words, *words) is None
    table = pd.read_csv(tmp_path / "size.csv").set_index("class")
    random = np.random.default_rng(2)
    draws = [random.integers(12, size=12) for _ in range(40)]  # of 3 streams with 4 blocks each
    before, after = (
        np.array(project.classes(project.log_prob[model]), dtype=object).reshape(12, -1) for model in ("lstm-1-4", "lstm-1-8")
    )
    assert set(table["clusters"]) == {"12 blocks of 15 characters"}

    def quantiles(values, clusters=12):
        tail = norm.cdf(np.sqrt(clusters / (clusters - 1)) * t.ppf(0.025, clusters - 1))  # as far out as Student's t
        return tuple(np.quantile(values, [tail, 1 - tail]))

    checked = 0
    for name in ORDER:
        counts = {
            "errors_before": before == name,
            "errors_after": after == name,
            "removed": (before == name) & (after == None),  # noqa: E711
            "added": (after == name) & (before == None),  # noqa: E711
        }
        inside = {column: int(where.any(axis=1).sum()) for column, where in counts.items()}
        drawn = {column: np.array([where[draw].sum() for draw in draws]) for column, where in counts.items()}
        for column, clusters in inside.items():
            found = table.loc[name, f"{column}_low"], table.loc[name, f"{column}_high"]
            if clusters < 10:
                assert np.isnan(found).all()
            else:
                checked += 1
                assert found == pytest.approx(quantiles(drawn[column], clusters))
        net = counts["added"].sum(axis=1) - counts["removed"].sum(axis=1).astype(int)
        row = table.loc[name]
        assert row["net_share"] == pytest.approx(net.sum() / counts["errors_before"].sum())
        changed = (counts["added"] | counts["removed"]).any(axis=1)  # also where as many are added as removed
        clusters = min(np.count_nonzero(changed), inside["errors_before"])
        assert np.isnan(row["net_share_low"]) == (clusters < 10)
        if clusters >= 10:
            checked += 1
            shares = (drawn["added"] - drawn["removed"]) / drawn["errors_before"]
            assert (row["net_share_low"], row["net_share_high"]) == pytest.approx(quantiles(shares, clusters))
    assert checked > 4
    apart = (project.log_prob["lstm-1-4"].astype(float) - project.log_prob["lstm-1-8"].astype(float)).reshape(12, -1)
    ends = table[["test_loss_difference_low", "test_loss_difference_high"]].iloc[0]
    assert tuple(ends) == pytest.approx(quantiles([apart[draw].mean() for draw in draws]))


def test_a_missing_model_is_reported(call, tmp_path):
    project = ErrorProject(tmp_path)
    words = ["--smaller", "lstm-1-4", "--larger", "lstm-1-9", *INTERVALS, "--out", tmp_path / "size.csv"]
    message = call(size_breakdown, *project.words, *words)
    assert message.startswith(f"error: {tmp_path}/predictions/lstm-1-9.parquet: no such file")
