"""The stacked character-level network: recurrent layers and a softmax layer (paper section 2)."""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnscope.models import backends
from rnnscope.models.cells import CELLS
from rnnscope.models.initialisation import draw_parameters
from rnnscope.models.protocol import State


@dataclass(frozen=True)
class Shape:
    """What fixes a network's parameters.

    Parameters
    ----------
    cell
        A key of `CELLS`.
    layers
        Depth L.
    hidden_width
        Units of each layer, H.
    vocabulary
        Number of characters, K.
    """

    cell: str
    layers: int
    hidden_width: int
    vocabulary: int


class Layer(nn.Module):
    """The weights of one recurrent layer: the two halves of W [x_below; h_previous] + b, for all G gates.

    `W_input` (G H, D), `W_hidden` (G H, H) and `bias` (G H,), the gates in the cell's `gate_order`. `W_hidden` is (0, H)
    where the cell has no hidden input; the biases of the cell's `hidden_bias` are behind the others.
    """

    def __init__(self, cell: str, input_width: int, hidden_width: int) -> None:
        super().__init__()
        facts = CELLS[cell]
        rows = len(facts.gate_order) * hidden_width
        self.W_input = nn.Parameter(torch.empty(rows, input_width))
        self.W_hidden = nn.Parameter(torch.empty(rows if facts.hidden_input else 0, hidden_width))
        self.bias = nn.Parameter(torch.empty(rows + len(facts.hidden_bias) * hidden_width))


class Network(nn.Module):
    """L recurrent layers and a linear softmax layer over K characters; dropout on the non-recurrent connections only.

    Parameters
    ----------
    shape
        Cell, depth, width and vocabulary.
    dropout
        Probability that a non-recurrent connection is dropped in training.
    generator
        Draws the initial parameters; a CPU one, so that every device gets the same values.

    Notes
    -----
    Source: paper section 2; dropout as in Zaremba et al. 2014, "Recurrent neural network regularization".
    """

    kind: ClassVar = "recurrent"

    def __init__(self, shape: Shape, dropout: float = 0.0, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = dropout
        input_widths = [shape.vocabulary] + [shape.hidden_width] * (shape.layers - 1)
        self.layers = nn.ModuleList(Layer(shape.cell, width, shape.hidden_width) for width in input_widths)
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)
        draw_parameters(self, generator)

    @property
    def vocabulary_size(self) -> int:
        """K, the number of characters."""
        return self.shape.vocabulary

    def zero_state(self, streams: int) -> State:
        """Return the state before the first character: for each layer, zeros (B, H) for every state of its cell."""
        zeros = self.softmax.weight.new_zeros(streams, self.shape.hidden_width)
        return [dict.fromkeys(CELLS[self.shape.cell].states, zeros) for _ in self.layers]

    def forward(self, characters: Tensor, state: State, return_gates: bool = True) -> tuple[Tensor, State]:
        """Read a segment of characters.

        Parameters
        ----------
        characters
            int64 ids (T, B).
        state
            The state before the first of them, from `zero_state` or `last_state`.
        return_gates
            Whether the caller needs more than the last state, or a gradient. It is faster without.

        Returns
        -------
        logits : Tensor
            Of the next characters, (T, B, K).
        activations : list of dict
            For each layer every gate and state of every step, (T, B, H) by name.
        """
        below = characters
        activations = []
        for depth, (layer, layer_state) in enumerate(zip(cast(list[Layer], self.layers), state, strict=True)):
            if depth:
                below = F.dropout(below, self.dropout, self.training)
            weights = layer.W_input, layer.W_hidden, layer.bias
            activations.append(backends.run_layer(self.shape.cell, below, *weights, layer_state, return_gates))
            below = activations[-1]["h"]
        below = F.dropout(below, self.dropout, self.training)
        return backends.affine(below, self.softmax.weight, self.softmax.bias), activations

    def last_state(self, activations: State) -> State:
        """Return the state after the last step, (B, H) by name for each layer, detached from the gradient."""
        return [{name: layer[name][-1].detach() for name in CELLS[self.shape.cell].states} for layer in activations]
