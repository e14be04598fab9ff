"""A network whose units are held at values of one's choice while it reads.

A state unit that is held has its value in place of the computed one at every step, in what is passed on to the next step and to
the layer above. Of a state that reaches the rest of the network through h = o tanh(c), the h of the unit follows from the held c.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from rnnscope.models import backends
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Layer, Network
from rnnscope.models.protocol import Activations, State


@dataclass(frozen=True)
class Hold:
    """Units of one state of one layer that are held.

    Parameters
    ----------
    layer
        From 1, the lowest.
    state
        Name of the state, such as c.
    streams, units
        Int64 (cases,): in which of the streams that are read side by side which unit is held.
    values
        Where each is held, (cases,), or at every step, (T, cases).
    """

    layer: int
    state: str
    streams: Tensor
    units: Tensor
    values: Tensor

    def at(self, step: int) -> Tensor:
        """The values of one step, (cases,)."""
        return self.values if self.values.dim() == 1 else self.values[step]


@torch.inference_mode()
def held_forward(network: Network, below: Tensor, state: State, holds: Sequence[Hold], first: int = 1) -> tuple[Tensor, State]:
    """Read a segment while units are held.

    Parameters
    ----------
    network
        In evaluation mode.
    below
        Int64 ids (T, B); of a higher first layer the h of the layer below it, (T, B, D).
    state
        The state before the segment, for all layers.
    holds
        Which units are held; of layers from `first` on.
    first
        The layer to begin with: those below it are not computed.

    Returns
    -------
    logits : Tensor
        Of the next characters, (T, B, K).
    state : list of dict
        The state after the last step; of the layers below `first` as it was.
    """
    last = list(state)
    for depth, layer in enumerate(cast(list[Layer], network.layers), start=1):
        if depth < first:
            continue
        held = [hold for hold in holds if hold.layer == depth]
        if held:
            below, last[depth - 1] = _held_layer(network.shape.cell, layer, below, state[depth - 1], held)
        else:
            values = backends.run_layer(
                network.shape.cell, below, layer.W_input, layer.W_hidden, layer.bias, state[depth - 1], return_gates=False
            )
            below = values["h"]
            last[depth - 1] = {name: values[name][-1] for name in CELLS[network.shape.cell].states}
    return backends.affine(below, network.softmax.weight, network.softmax.bias), last


def _held_layer(cell: str, layer: Layer, below: Tensor, state: Activations, holds: list[Hold]) -> tuple[Tensor, Activations]:
    """Run one layer step by step; return h of all steps, (T, B, H), and the last state."""
    facts = CELLS[cell]
    found = []
    for step in range(len(below)):
        values = backends.run_layer(cell, below[step : step + 1], layer.W_input, layer.W_hidden, layer.bias, state)
        state = {name: values[name][0].clone() for name in facts.states}
        for hold in sorted(holds, key=lambda hold: hold.state == "h"):  # a held h is not overwritten by that of a held c
            place, held = (hold.streams, hold.units), hold.at(step)
            state[hold.state][place] = held
            if hold.state != "h":
                state["h"][place] = values[facts.output_gate][0][place] * torch.tanh(held)
        found.append(state["h"])
    return torch.stack(found), state
