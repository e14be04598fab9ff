import json

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream
from helpers.synthetic_activations import spans, write_features, write_layer

from rnnscope.analyses.units import memory_span
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape

STREAMS, STEPS = 4, 1000
# Of both halves: where spans begin and end. The first was there already; the last one is cut off.
SPANS = [(0, 50), (100, 130), (200, 420), (500, 620), (700, 850), (900, 1000)]
LETS_GO_AFTER = 180  # characters
CONTROL = ["--restart-steps", 30, "--restart-cases", 10**6, "--samples", 50, "--seed", 1, "--device", "cpu"]


def write_text_and_network(folder, model, ids, hidden_width, sequence_length=100):
    """The test part of a split, and a network of random weights; returns the words that name them, and the network."""
    vocabulary = int(ids.max()) + 1
    np.save(folder / "test.npy", ids)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": list(range(97, 97 + vocabulary))}))
    (folder / "split.json").write_text(json.dumps({"sequence_length": sequence_length}))
    cell, layers, _ = model.split("-")
    shape = Shape(cell, int(layers), hidden_width, vocabulary)
    network = Network(shape, generator=torch.Generator().manual_seed(3))
    for parameter in network.parameters():
        parameter.data *= 8
    (folder / "models" / model).mkdir(parents=True)
    description = Description(model, shape, 0.0, 1, list(range(97, 97 + vocabulary)))
    save_checkpoint(folder / "models" / model / "checkpoint.safetensors", network.state_dict(), description)
    return ["--split", folder, "--models-folder", folder / "models"], network


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
    ids = random.integers(0, 5, (STREAMS, STEPS + 1)).astype(np.uint8)
    named, _ = write_text_and_network(tmp_path, "lstm-1-64", ids, hidden_width=2)
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "lstm-1-64", *named, *CONTROL]
    return [*words, "--cells", tmp_path / "cells.csv", "--out", tmp_path / "span.csv", "--summary", tmp_path / "summary.csv"]


def test_a_planted_cell_holds_what_it_was_made_to_hold(tmp_path, call, planted):
    assert call(memory_span, *planted, "--characters", 10**6) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    top = np.tanh(2.0)
    assert (row["unit"], row["sign"], row["steps"]) == (1, -1, 100)
    assert row["threshold"] == 2.0, "a stored value, not its tanh"
    assert (row["spans"], row["longest_span"]) == (2 * 5, 220)
    assert (row["spans_without_beginning"], row["spans_without_end"]) == (2 * 1, 2 * 1)
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
    (tmp_path / "split.json").write_text(json.dumps({"sequence_length": 500}))
    assert call(memory_span, *planted, "--characters", 10**6) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    assert (row["long_spans"], row["held_beyond"], row["held_throughout"]) == (0, 0, 0)
    assert np.isnan(row["beyond_right_share"])


def test_thresholds_tell_large_values_apart(tmp_path, call, planted):
    """The cell is at -20 inside and at -19 outside; the tanh of both is -1 in every float."""
    feature = np.zeros((STREAMS, STEPS), bool)
    for start, stop in SPANS:
        feature[:, start:stop] = True
    cell = np.where(feature, -20.0, -19.0).reshape(-1, 1)
    write_layer(tmp_path / "lstm-1-64", 1, STREAMS, STEPS, {"c": np.repeat(cell, 2, axis=1), "h": np.repeat(cell, 2, axis=1)})
    assert call(memory_span, *planted, "--characters", 10**6) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    assert (row["threshold"], row["off_right_share"], row["beyond_right_share"]) == (20, 0, 1)
    assert row["held_throughout"] == row["long_spans"] == 2 * 3


RESTART_STEPS, MANY_STREAMS, FEW_STEPS = 5, 24, 40


@pytest.mark.parametrize(("model", "quantity"), [("lstm-2-8", "c"), ("mingru-1-8", "h")])
def test_the_restarted_network_reads_the_last_characters_alone(tmp_path, call, model, quantity):
    random = np.random.default_rng(1)
    ids = random.integers(0, 4, (MANY_STREAMS, FEW_STEPS + 1)).astype(np.uint8)
    named, network = write_text_and_network(tmp_path, model, ids, hidden_width=3)
    cell, top, unit = network.shape.cell, network.shape.layers, 1

    def plain(characters):
        _, activations, _ = run_stream(cell, *plain_weights(network), characters)
        return activations

    states = CELLS[cell].states
    kept = [plain(stream[:-1].tolist()) for stream in ids]
    for layer in range(1, top + 1):
        values = {name: np.array([[*step[layer - 1][name].tolist()] for read in kept for step in read]) for name in states}
        write_layer(tmp_path / model, layer, MANY_STREAMS, FEW_STEPS, values)
    inside = spans(random, ids[:, 1:].size, 12).reshape(MANY_STREAMS, FEW_STEPS)
    write_features(tmp_path / "features.parquet", MANY_STREAMS, FEW_STEPS, {"inside": inside.ravel()})
    row = {"model": model, "cell": cell, "layer": top, "quantity": quantity, "unit": unit, "feature": "inside", "sign": -1}
    pd.DataFrame([row | {"measure": "auc", "rank": 1}]).to_csv(tmp_path / "cells.csv", index=False)
    control = ["--restart-steps", RESTART_STEPS, *CONTROL[2:], "--characters", 10**6, "--cells", tmp_path / "cells.csv"]
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / model, *named, *control]
    outputs = ["--out", tmp_path / "span.csv", "--summary", tmp_path / "summary.csv"]
    assert call(memory_span, *words, *outputs) is None
    (found,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")

    def right(activations):
        return -np.float16(activations[-1][top - 1][quantity][unit].item()) >= found["threshold"]

    answers, streams = {True: [], False: []}, {True: set(), False: set()}
    for stream in range(1, MANY_STREAMS, 2):
        for step in range(RESTART_STEPS - 1, FEW_STEPS):
            on = bool(inside[stream, step])
            read = slice(step - RESTART_STEPS + 1, step + 1)
            # The character before the ones that are read must be in the same run; in a span, its first one must have been read.
            before = inside[stream, : read.start]
            same = len(before) > 0 and before[-1] == on and (inside[stream, read] == on).all()
            if same and (not on or not before.all()):
                answers[on].append((right(kept[stream][: step + 1]), right(plain(ids[stream, read].tolist()))))
                streams[on].add(stream)
    assert (found["compared"], found["compared_off"]) == (len(answers[True]), len(answers[False]))
    assert found["compared_streams"] == min(len(streams[True]), len(streams[False]))
    names = {True: "_right_share", False: "_off_right_share"}
    shares = {on: np.mean(answers[on], axis=0) for on in answers}
    for on, name in names.items():
        one_case = 1 / len(answers[on])
        assert found[f"kept{name}"] == pytest.approx(shares[on][0])
        # In float32 one case may be on the other side of the threshold than in float64.
        assert found[f"restarted{name}"] == pytest.approx(shares[on][1], abs=1.01 * one_case)
    assert abs(shares[True][1] - shares[True][0]) > 0.02, "the restarted network differs"
    separation = [found[f"{which}_right_share"] - found[f"{which}_off_right_share"] for which in ("kept", "restarted")]
    assert found["difference"] == pytest.approx(separation[0] - max(separation[1], 0))
    ends = [found["difference_low"], found["difference_high"]]
    assert np.isnan(ends).all() if found["compared_streams"] < 10 else ends[0] <= found["difference"] <= ends[1]
    curve = pd.read_csv(tmp_path / "span.csv")
    assert curve["compared"].sum() == len(answers[True])
    assert (curve["compared"] * curve["restarted_right_share"]).sum() == pytest.approx(
        found["restarted_right_share"] * found["compared"]
    )
    assert (curve.loc[curve["last_distance"] <= RESTART_STEPS, "compared"] == 0).all()


def test_a_dump_of_another_network_is_refused(tmp_path, call, planted):
    ids = np.load(tmp_path / "test.npy")
    (tmp_path / "other").mkdir()
    named, _ = write_text_and_network(tmp_path / "other", "lstm-1-64", ids, hidden_width=3)
    found = call(memory_span, *planted, "--characters", 10**6, "--models-folder", named[-1])
    path = tmp_path / "lstm-1-64/layer-1.parquet"
    assert found.startswith(f"error: {path}: found 2 units in layer 1, expected the 3 units and 1 layers of the checkpoint")
    assert not (tmp_path / "span.csv").exists()


def test_a_text_of_another_length_is_refused(tmp_path, call, planted):
    np.save(tmp_path / "test.npy", np.load(tmp_path / "test.npy")[:, 1:])
    found = call(memory_span, *planted, "--characters", 10**6)
    assert found.startswith(f"error: {tmp_path / 'features.parquet'}: found 4000 rows, expected 3996 as in ")


def test_counts_alone_leave_empty_tables(tmp_path, call, planted):
    cells = pd.read_csv(tmp_path / "cells.csv")
    cells[cells["measure"] == "pearson"].to_csv(tmp_path / "cells.csv", index=False)
    assert call(memory_span, *planted, "--characters", 10**6) is None
    assert pd.read_csv(tmp_path / "summary.csv").empty
    assert pd.read_csv(tmp_path / "span.csv").empty
