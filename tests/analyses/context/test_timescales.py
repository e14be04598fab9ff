import numpy as np
import pandas as pd
import pytest
import torch
from helpers.plain_network import STEPS
from helpers.synthetic_activations import write_layer

from rnnscope.analyses.context import timescales as stage
from rnnscope.analyses.context.timescales import log_kept
from rnnscope.models.cells import CELLS

GATED = [name for name, cell in CELLS.items() if cell.retention_gates]
STREAMS, STEPS_OF_STREAM, UNITS = 12, 50, 4


@pytest.mark.parametrize("name", CELLS)
def test_the_share_is_what_is_left_of_a_difference_of_two_states(name):
    """Without weights on the hidden state two networks differ after a step by what it keeps of their difference, in float64."""
    step, biases, states = STEPS[name]
    cell, random = CELLS[name], torch.Generator().manual_seed(1)
    W = torch.randn(len(cell.gate_order) * UNITS, 3, generator=random).double()
    if cell.hidden_input:
        W = torch.cat((W, torch.zeros(len(W), UNITS).double()), dim=1)
    weights = {"W": W, "b": torch.randn(biases * UNITS, generator=random).double()}
    starts = [tuple(torch.randn(UNITS, generator=random).double() for _ in range(states)) for _ in range(2)]
    after = [step(weights, torch.tensor([0, 1, 0]).double(), start) for start in starts]
    index = cell.states.index(cell.displayed_state)
    left = ((after[0][0][index] - after[1][0][index]) / (starts[0][index] - starts[1][index])).numpy()
    if cell.retention_gates:
        gates = {gate: after[0][1][gate].numpy()[np.newaxis].astype(np.float32) for gate in cell.retention_gates}
        np.testing.assert_allclose(np.exp(log_kept(cell, gates)[0]), left, rtol=1e-5)
    else:
        np.testing.assert_allclose(left, 0, atol=1e-12)


@pytest.mark.parametrize(("dtype", "bits"), [(np.float16, 11), (np.float32, 24)])
@pytest.mark.parametrize("name", [name for name in GATED if not CELLS[name].keeping_gate])
def test_a_gate_that_is_stored_as_1_counts_as_half_of_the_smallest_share(name, dtype, bits):
    """As far away from 1 as a gate can be that is rounded to it."""
    largest_below = np.nextafter(dtype(1), dtype(0))
    assert dtype(1 - 0.99 * 2.0 ** -(bits + 1)) == 1 > dtype(1 - 1.01 * 2.0 ** -(bits + 1))
    kept = np.exp(log_kept(CELLS[name], {CELLS[name].replacing_gate: np.array([[1, largest_below]], dtype)}))
    assert kept[0].tolist() == pytest.approx([2.0 ** -(bits + 1), 2.0**-bits], rel=1e-9)


def gates_that_keep(cell, kept, random):
    """Gates with which a cell keeps these shares, (rows, units)."""
    if cell.keeping_gate and cell.replacing_gate:
        scale = random.uniform(0.2, 1, kept.shape)
        return {cell.keeping_gate: scale * kept, cell.replacing_gate: scale * (1 - kept)}
    return {cell.keeping_gate: kept} if cell.keeping_gate else {cell.replacing_gate: 1 - kept}


def run(tmp_path, call, models, samples=50):
    words = ["--activations", *(tmp_path / model for model in models), "--samples", samples, "--seed", 1]
    assert call(stage, *words, "--out", tmp_path / "tau.csv") is None
    return pd.read_csv(tmp_path / "tau.csv")


@pytest.mark.parametrize("name", GATED)
def test_leaky_integrators_of_known_time_constants(tmp_path, call, name):
    cell, random = CELLS[name], np.random.default_rng(2)
    tau, n = np.array([0.7, 5, 80, 1500]), STREAMS * STEPS_OF_STREAM
    kept = np.tile(np.exp(-1 / tau), (n, 1))
    write_layer(tmp_path / f"{name}-1-16", 1, STREAMS, STEPS_OF_STREAM, gates_that_keep(cell, kept, random), np.float32)
    table = run(tmp_path, call, [f"{name}-1-16"])
    assert list(table["tau"]) == pytest.approx(list(tau), rel=1e-3)
    assert list(table["tau_low"]) == pytest.approx(list(tau), rel=1e-3), "every stream is the same"
    assert set(table["quantity"]) == {cell.displayed_state}
    assert list(table["unit"]) == [0, 1, 2, 3]


def test_gates_that_change_have_the_mean_of_the_logarithms(tmp_path, call):
    random, n = np.random.default_rng(3), STREAMS * STEPS_OF_STREAM
    forget = random.uniform(0.3, 1, (n, UNITS)).astype(np.float16)
    forget[:, 2], forget[:, 3] = 1, 0
    write_layer(tmp_path / "lstm-1-16", 1, STREAMS, STEPS_OF_STREAM, {"f": forget})
    table = run(tmp_path, call, ["lstm-1-16"])
    for unit in (0, 1):
        assert table["tau"][unit] == pytest.approx(-1 / np.log(forget[:, unit].astype(float)).mean())
        assert table["tau_low"][unit] < table["tau"][unit] < table["tau_high"][unit]
    assert table["tau"][2] == np.inf, "stored as 1 at every character"
    assert 0 < table["tau"][3] < 0.1, "stored as 0 at every character"
    assert set(table["clusters"]) == {f"{STREAMS} streams"}


def test_a_network_without_gates_has_no_rows(tmp_path, call):
    write_layer(tmp_path / "rnn-1-16", 1, STREAMS, STEPS_OF_STREAM, {"h": np.zeros((STREAMS * STEPS_OF_STREAM, UNITS))})
    assert len(run(tmp_path, call, ["rnn-1-16"])) == 0
    write_layer(tmp_path / "gru-1-16", 1, STREAMS, STEPS_OF_STREAM, {"z": np.full((STREAMS * STEPS_OF_STREAM, UNITS), 0.5)})
    table = run(tmp_path, call, ["rnn-1-16", "gru-1-16"])
    assert set(table["model"]) == {"gru-1-16"}
    assert list(table["tau"]) == pytest.approx([1 / np.log(2)] * UNITS)


def test_a_gate_that_is_none_is_refused(tmp_path, call):
    write_layer(tmp_path / "gru-1-16", 1, STREAMS, STEPS_OF_STREAM, {"z": np.full((STREAMS * STEPS_OF_STREAM, UNITS), np.nan)})
    words = ["--activations", tmp_path / "gru-1-16", "--samples", 5, "--seed", 1, "--out", tmp_path / "tau.csv"]
    assert "values of the gate 'z' that are not between 0 and 1" in call(stage, *words)
    assert not (tmp_path / "tau.csv").exists()
