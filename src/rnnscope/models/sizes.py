"""Hidden widths that give every cell and depth the parameter count of its row of the table (paper section 2)."""

from rnnscope.models.cells import CELLS


def parameter_count(cell: str, layers: int, hidden_width: int, vocabulary: int) -> int:
    """Return the number of parameters of a stacked network with its softmax layer; every affine map has a bias.

    Parameters
    ----------
    cell
        A key of `CELLS`.
    layers, hidden_width
        Depth and units of each layer.
    vocabulary
        K: layer 1 reads a one-hot character, every further layer the hidden state below it.
    """
    facts = CELLS[cell]
    rows, hidden_inputs = len(facts.gate_order) * hidden_width, hidden_width if facts.hidden_input else 0
    biases = rows + len(facts.hidden_bias) * hidden_width
    first, further = (rows * (inputs + hidden_inputs) + biases for inputs in (vocabulary, hidden_width))
    softmax = vocabulary * (hidden_width + 1)
    return first + (layers - 1) * further + softmax


def matched_size(parameters: int, vocabulary: int) -> int:
    """Return the size whose budget comes closest to a number of parameters; of two equally close ones the smaller."""
    size = 1
    while parameter_count("lstm", 1, size + 1, vocabulary) <= parameters:
        size += 1
    return min((size, size + 1), key=lambda candidate: abs(parameter_count("lstm", 1, candidate, vocabulary) - parameters))


def matched_hidden_width(cell: str, layers: int, size: int, vocabulary: int) -> int:
    """Return the hidden width whose parameter count is the closest to that of a 1-layer LSTM of `size` units.

    Of two equally close widths the smaller one.
    """
    budget = parameter_count("lstm", 1, size, vocabulary)
    width = 1
    while parameter_count(cell, layers, width + 1, vocabulary) <= budget:
        width += 1
    return min((width, width + 1), key=lambda candidate: abs(parameter_count(cell, layers, candidate, vocabulary) - budget))
