"""The weights of a network in the layout of torch.nn.LSTM and torch.nn.RNN, and back.

torch.nn stacks the gates of an LSTM in the order i, f, g, o, rnnscope in the order i, f, o, g. torch.nn adds two biases where
one is enough: the second is written as zero, and the two are added on the way back. Layer 1 of torch.nn reads a one-hot
character, or an embedding, which is multiplied into the weights of layer 1.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Layer, Network, Shape

RECURRENT, SOFTMAX = "recurrent", "softmax"


@dataclass(frozen=True)
class Counterpart:
    """What torch.nn has for a cell.

    Parameters
    ----------
    module
        Its class.
    gate_order
        The order in which it stacks the gates, by the names of the cell's facts.
    """

    module: type[nn.LSTM] | type[nn.RNN]
    gate_order: tuple[str, ...]


COUNTERPARTS = {
    "lstm": Counterpart(nn.LSTM, ("i", "f", "g", "o")),
    "rnn": Counterpart(nn.RNN, ("h",)),
}


class TorchModel(nn.Module):
    """A network as plain torch.nn modules; `reads one-hot characters`, as the exported weights expect.

    Parameters
    ----------
    shape
        Of a network whose cell is in `COUNTERPARTS`.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        module = COUNTERPARTS[shape.cell].module
        self.recurrent = module(shape.vocabulary, shape.hidden_width, shape.layers)
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)

    def forward(self, characters: Tensor) -> Tensor:
        """Return the logits (T, B, K) of the characters after int64 ids (T, B)."""
        one_hot = nn.functional.one_hot(characters, self.softmax.out_features).to(self.softmax.weight.dtype)
        return self.softmax(self.recurrent(one_hot)[0])


def to_torch(network: Network) -> dict[str, Tensor]:
    """Return the weights of a network as those of `TorchModel`.

    Returns
    -------
    dict of Tensor
        `recurrent.weight_ih_l<k>` (G H, D), `recurrent.weight_hh_l<k>` (G H, H), `recurrent.bias_ih_l<k>` and
        `recurrent.bias_hh_l<k>` (G H,), k from 0, the gates in the order of torch.nn; `softmax.weight` and `softmax.bias`.

    Raises
    ------
    InputError
        If torch.nn has no such cell.
    """
    shape = network.shape
    if shape.cell not in COUNTERPARTS:
        raise InputError(f"cell {shape.cell}: torch.nn has no such cell; expected one of {', '.join(COUNTERPARTS)}")
    gates = CELLS[shape.cell].gate_order, COUNTERPARTS[shape.cell].gate_order
    weights = {}
    for depth, layer in enumerate(cast(list[Layer], network.layers)):
        weights[f"{RECURRENT}.weight_ih_l{depth}"] = _reordered(layer.W_input, *gates)
        weights[f"{RECURRENT}.weight_hh_l{depth}"] = _reordered(layer.W_hidden, *gates)
        weights[f"{RECURRENT}.bias_ih_l{depth}"] = _reordered(layer.bias, *gates)
        weights[f"{RECURRENT}.bias_hh_l{depth}"] = torch.zeros_like(layer.bias)
    weights |= {f"{SOFTMAX}.{name}": value for name, value in network.softmax.state_dict().items()}
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


def _reordered(stacked: Tensor, found: tuple[str, ...], wanted: tuple[str, ...]) -> Tensor:
    """Weights whose first dimension has the gates in the order `found`, with the gates in the order `wanted`."""
    by_name = dict(zip(found, stacked.chunk(len(found)), strict=True))
    return torch.cat([by_name[name] for name in wanted])
