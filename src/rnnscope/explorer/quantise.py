"""Activations and probabilities in one byte each, for the page.

A gate (0 to 1) is stored as round(255 x), with an error of at most 1/510; any other quantity (-1 to 1) as round(127 x), with
an error of at most 1/254, so that 0 stays exactly 0. A saturating one, such as the LSTM's c, has no bounds and is stored as
its tanh, as the paper shows it.
"""

import numpy as np

from rnnscope.models.cells import Activation

GATE_STEPS, SIGNED_STEPS = 255, 127


def quantise(activation: Activation, values: np.ndarray) -> np.ndarray:
    """Quantise values of one activation to one byte each.

    Parameters
    ----------
    activation
        The facts of the activation.
    values
        Any shape and float dtype.

    Returns
    -------
    numpy.ndarray
        The same shape, uint8 of a gate, int8 of any other activation.
    """
    exact = values.astype(np.float32)
    if activation.gate:
        return np.rint(exact * GATE_STEPS).astype(np.uint8)
    bounded = np.tanh(exact) if activation.saturating else exact
    return np.rint(bounded * SIGNED_STEPS).astype(np.int8)


def quantise_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities of any shape as uint8: round(255 p)."""
    return np.rint(probabilities * GATE_STEPS).astype(np.uint8)


def most_likely(h: np.ndarray, weight: np.ndarray, bias: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the most likely next characters, the most likely first, of equally likely ones the lower id first.

    Parameters
    ----------
    h
        float (characters, H), the hidden state of the top layer.
    weight, bias
        (K, H) and (K,), of the softmax layer.
    count
        How many; at most K are returned.

    Returns
    -------
    ids, probabilities : numpy.ndarray
        uint8 and float32, both (characters, count).
    """
    logits = h.astype(np.float32) @ weight.T + bias
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    ids = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return ids.astype(np.uint8), np.take_along_axis(probabilities, ids, axis=1)
