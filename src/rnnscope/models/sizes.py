"""Hidden widths that give every type and depth the parameter count of its row of the table (paper section 2)."""

CELL_NAMES = ("lstm", "rnn", "gru")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def parameter_count(cell: str, layers: int, hidden_width: int, vocabulary: int) -> int:
    """Number of parameters of a stacked network with its softmax layer; every affine map has a bias.

    Layer 1 reads a one-hot character (`vocabulary` wide), every further layer the hidden state below it.
    """
    first = GATES[cell] * hidden_width * (vocabulary + hidden_width + 1)
    further = GATES[cell] * hidden_width * (2 * hidden_width + 1)
    softmax = vocabulary * (hidden_width + 1)
    return first + (layers - 1) * further + softmax


def matched_hidden_width(cell: str, layers: int, size: int, vocabulary: int) -> int:
    """The hidden width whose parameter count comes closest to that of a 1-layer LSTM of `size` cells.

    Of two equally close widths the smaller one.
    """
    budget = parameter_count("lstm", 1, size, vocabulary)
    width = 1
    while parameter_count(cell, layers, width + 1, vocabulary) <= budget:
        width += 1
    return min((width, width + 1), key=lambda candidate: abs(parameter_count(cell, layers, candidate, vocabulary) - budget))


def parse_model_name(name: str) -> tuple[str, int, int]:
    """Split `<cell>-<layers>-<size>`, as in `lstm-3-512`, into cell, layers and size. Raises ValueError otherwise."""
    cell, _, rest = name.partition("-")
    layers, _, size = rest.partition("-")
    if cell not in CELL_NAMES or not (layers.isdecimal() and size.isdecimal() and int(layers) and int(size)):
        raise ValueError(
            f"model {name!r}: expected <cell>-<layers>-<size> with a cell of {', '.join(CELL_NAMES)}, as in lstm-3-512"
        )
    return cell, int(layers), int(size)
