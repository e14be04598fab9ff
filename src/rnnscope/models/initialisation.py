"""The initial parameters of every network (paper section 2)."""

import torch
from torch import nn

INITIAL_RANGE = 0.08


def draw_parameters(network: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw all parameters of a network uniformly from [-0.08, 0.08].

    Parameters
    ----------
    network
        Its parameters are overwritten in place, in the order in which it declares them.
    generator
        A CPU generator, so that every device draws the same values; torch's global one when left out.

    Notes
    -----
    Source: paper section 2.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-INITIAL_RANGE, INITIAL_RANGE, generator=generator)
