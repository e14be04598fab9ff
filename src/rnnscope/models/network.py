"""The stacked character-level network: recurrent layers and a softmax layer (paper section 2)."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnscope.models import compiled
from rnnscope.models.initialisation import draw_parameters
from rnnscope.models.recurrences import CELLS, Quantities, run_layer


@dataclass(frozen=True)
class Shape:
    """What fixes a network's parameters: cell (`rnn`, `lstm`, `gru`), layers, hidden width H and vocabulary K."""

    cell: str
    layers: int
    hidden_width: int
    vocabulary: int


class Layer(nn.Module):
    """The weights of one recurrent layer: W [x_below; h_previous] + b, its two halves kept apart."""

    def __init__(self, cell: str, input_width: int, hidden_width: int) -> None:
        super().__init__()
        rows = len(CELLS[cell].gate_order) * hidden_width
        self.W_input = nn.Parameter(torch.empty(rows, input_width))
        self.W_hidden = nn.Parameter(torch.empty(rows, hidden_width))
        self.bias = nn.Parameter(torch.empty(rows))


class Network(nn.Module):
    """L recurrent layers and a linear softmax layer over K characters; dropout on the non-recurrent connections only."""

    def __init__(self, shape: Shape, dropout: float = 0.0, generator: torch.Generator | None = None) -> None:
        """Draw all parameters with `generator` (a CPU one, so that devices agree)."""
        super().__init__()
        self.shape = shape
        self.dropout = dropout
        input_widths = [shape.vocabulary] + [shape.hidden_width] * (shape.layers - 1)
        self.layers = nn.ModuleList(Layer(shape.cell, width, shape.hidden_width) for width in input_widths)
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)
        draw_parameters(self, generator)

    def zero_state(self, streams: int) -> list[Quantities]:
        """The state before the first character: for each layer, zeros (streams, H) for every state of its cell."""
        zeros = self.softmax.weight.new_zeros(streams, self.shape.hidden_width)
        return [dict.fromkeys(CELLS[self.shape.cell].states, zeros) for _ in self.layers]

    def forward(self, characters: Tensor, state: list[Quantities], return_gates: bool = True) -> tuple[Tensor, list[Quantities]]:
        """Read a segment of characters, int64 ids (T, B), from `state`.

        Returns the logits (T, B, K) of the next characters, and for each layer every gate and state of every step,
        (T, B, H) by name; `last_state` picks from them the state that the next segment starts from. A caller that needs no
        more than that, and no gradient, says so with `return_gates`: it is faster.
        """
        below = characters
        activations = []
        for depth, (layer, layer_state) in enumerate(zip(cast(list[Layer], self.layers), state, strict=True)):
            if depth:
                below = F.dropout(below, self.dropout, self.training)
            weights = layer.W_input, layer.W_hidden, layer.bias
            activations.append(run_layer(self.shape.cell, below, *weights, layer_state, return_gates))
            below = activations[-1]["h"]
        below = F.dropout(below, self.dropout, self.training)
        affine = compiled.Affine.apply if compiled.is_available_for(below) else F.linear
        return affine(below, self.softmax.weight, self.softmax.bias), activations

    def last_state(self, activations: list[Quantities]) -> list[Quantities]:
        """The state after the last step, (B, H) by name for each layer, cut off from the gradient."""
        return [{name: layer[name][-1].detach() for name in CELLS[self.shape.cell].states} for layer in activations]
