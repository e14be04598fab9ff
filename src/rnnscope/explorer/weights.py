"""The parameters of a network in 16 bits each, as the page's worker reads them.

A matrix is stored as integers from -32,767 to 32,767 with a scale for every 16 weights of a row; vectors are float32. With one
scale a row, its few largest weights would make the steps of all others coarse: on War and Peace a state of a 3-layer GRU was off
by up to 0.0011 so, and is by 0.0007.
"""

from typing import Any

import numpy as np
import torch

from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network

LARGEST = 32767
BLOCK = 16  # weights of a row that share a scale; the last block may be shorter


def packed_parameters(network: Network) -> dict[str, bytes]:
    """Return all parameters: of every layer W_input, W_hidden and bias, then those of the softmax layer.

    Parameters
    ----------
    network
        The network; its parameters are finite, as `load_checkpoint` sees to.

    Returns
    -------
    dict of bytes
        `weights`: the matrices as little-endian int16. `scales`: for each matrix, row by row, float32 that its blocks are
        multiplied by, and the vectors as float32, all in the order above.
    """
    weights, scales = [], []
    for values in network.state_dict().values():
        array = values.cpu().numpy().astype(np.float32)
        if array.ndim == 1:
            scales.append(array)
            continue
        integers, scale = _quantised(array)
        weights.append(integers)
        scales.append(scale)
    return {
        "weights": b"".join(array.astype("<i2").tobytes() for array in weights),
        "scales": b"".join(array.astype("<f4").tobytes() for array in scales),
    }


def rounded(network: Network) -> Network:
    """Return a copy of a network whose parameters are those of the page, in single precision."""
    copy = Network(network.shape)
    parameters = {}
    for key, values in network.state_dict().items():
        array = values.cpu().numpy().astype(np.float32)
        if array.ndim > 1:
            integers, scale = _quantised(array)
            array = integers.astype(np.float32) * _spread(scale, array.shape[1])
        parameters[key] = torch.from_numpy(array)
    copy.load_state_dict(parameters)
    return copy.eval()


def _quantised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a float32 matrix (rows, columns) as int16 of the same shape and float32 scales (rows, blocks)."""
    columns = matrix.shape[1]
    largest = np.maximum.reduceat(np.abs(matrix), np.arange(0, columns, BLOCK), axis=1)
    scale = np.where(largest > 0, largest / LARGEST, 1).astype(np.float32)
    return np.rint(matrix / _spread(scale, columns)).astype(np.int16), scale


def _spread(scale: np.ndarray, columns: int) -> np.ndarray:
    """The scale of every weight of a matrix with this number of columns."""
    return scale.repeat(BLOCK, axis=1)[:, :columns]


def describe(network: Network) -> dict[str, Any]:
    """Return what the worker has to know of a network besides its parameters."""
    shape, cell = network.shape, CELLS[network.shape.cell]
    return {
        "block": BLOCK,
        "cell": cell.name,
        "layers": shape.layers,
        "width": shape.hidden_width,
        "vocabulary": shape.vocabulary,
        "gates": len(cell.gate_order),
        "hiddenInput": cell.hidden_input,
        "hiddenBias": len(cell.hidden_bias),
        "activations": list(cell.activation_names),
        "states": list(cell.analysed_states),
        "saturating": [activation.name for activation in cell.activations if activation.saturating],
    }
