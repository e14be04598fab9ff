"""The parameters of a network in half precision, as the page's worker reads them."""

from typing import Any

import numpy as np
import torch

from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network


def half_precision(name: str, network: Network) -> bytes:
    """Return all parameters as little-endian float16: of every layer W_input, W_hidden and bias, then those of the softmax layer.

    Parameters
    ----------
    name
        Name of the model, for the message.
    network
        The network.

    Raises
    ------
    InputError
        If a parameter is no finite number in half precision.
    """
    parts = []
    for key, values in network.state_dict().items():
        with np.errstate(over="ignore"):
            halves = values.cpu().numpy().astype("<f2")
        if not np.isfinite(halves).all():
            raise InputError(f"{name}: {key} holds a number beyond ±65,504, expected weights that half precision can hold")
        parts.append(halves.tobytes())
    return b"".join(parts)


def rounded(network: Network) -> Network:
    """Return a copy of a network whose parameters are those of the page, in single precision."""
    copy = Network(network.shape)
    copy.load_state_dict({key: values.half().float() for key, values in network.state_dict().items()})
    return copy.to(torch.float32).eval()


def describe(network: Network) -> dict[str, Any]:
    """Return what the worker has to know of a network besides its parameters."""
    shape, cell = network.shape, CELLS[network.shape.cell]
    return {
        "cell": cell.name,
        "layers": shape.layers,
        "width": shape.hidden_width,
        "vocabulary": shape.vocabulary,
        "gates": len(cell.gate_order),
        "hiddenInput": cell.hidden_input,
        "activations": list(cell.activation_names),
        "states": list(cell.analysed_states),
        "saturating": [activation.name for activation in cell.activations if activation.saturating],
    }
