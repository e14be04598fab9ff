from dataclasses import replace
from itertools import count, takewhile

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width, parameter_count

cells = st.sampled_from(sorted(CELLS))


@given(cells, st.integers(1, 3), st.integers(1, 12), st.integers(1, 20))
def test_parameter_count_is_that_of_the_network(cell, layers, hidden_width, vocabulary):
    network = Network(Shape(cell, layers, hidden_width, vocabulary))
    assert parameter_count(cell, layers, hidden_width, vocabulary) == sum(values.numel() for values in network.parameters())


@pytest.mark.parametrize(("cell", "module"), [("lstm", torch.nn.LSTM), ("rnn", torch.nn.RNN), ("gru", torch.nn.GRU)])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_parameter_count_is_torchs_less_its_second_bias(cell, module, layers):
    theirs = module(87, 32, layers)
    second_biases = sum(values.numel() for name, values in theirs.named_parameters() if name.startswith("bias_hh"))
    softmax = torch.nn.Linear(32, 87)
    total = sum(values.numel() for values in [*theirs.parameters(), *softmax.parameters()]) - second_biases
    assert parameter_count(cell, layers, 32, 87) == total


@given(cells, st.integers(1, 3), st.integers(1, 40), st.integers(1, 120))
def test_matched_width_is_the_closest_of_all(cell, layers, size, vocabulary):
    budget = parameter_count("lstm", 1, size, vocabulary)
    counts = takewhile(
        lambda parameters: parameters <= 2 * budget + 1000, (parameter_count(cell, layers, w, vocabulary) for w in count(1))
    )
    distances = [abs(parameters - budget) for parameters in counts]
    assert matched_hidden_width(cell, layers, size, vocabulary) == 1 + distances.index(min(distances))


def test_the_budget_row_itself():
    """64 cells on the 87 characters of War and Peace: 4 x 64 x (87 + 64 + 1) + 87 x 65."""
    assert parameter_count("lstm", 1, 64, 87) == 38912 + 5655
    assert matched_hidden_width("lstm", 1, 64, 87) == 64


def test_a_cell_without_hidden_input_has_no_recurrent_weights(monkeypatch):
    """2 gates of 4 units over 5 characters and over the layer below, with biases, and the softmax layer."""
    facts = replace(CELLS["gru"], name="minimal", gate_order=("z", "candidate"), hidden_input=False)
    monkeypatch.setitem(CELLS, "minimal", facts)
    assert parameter_count("minimal", 2, 4, 5) == 8 * (5 + 1) + 8 * (4 + 1) + 5 * (4 + 1)
    network = Network(Shape("minimal", 2, 4, 5))
    assert sum(values.numel() for values in network.parameters()) == parameter_count("minimal", 2, 4, 5)
    assert [tuple(layer.W_hidden.shape) for layer in network.layers] == [(0, 4), (0, 4)]
