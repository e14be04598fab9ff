import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.small_corpus import write_baseline
from helpers.synthetic_activations import quantity_of, write_features, write_layer

from rnnscope.analyses.units import cell_text

STREAMS, STEPS = 4, 60


@pytest.fixture
def words(tmp_path):
    """Three lines repeated, the last longer than a line of a snippet; two models of random values, all different."""
    random = np.random.default_rng(0)
    text = np.resize(np.frombuffer(b"Ab (c)\nd\nefghijk lm nopqrs tuvw\n", np.uint8), (STREAMS, STEPS + 1))
    vocabulary = np.unique(text)
    np.save(tmp_path / "test.npy", np.searchsorted(vocabulary, text).astype(np.uint8))
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist()}))
    features = {"inside": (text[:, :-1] == ord("c")).ravel(), "depth": np.arange(STREAMS * STEPS, dtype=np.int32) % 11}
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, features)
    for model, quantities, layers in (("lstm-1-8", "ch", 1), ("gru-2-8", "h", 2)):
        for layer in range(1, layers + 1):
            values = {name: random.uniform(-1, 1, (STREAMS * STEPS, 5)) * (40 if name == "c" else 1) for name in quantities}
            values.get("c", np.empty((1, 5)))[:, :2] /= 40
            write_layer(tmp_path / model, layer, STREAMS, STEPS, values)
    rows = [
        ("lstm-1-8", "lstm", 1, "h", 3, "inside", "auc", 0.99, 0.98, 1),  # no cell
        ("lstm-1-8", "lstm", 1, "c", 2, "inside", "auc", 0.9, 0.8, -1),
        ("gru-2-8", "gru", 2, "h", 4, "inside", "auc", 0.85, 0.88, 1),
        ("lstm-1-8", "lstm", 1, "c", 0, "depth", "pearson", 0.9, 0.9, 1),
        ("gru-2-8", "gru", 2, "h", 1, "depth", "spearman", 0.5, 0.4, 1),
    ]
    pd.DataFrame(rows, columns=cell_text.CHOSEN).to_csv(tmp_path / "cells.csv", index=False)
    chance = [("lstm-1-8", "inside", "auc", 0.75), ("gru-2-8", "inside", "auc", 0.9), ("gru-2-8", "depth", "spearman", 0.1)]
    write_baseline(tmp_path / "baseline.csv", [(model, "", *row) for model, *row in chance])
    folders = ["--activations", tmp_path / "lstm-1-8", tmp_path / "gru-2-8"]
    tables = [
        "--features",
        tmp_path / "features.parquet",
        "--cells",
        tmp_path / "cells.csv",
        "--baseline",
        tmp_path / "baseline.csv",
        "--split",
        tmp_path,
        *folders,
    ]
    settings = ["--characters", 10**6, "--lines", 3, "--columns", 20, "--random-units", 6, "--seed", 2]
    return [*tables, *settings, "--out", tmp_path / "cell_text.csv"]


def test_characters_and_values_are_those_of_the_files(tmp_path, call, words):
    assert call(cell_text, *words) is None
    table = pd.read_csv(tmp_path / "cell_text.csv")
    test = np.load(tmp_path / "test.npy")
    vocabulary = json.loads((tmp_path / "vocabulary.json").read_text())["bytes"]
    columns = ["model", "layer", "quantity", "unit", "feature", "measure", "held_out_score", "sign"]
    units = table.groupby("panel")[[*columns, "margin"]].first()
    assert units[columns].iloc[:2].to_numpy().tolist() == [
        ["gru-2-8", 2, "h", 1, "depth", "spearman", 0.4, 1],
        ["lstm-1-8", 1, "c", 2, "inside", "auc", 0.8, -1],
    ]
    np.testing.assert_allclose(units["margin"].iloc[:2], [0.3 / 0.9, 0.05 / 0.25])
    drawn = units.iloc[2:]
    assert drawn["margin"].isna().all()
    assert set(drawn["sign"]) == {1}
    assert len(drawn.drop_duplicates(["model", "layer", "quantity", "unit"])) == 6
    assert set(drawn["feature"]) == {"random"}
    assert set(zip(drawn["model"], drawn["quantity"], strict=True)) == {("lstm-1-8", "c"), ("gru-2-8", "h")}
    for _, panel in table.groupby("panel"):
        first = panel.iloc[0]
        layer = pq.read_table(tmp_path / first["model"] / f"layer-{first['layer']}.parquet")
        values = quantity_of(layer, first["quantity"]).astype(float)[first["stream"] * STEPS + panel["step"], first["unit"]]
        unbounded = first["quantity"] == "c"
        every = quantity_of(layer, first["quantity"]).astype(float)[:, first["unit"]]
        scale = max(1, np.median(np.abs(every))) if unbounded else 1
        assert (scale > 10) == (unbounded and first["unit"] > 1)
        np.testing.assert_allclose(panel["scale"], scale, rtol=1e-6)
        np.testing.assert_allclose(panel["state"], values, rtol=1e-6)
        np.testing.assert_allclose(panel["value"], np.tanh(values / scale) if unbounded else values, atol=1e-6)
        characters = [vocabulary[test[first["stream"], step]] for step in panel["step"]]
        assert panel["character"].tolist() == characters
        if first["feature"] == "inside":
            assert panel["on"].tolist() == [character == ord("c") for character in characters]
        else:
            assert panel["on"].isna().all()
        assert (np.diff(panel["step"]) == 1).all()
        assert panel["line"].max() == 2
        assert panel["column"].max() < 20
        assert first["stream"] % 2 == 1


def test_a_seed_draws_the_same_units_again(tmp_path, call, words):
    written = []
    for seed in (2, 2, 3):
        assert call(cell_text, *words, "--seed", seed) is None
        written.append((tmp_path / "cell_text.csv").read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_a_dump_without_the_snippet_is_refused(tmp_path, call, words):
    quantities = {"c": np.zeros((STREAMS * STEPS // 2, 5)), "h": np.zeros((STREAMS * STEPS // 2, 5))}
    write_layer(tmp_path / "lstm-1-8", 1, STREAMS // 2, STEPS, quantities)
    write_layer(tmp_path / "lstm-1-8", 1, 1, STEPS, {name: values[:STEPS] for name, values in quantities.items()})
    found = call(cell_text, *words)
    assert found.startswith(f"error: {tmp_path / 'lstm-1-8'}: found 0 characters of a snippet, expected ")
    assert not (tmp_path / "cell_text.csv").exists()
