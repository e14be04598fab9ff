import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width, parameter_count, parse_model_name

cells = st.sampled_from(["lstm", "rnn", "gru"])


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
    distances = [abs(parameter_count(cell, layers, width, vocabulary) - budget) for width in range(1, 5 * size + 5)]
    assert matched_hidden_width(cell, layers, size, vocabulary) == 1 + distances.index(min(distances))


def test_the_budget_row_itself():
    """64 cells on the 87 characters of War and Peace: 4 x 64 x (87 + 64 + 1) + 87 x 65."""
    assert parameter_count("lstm", 1, 64, 87) == 38912 + 5655
    assert matched_hidden_width("lstm", 1, 64, 87) == 64


@pytest.mark.parametrize(
    "name", ["lstm", "lstm-1", "lstm-0-64", "lstm-1-0", "xyz-1-64", "lstm-1-64-2", "LSTM-1-64", "lstm--1-64", ""]
)
def test_a_bad_model_name_is_refused(name):
    with pytest.raises(ValueError, match="expected <cell>-<layers>-<size>"):
        parse_model_name(name)


def test_a_model_name():
    assert parse_model_name("gru-2-128") == ("gru", 2, 128)
