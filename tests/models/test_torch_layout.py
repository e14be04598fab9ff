"""Weights in torch.nn's layout: its own modules compute the logits to compare with."""

import pytest
import torch
from torch import nn

from rnnscope.errors import InputError
from rnnscope.models.network import Network, Shape
from rnnscope.models.torch_layout import COUNTERPARTS, TorchModel, from_torch, to_torch

K, HIDDEN, T, B = 7, 5, 30, 3


def draw_network(cell, layers):
    """Weights large enough for gates that differ."""
    network = Network(Shape(cell, layers, HIDDEN, K), generator=torch.Generator().manual_seed(3)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(10)
    return network


def draw_characters():
    return torch.randint(K, (T, B), generator=torch.Generator().manual_seed(4))


def logits_of(network, characters):
    with torch.inference_mode():
        return network(characters, network.zero_state(B))[0]


class Other(nn.Module):
    """As others write it: names of their own, an embedding, batches first."""

    def __init__(self, module, layers, embedding=4, **options):
        super().__init__()
        self.embedding = nn.Embedding(K, embedding)
        self.core = module(embedding, HIDDEN, layers, batch_first=True, **options)
        self.head = nn.Linear(HIDDEN, K)

    def forward(self, characters):
        return self.head(self.core(self.embedding(characters.T))[0]).transpose(0, 1)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", COUNTERPARTS)
def test_torch_computes_the_same_logits_and_the_weights_return_unchanged(cell, layers):
    network, characters = draw_network(cell, layers), draw_characters()
    weights = to_torch(network)
    theirs = TorchModel(network.shape)
    theirs.load_state_dict(weights)
    with torch.inference_mode():
        torch.testing.assert_close(logits_of(network, characters), theirs(characters), rtol=0, atol=1e-6)
    shape, back = from_torch(weights, "weights")
    assert shape == network.shape
    assert list(back) == list(network.state_dict())
    assert all(back[name].numpy().tobytes() == value.numpy().tobytes() for name, value in network.state_dict().items())
    again = Network(shape).eval()
    again.load_state_dict(back)
    assert torch.equal(logits_of(again, characters), logits_of(network, characters))


@pytest.mark.parametrize("options", [{}, {"bias": False}])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", COUNTERPARTS)
def test_modules_of_others_come_in(cell, layers, options):
    torch.manual_seed(5)
    theirs, characters = Other(COUNTERPARTS[cell].module, layers, **options).eval(), draw_characters()
    shape, weights = from_torch(theirs.state_dict(), "weights")
    assert shape == Shape(cell, layers, HIDDEN, K)
    network = Network(shape).eval()
    network.load_state_dict(weights)
    with torch.inference_mode():
        torch.testing.assert_close(logits_of(network, characters), theirs(characters), rtol=0, atol=1e-6)


def test_a_cell_that_torch_does_not_have_is_named():
    with pytest.raises(InputError, match=r"^cell gru: torch\.nn has no such cell; expected one of lstm, gru-after, rnn"):
        to_torch(Network(Shape("gru", 1, HIDDEN, K)))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(HIDDEN, K), "found 0 tensors weight_ih_l0, expected one torch.nn.LSTM"),
        (Other(nn.LSTM, 1, bidirectional=True), "found core.weight_ih_l0_reverse, expected a module of one direction"),
        (Other(nn.LSTM, 1, proj_size=3), "found core.weight_hr_l0, expected a module of one direction without projections"),
        (nn.LSTM(K, HIDDEN), "found, beside the recurrent module, none; expected weight and bias of one torch.nn.Linear"),
        (
            nn.Sequential(nn.RNN(K, HIDDEN), nn.LayerNorm(HIDDEN), nn.Linear(HIDDEN, K)),
            "found, beside the recurrent module, 1.bias, 1.weight, 2.bias, 2.weight; expected weight and bias of one",
        ),
        (nn.Sequential(nn.RNN(K, HIDDEN), nn.Linear(HIDDEN + 1, K)), r"found a Linear of \(7, 6\), expected \(characters, 5\)"),
        (nn.Sequential(nn.RNN(K, HIDDEN), nn.Linear(HIDDEN, K + 1)), r"found \(5, 7\) for weight_ih_l0, expected \(5, 8\)"),
    ],
)
def test_other_modules_are_refused_in_one_line(module, message):
    with pytest.raises(InputError, match=rf"^weights\.pt: {message}") as caught:
        from_torch(module.state_dict(), "weights.pt")
    assert "\n" not in str(caught.value)
