import json

import numpy as np
import pandas as pd
import pytest
from helpers.synthetic_activations import write_features, write_layer

from rnnscope.analyses.units import memory_span

STREAMS, STEPS = 4, 1000
# Of both halves: where spans begin and end. The first was there already; the last one is cut off.
SPANS = [(0, 50), (100, 130), (200, 420), (500, 620), (700, 850), (900, 1000)]
LETS_GO_AFTER = 180  # characters


@pytest.fixture
def planted(tmp_path):
    """A cell that goes down two characters into each span and up again after it, or after 180 characters."""
    feature = np.zeros((STREAMS, STEPS), bool)
    cell = np.full((STREAMS, STEPS), 2.0)
    for start, stop in SPANS:
        feature[:, start:stop] = True
        cell[:, start + (start > 0) : min(stop, start + LETS_GO_AFTER)] = -2.0
    cell[:, 640] = -2.0
    cell[:, 760] = 2.0
    random = np.random.default_rng(0)
    units = np.stack([random.normal(0, 1, cell.size), cell.ravel()], axis=1)
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, {"inside": feature.ravel()})
    write_layer(tmp_path / "lstm-1-64", 1, STREAMS, STEPS, {"c": units, "h": units})
    row = {"model": "lstm-1-64", "cell": "lstm", "layer": 1, "quantity": "c", "unit": 1, "feature": "inside", "sign": -1}
    others = [{"measure": "auc", "rank": 1}, {"measure": "auc", "rank": 2, "unit": 0}, {"measure": "pearson", "rank": 1}]
    pd.DataFrame([row | other for other in others]).to_csv(tmp_path / "cells.csv", index=False)
    (tmp_path / "split.json").write_text(json.dumps({"steps": 100}))
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "lstm-1-64", "--split", tmp_path]
    return [*words, "--cells", tmp_path / "cells.csv", "--out", tmp_path / "span.csv", "--summary", tmp_path / "summary.csv"]


def test_a_planted_cell_holds_what_it_was_made_to_hold(tmp_path, call, planted):
    assert call(memory_span, *planted, "--characters", 10**6) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    top = np.tanh(2.0)
    assert (row["unit"], row["sign"], row["steps"]) == (1, -1, 100)
    assert row["threshold"] == pytest.approx(top)
    assert (row["spans"], row["longest_span"]) == (2 * 5, 220)
    # Longer than 100: 220, of which the cell holds 180; 120; and 150, with a lapse at its 61st character, which is early.
    assert (row["long_spans"], row["held_beyond"], row["held_throughout"]) == (2 * 3, 2 * 2, 2)
    assert row["beyond_right_share"] == pytest.approx((80 + 20 + 50) / (120 + 20 + 50))
    off = STEPS - sum(stop - start for start, stop in SPANS)
    assert row["off_right_share"] == pytest.approx(1 / off)
    assert row["off_mean"] == pytest.approx(top * (1 - (off - 1)) / off)

    curve = pd.read_csv(tmp_path / "span.csv")
    lengths = np.array([stop - start for start, stop in SPANS if start > 0])
    for bin_ in curve.to_dict("records"):
        at = [(length, d) for length in lengths for d in range(bin_["distance"], bin_["last_distance"] + 1) if d <= length]
        values = [-top if d == 1 or d > LETS_GO_AFTER or (length, d) == (150, 61) else top for length, d in at]
        assert bin_["characters"] == 2 * len(at)
        assert bin_["mean"] == pytest.approx(np.mean(values), abs=1e-6)
        assert bin_["right_share"] == pytest.approx(np.mean(np.array(values) > 0))
        percentiles = np.percentile(values * 2, [10, 90])
        assert [bin_["percentile_10"], bin_["percentile_90"]] == pytest.approx(percentiles, abs=1e-6)
    assert curve["last_distance"].iloc[-1] == 220
    assert (curve["distance"].iloc[1:].to_numpy() == curve["last_distance"].iloc[:-1].to_numpy() + 1).all()


def test_without_long_spans_there_is_no_share(tmp_path, call, planted):
    (tmp_path / "split.json").write_text(json.dumps({"steps": 500}))
    assert call(memory_span, *planted, "--characters", 10**6) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    assert (row["long_spans"], row["held_beyond"], row["held_throughout"]) == (0, 0, 0)
    assert np.isnan(row["beyond_right_share"])


def test_counts_alone_leave_empty_tables(tmp_path, call, planted):
    cells = pd.read_csv(tmp_path / "cells.csv")
    cells[cells["measure"] == "pearson"].to_csv(tmp_path / "cells.csv", index=False)
    assert call(memory_span, *planted, "--characters", 10**6) is None
    assert pd.read_csv(tmp_path / "summary.csv").empty
    assert pd.read_csv(tmp_path / "span.csv").empty
