import os

import numpy as np
import pandas as pd
import pytest
from helpers.synthetic_activations import spans, write_features, write_layer
from scipy import stats
from sklearn.metrics import roc_auc_score

from rnnscope.analyses.units import cells

STREAMS, STEPS = 20, 400
SETTINGS = ["--characters", 10**6, "--best", 4, "--permutations", 30, "--seed", 1]


def smooth_noise(random, units):
    """Units that drift slowly, as cells do, so that neighbouring characters are far from independent."""
    steps = random.normal(0, 1, (STREAMS, STEPS, units)).cumsum(axis=1)
    return (steps - steps.mean(axis=1, keepdims=True)).reshape(-1, units) / 10


@pytest.fixture
def words(tmp_path):
    outputs = ["--out", tmp_path / "cells.csv", "--baseline", tmp_path / "cells_baseline.csv"]
    return ["--features", tmp_path / "features.parquet", *outputs]


@pytest.fixture
def features(tmp_path):
    random = np.random.default_rng(0)
    n = STREAMS * STEPS
    lines = np.concatenate([np.arange(length, dtype=np.int32) for length in random.integers(20, 80, n // 20)])
    table = {
        "inside_quotes": spans(random, n, 40),
        "line_position": lines[:n],
        "capital": np.zeros(n, bool),
    }
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, table)
    return table


def test_planted_units_are_found_and_reported_on_the_other_half(tmp_path, call, words, features):
    random = np.random.default_rng(1)
    n = STREAMS * STEPS
    layers = {layer: {name: smooth_noise(random, 30) for name in "ch"} for layer in (1, 2)}
    layers[2]["c"][:, 17] = 25 * (random.normal(0, 1, n) - 1.0 * features["inside_quotes"])  # up to 100
    layers[1]["h"][:, 5] = np.tanh(0.02 * features["line_position"] + random.normal(0, 0.2, n))
    for layer, quantities in layers.items():
        write_layer(tmp_path / "lstm-2-64", layer, STREAMS, STEPS, quantities)
    write_layer(tmp_path / "rnn-1-64", 1, STREAMS, STEPS, {"h": layers[1]["h"][:, :9]})
    folders = ["--activations", tmp_path / "lstm-2-64", tmp_path / "rnn-1-64"]
    assert call(cells, *words, *folders, *SETTINGS) is None

    table = pd.read_csv(tmp_path / "cells.csv")
    assert set(table["feature"]) == {"inside_quotes", "line_position"}, "a feature that never changes is left out"
    best = table[table["rank"] == 1].set_index(["model", "feature", "measure"])
    quotes = best.loc["lstm-2-64", "inside_quotes", "auc"]
    assert tuple(quotes[["layer", "quantity", "unit", "sign"]]) == (2, "c", 17, -1)
    line = best.loc["lstm-2-64", "line_position", "spearman"]
    assert tuple(line[["layer", "quantity", "unit", "sign"]]) == (1, "h", 5, 1)

    held_out = np.repeat(np.arange(STREAMS), STEPS) % 2 == 1
    stored = layers[2]["c"][:, 17].astype(np.float16).astype(float)
    for column, half in (("selection_score", ~held_out), ("held_out_score", held_out)):
        assert quotes[column] == pytest.approx(roc_auc_score(features["inside_quotes"][half], -stored[half]), abs=1e-6)
        rho = stats.spearmanr(features["line_position"][half], layers[1]["h"][half, 5].astype(np.float16)).statistic
        assert line[column] == pytest.approx(rho, abs=1e-6)
    assert quotes["held_out_score"] == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.03)
    pearson = best.loc["rnn-1-64", "line_position", "pearson"]
    expected = stats.pearsonr(features["line_position"][held_out], layers[1]["h"][held_out, 5].astype(np.float16)).statistic
    assert pearson["held_out_score"] == pytest.approx(expected, abs=1e-6)

    for (_, _, _), rows in table.groupby(["model", "feature", "measure"]):
        assert rows["rank"].is_monotonic_increasing
        assert rows["selection_score"].is_monotonic_decreasing
        assert (rows.groupby("quantity").size() == 4).all()


def test_noise_finds_nothing_above_the_baseline(tmp_path, call, words, features):
    write_layer(tmp_path / "gru-1-64", 1, STREAMS, STEPS, {"h": smooth_noise(np.random.default_rng(2), 60)})
    assert call(cells, *words, "--activations", tmp_path / "gru-1-64", *SETTINGS) is None
    best = pd.read_csv(tmp_path / "cells.csv").query("rank == 1").set_index(["feature", "measure"])
    baseline = pd.read_csv(tmp_path / "cells_baseline.csv").set_index(["feature", "measure"])
    assert set(baseline["units"]) == {60}
    assert set(baseline["permutations"]) == {30}
    for key, row in baseline.iterrows():
        spread = row["selection_percentile_95"] - row["selection_mean"]
        chance = 0.5 if key[1] == "auc" else 0
        assert chance < best.loc[key, "selection_score"] < row["selection_mean"] + 3 * spread
        assert abs(row["held_out_mean"] - chance) < row["selection_mean"] - chance
        assert best.loc[key, "held_out_score"] < row["selection_mean"] + 3 * spread


def test_baseline_is_what_a_loop_over_shifts_finds(tmp_path):
    random = np.random.default_rng(4)
    selection, held_out = random.normal(0, 0.1, (2, 25, 12))
    row = cells.baseline_row(selection, held_out, "auc")
    chosen = [max(range(12), key=lambda unit: abs(one[unit])) for one in selection]
    first = [0.5 + abs(one[unit]) for one, unit in zip(selection, chosen, strict=True)]
    second = [0.5 + np.sign(one[unit]) * other[unit] for one, other, unit in zip(selection, held_out, chosen, strict=True)]
    assert row == pytest.approx(
        {
            "selection_mean": np.mean(first),
            "selection_percentile_95": np.percentile(first, 95),
            "held_out_mean": np.mean(second),
            "held_out_percentile_95": np.percentile(second, 95),
        }
    )


def test_a_bound_on_characters_takes_the_first_steps_of_every_stream(tmp_path, call, words, features):
    noise = smooth_noise(np.random.default_rng(5), 3)
    write_layer(tmp_path / "gru-1-64", 1, STREAMS, STEPS, {"h": noise})
    bounded = ["--characters", STREAMS * 100 + 7, *SETTINGS[2:]]
    assert call(cells, *words, "--activations", tmp_path / "gru-1-64", *bounded) is None
    first = pd.read_csv(tmp_path / "cells.csv").iloc[0]
    stream, step = np.divmod(np.arange(STREAMS * STEPS), STEPS)
    rows = (step < 100) & (stream % 2 == 1)
    assert (first["feature"], first["measure"]) == ("inside_quotes", "auc")
    auc = roc_auc_score(features["inside_quotes"][rows], first["sign"] * noise[rows, first["unit"]].astype(np.float16))
    assert first["held_out_score"] == pytest.approx(auc, abs=1e-6)


@pytest.mark.parametrize(
    ("streams", "steps", "value", "message"),
    [
        (STREAMS, STEPS, np.nan, "layer-1.parquet: found infinite values or values that are no number in 'h'"),
        (STREAMS // 2, 2 * STEPS, 0, "layer-1.parquet: rows 0 to 800 are not those of "),
        (STREAMS - 2, STEPS, 0, "layer-1.parquet: found 7200 rows, expected 8000 as in "),
    ],
)
def test_activations_of_another_text_are_refused(tmp_path, call, words, features, streams, steps, value, message):
    write_layer(tmp_path / "gru-1-64", 1, streams, steps, {"h": np.full((streams * steps, 2), value)})
    os.utime(tmp_path / "gru-1-64/layer-1.parquet", (1, 1))  # older than the features, and so stale
    found = call(cells, *words, "--activations", tmp_path / "gru-1-64", *SETTINGS)
    assert found.startswith(f"error: {tmp_path / 'gru-1-64' / message}")
    assert not (tmp_path / "cells.csv").exists()


def test_one_stream_cannot_be_halved(tmp_path, call, words):
    write_features(tmp_path / "features.parquet", 1, 10, {"capital": np.arange(10) % 2 == 0})
    found = call(cells, *words, "--activations", tmp_path / "gru-1-64", *SETTINGS)
    assert (
        found == f"error: {tmp_path / 'features.parquet'}: found 1 streams, expected at least 2: to choose by, and to report on"
    )
