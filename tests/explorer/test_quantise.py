import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.explorer.quantise import most_likely, quantise, quantise_probabilities
from rnnscope.models.cells import CELLS

LSTM, GRU = CELLS["lstm"].by_name, CELLS["gru"].by_name


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@given(st.lists(st.floats(0, 1), min_size=1))
def test_errors_of_gates_are_at_most_half_a_step(dtype, exact):
    values = np.array(exact, dtype)
    gates = (*(LSTM[name] for name in "ifo"), *(GRU[name] for name in "rz"))
    for gate in gates:
        stored = quantise(gate, values)
        assert stored.dtype == np.uint8
        for byte, value in zip(stored.tolist(), values.tolist(), strict=True):
            assert abs(byte / 255 - value) <= 1 / 510 + 1e-7


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@given(st.lists(st.floats(-1, 1), min_size=1))
def test_errors_of_states_and_candidates_are_at_most_half_a_step(dtype, exact):
    values = np.array(exact, dtype)
    for activation in (LSTM["g"], LSTM["h"], GRU["candidate"]):
        stored = quantise(activation, values)
        assert stored.dtype == np.int8
        for byte, value in zip(stored.tolist(), values.tolist(), strict=True):
            assert abs(byte / 127 - value) <= 1 / 254 + 1e-7


@given(st.lists(st.floats(-60000, 60000, width=16), min_size=1))
def test_cells_are_stored_as_their_hyperbolic_tangent(exact):
    for byte, value in zip(quantise(LSTM["c"], np.array(exact, np.float16)).tolist(), exact, strict=True):
        assert abs(byte / 127 - math.tanh(value)) <= 1 / 254 + 1e-6


def test_zero_and_the_ends_are_exact():
    assert quantise(LSTM["h"], np.array([-1.0, 0.0, 1.0])).tolist() == [-127, 0, 127]
    assert quantise(LSTM["f"], np.array([0.0, 1.0])).tolist() == [0, 255]
    assert quantise_probabilities(np.array([0.0, 0.5, 1.0])).tolist() == [0, 128, 255]


def test_the_most_likely_are_those_of_a_loop_and_equals_come_by_their_id():
    random = np.random.default_rng(3)
    h, weight, bias = random.normal(size=(30, 4)), random.normal(size=(9, 4)), random.normal(size=9)
    weight[5], bias[5] = weight[2], bias[2]
    ids, probabilities = most_likely(h.astype(np.float16), weight.astype(np.float32), bias.astype(np.float32), 5)
    assert ids.dtype == np.uint8
    for state, chosen, found in zip(h.astype(np.float16).astype(float), ids, probabilities, strict=True):
        odds = [math.exp(sum(w * x for w, x in zip(row, state, strict=True)) + b) for row, b in zip(weight, bias, strict=True)]
        odds[5] = odds[2]
        order = sorted(range(9), key=lambda k: (-odds[k], k))[:5]
        assert chosen.tolist() == order
        np.testing.assert_allclose(found, [odds[k] / sum(odds) for k in order], rtol=1e-4)


def test_a_small_vocabulary_has_fewer_than_five():
    ids, _ = most_likely(np.zeros((2, 3)), np.zeros((4, 3), np.float32), np.arange(4, dtype=np.float32), 5)
    assert ids.tolist() == [[3, 2, 1, 0]] * 2
