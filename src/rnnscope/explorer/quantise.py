"""Activations and probabilities in one byte each, for the page.

A gate (0 to 1) is stored as round(255 x), off by at most 1/510; any other quantity (-1 to 1) as round(127 x), off by
at most 1/254, so that 0 stays exactly 0. A cell state c has no bounds and is stored as tanh(c), as the paper shows it.
"""

import numpy as np

GATES = frozenset("iforz")  # between 0 and 1; every other quantity lies between -1 and 1
GATE_STEPS, SIGNED_STEPS = 255, 127


def quantise(quantity: str, values: np.ndarray) -> np.ndarray:
    """Activations of one quantity, of any shape and float dtype, in one byte each: uint8 of a gate, else int8."""
    exact = values.astype(np.float32)
    if quantity in GATES:
        return np.rint(exact * GATE_STEPS).astype(np.uint8)
    bounded = np.tanh(exact) if quantity == "c" else exact
    return np.rint(bounded * SIGNED_STEPS).astype(np.int8)


def quantise_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities, of any shape, as uint8: round(255 p)."""
    stored: np.ndarray = np.rint(probabilities * GATE_STEPS).astype(np.uint8)
    return stored


def most_likely(h: np.ndarray, weight: np.ndarray, bias: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` most likely next characters: ids uint8 and probabilities float32, both (characters, count).

    h: float (characters, H), the top layer's hidden state; weight (K, H) and bias (K,) are the softmax layer's. The most
    likely comes first, of equally likely ones the lower id.
    """
    logits = h.astype(np.float32) @ weight.T + bias
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    ids = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return ids.astype(np.uint8), np.take_along_axis(probabilities, ids, axis=1)
