"""Cells that the study does not have: one without gates, one with a new gate, one with fewer gates and an unbounded state."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from helpers.synthetic_activations import quantity_of, spans, write_features, write_layer
from pyarrow import parquet

from rnnscope.analyses.units import cell_text, cells, memory_span, probes, saturation, traces
from rnnscope.models.cells import CELLS, Activation, Cell
from rnnscope.models.checkpoint import Description
from rnnscope.models.network import Network, Shape

STREAMS, STEPS, UNITS, PLANTED = 4, 600, 6, 3


def made_up(name, activations, states, displayed_state):
    gate_order = tuple(activation.name for activation in activations if activation.name not in states)
    return Cell(
        name=name,
        title=name.upper(),
        activations=activations,
        gate_order=gate_order,
        states=states,
        displayed_state=displayed_state,
        colour="#000000",
    )


H = Activation("h", "hidden state")
MADE_UP = [
    made_up("ungated", (Activation("candidate", "what comes in"), Activation("m", "sum", saturating=True), H), ("h", "m"), "h"),
    made_up("minimal", (Activation("z", "mixing gate", gate="mixing"), Activation("candidate", "what comes in"), H), ("h",), "h"),
    made_up(
        "coupled",
        (
            Activation("f", "keeping gate", gate="keeping"),
            Activation("i", "opening gate", gate="opening"),
            Activation("g", "what comes in"),
            Activation("c", "sum, as tanh(c)", saturating=True),
            H,
        ),
        ("h", "c"),
        "c",
    ),
]


@pytest.fixture(params=MADE_UP, ids=lambda cell: cell.name)
def cell(request, monkeypatch):
    monkeypatch.setitem(CELLS, request.param.name, request.param)
    return request.param


@pytest.fixture
def dumped(tmp_path, cell):
    """A split, its features and the activations of one model: unit 3 of the displayed state tracks the feature."""
    random = np.random.default_rng(0)
    n = STREAMS * STEPS
    inside = spans(random, n, 40)
    text = np.resize(np.frombuffer(b"abc def\ngh\n", np.uint8), (STREAMS, STEPS + 1))
    vocabulary = np.unique(text)
    np.save(tmp_path / "test.npy", np.searchsorted(vocabulary, text).astype(np.uint8))
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist()}))
    (tmp_path / "split.json").write_text(json.dumps({"steps": 20, "sequence_length": 20}))
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, {"inside": inside})
    gates = set(cell.gates)
    values = {name: random.uniform(0 if name in gates else -1, 1, (n, UNITS)) for name in cell.activation_names}
    values[cell.displayed_state][:, PLANTED] = random.normal(np.where(inside, 2.0, -2.0), 0.5)
    model = f"{cell.name}-1-16"
    write_layer(tmp_path / model, 1, STREAMS, STEPS, values)
    return tmp_path / model


@pytest.fixture
def unit_words(tmp_path, dumped):
    return ["--features", tmp_path / "features.parquet", "--activations", dumped, "--characters", 10**6]


@pytest.fixture
def cells_csv(tmp_path, call, unit_words):
    words = ["--best", 2, "--permutations", 3, "--seed", 1, "--out", tmp_path / "cells.csv", "--baseline", tmp_path / "base.csv"]
    assert call(cells, *unit_words, *words) is None
    return tmp_path / "cells.csv"


def test_cells_ranks_the_states_alone(cell, cells_csv):
    table = pd.read_csv(cells_csv)
    assert set(table["quantity"]) == set(cell.states)
    best = table[table["rank"] == 1].iloc[0]
    assert (best["cell"], best["quantity"], best["unit"]) == (cell.name, cell.displayed_state, PLANTED)


def test_probes_read_every_state(tmp_path, call, cell, unit_words, cells_csv):
    assert call(probes, *unit_words, "--cells", cells_csv, "--out", tmp_path / "probes.csv") is None
    table = pd.read_csv(tmp_path / "probes.csv").set_index("quantity")
    assert list(table.index) == list(cell.analysed_states)
    assert table.loc[cell.displayed_state, "held_out_score"] > 0.99


def test_memory_span_takes_the_values_as_they_are_displayed(tmp_path, call, cell, dumped, unit_words, cells_csv, monkeypatch):
    """A made-up cell has no equations: the network that is restarted is an LSTM with the facts of the cell."""

    def load(path, device):
        vocabulary = json.loads((tmp_path / "vocabulary.json").read_text())["bytes"]
        network = Network(Shape("lstm", 1, UNITS, len(vocabulary)))
        network.shape = Shape(cell.name, 1, UNITS, len(vocabulary))
        return network, Description(dumped.name, network.shape, 0.0, 1, vocabulary)

    def zeros(network, ids, stream, step, restart_steps, units):
        assert units == [(1, cell.displayed_state, PLANTED)]
        return np.zeros((1, len(stream)), np.float32)

    monkeypatch.setattr(memory_span, "load_checkpoint", load)
    monkeypatch.setattr(traces, "restarted_values", zeros)
    outputs = ["--out", tmp_path / "span.csv", "--summary", tmp_path / "summary.csv"]
    control = ["--restart-steps", 3, "--restart-cases", 9, "--samples", 2, "--seed", 1, "--device", "cpu"]
    words = ["--cells", cells_csv, "--split", tmp_path, "--models-folder", tmp_path, *control]
    assert call(memory_span, *unit_words, *words, *outputs) is None
    (row,) = pd.read_csv(tmp_path / "summary.csv").to_dict("records")
    assert (row["cell"], row["quantity"], row["unit"]) == (cell.name, cell.displayed_state, PLANTED)
    stored = quantity_of(parquet.read_table(dumped / "layer-1.parquet"), cell.displayed_state)[:, PLANTED].astype(float)
    displayed = np.tanh(stored) if cell.displayed_state == "c" else stored
    inside = parquet.read_table(tmp_path / "features.parquet")["inside"].to_numpy()
    held_out = np.repeat(np.arange(STREAMS), STEPS) % 2 == 1
    assert row["off_mean"] == pytest.approx(displayed[held_out & ~inside].mean(), abs=1e-5)


def test_cell_text_shows_the_displayed_state(tmp_path, call, cell, dumped, unit_words, cells_csv):
    settings = ["--lines", 2, "--columns", 20, "--random-units", 3, "--seed", 1]
    words = ["--cells", cells_csv, "--baseline", tmp_path / "base.csv", "--split", tmp_path, *settings]
    words += ["--out", tmp_path / "cell_text.csv"]
    assert call(cell_text, *unit_words, *words) is None
    table = pd.read_csv(tmp_path / "cell_text.csv")
    assert set(table["quantity"]) == {cell.displayed_state}
    assert table["panel"].nunique() == 1 + 3
    layer = parquet.read_table(dumped / "layer-1.parquet")
    stored = quantity_of(layer, cell.displayed_state).astype(float)[table["stream"] * STEPS + table["step"], table["unit"]]
    displayed = np.tanh(stored / table["scale"]) if cell.displayed_state == "c" else stored
    np.testing.assert_allclose(table["value"], displayed, atol=1e-6)


def test_saturation_has_the_gates_of_the_cell(tmp_path, call, cell, dumped):
    outputs = ["--out", tmp_path / "saturation.csv", "--counts", tmp_path / "counts.csv"]
    message = call(saturation, "--activations", dumped, *outputs)
    if not cell.gates:
        gated = ", ".join(name for name in CELLS if name not in ("rnn", "ungated"))
        assert message == f"error: {dumped}: found a model of cell 'ungated', expected one with gates: {gated}"
        return
    assert message is None
    with (tmp_path / "counts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["gate"] for row in rows] == list(cell.gates.values())
    stored = {name: quantity_of(parquet.read_table(dumped / "layer-1.parquet"), name) for name in cell.gates}
    for row, values in zip(rows, stored.values(), strict=True):
        share = ((values > np.float16(0.9)) | (values < np.float16(0.1))).mean()
        assert float(row["mean_saturated_fraction"]) == pytest.approx(share)
