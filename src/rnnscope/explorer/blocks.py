"""The numbers on the page: activations and predictions of the first test characters, in one byte each."""

from pathlib import Path

import numpy as np

from rnnscope.activations.reader import row_groups
from rnnscope.errors import InputError
from rnnscope.explorer.page_budget import PREDICTIONS, Contents
from rnnscope.explorer.quantise import most_likely, quantise, quantise_probabilities
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network


def first_characters(test: np.ndarray, characters: int) -> np.ndarray:
    """Return the first test characters, stream after stream: uint8 ids (characters,) of uint8 (streams, steps + 1)."""
    steps = test.shape[1] - 1
    streams = test[: -(-characters // steps), :-1].ravel()
    return streams[:characters]


def model_blocks(
    name: str, network: Network, folder: Path, test: np.ndarray, contents: Contents, vocabulary: np.ndarray
) -> dict[str, bytes]:
    """Return the numbers of one model.

    Parameters
    ----------
    name, network
        The model.
    folder
        Folder of <model>/layer-<l>.parquet.
    test
        uint8 ids (streams, steps + 1).
    contents
        What the page holds.
    vocabulary
        uint8 (K,), the byte of each id.

    Returns
    -------
    dict of bytes
        `<model>/<layer>/<quantity>`: the values of one unit after the other. `<model>/predictions`: of every character the
        bytes of the most likely next ones, then their probabilities.

    Raises
    ------
    InputError
        If a dump is missing, corrupt, too short, or of another width or text.
    """
    cell, shape, blocks = CELLS[network.shape.cell], network.shape, {}
    for layer in range(1, shape.layers + 1):
        path = folder / name / f"layer-{layer}.parquet"
        values = _read_prefix(path, test, contents.characters, list(cell.activation_names), shape.hidden_width)
        for quantity, array in values.items():
            units = contents.units[name, layer, quantity]
            blocks[f"{name}/{layer}/{quantity}"] = quantise(cell.by_name[quantity], array[:, units].T).tobytes()
    weight, bias = network.softmax.weight.detach().numpy(), network.softmax.bias.detach().numpy()
    ids, probabilities = most_likely(values["h"], weight, bias, PREDICTIONS)
    blocks[f"{name}/predictions"] = np.hstack([vocabulary[ids], quantise_probabilities(probabilities)]).tobytes()
    return blocks


def _read_prefix(path: Path, test: np.ndarray, characters: int, quantities: list[str], width: int) -> dict[str, np.ndarray]:
    """Read the first rows of a dump, each quantity float (characters, width). Only these rows are in memory."""
    groups: list[dict[str, np.ndarray]] = []
    rows = 0
    for group in row_groups(path, quantities):
        groups.append(group)
        rows += len(group["character"])
        if rows >= characters:
            break
    if rows < characters:
        raise InputError(f"{path}: found {rows:,} rows, expected a row for each of {test[:, 1:].size:,} test characters")
    found = np.concatenate([group["character"] for group in groups])[:characters]
    if not np.array_equal(found, first_characters(test, characters)):
        raise InputError(f"{path}: its characters are not those of the test part; expected a dump of this split")
    values = {name: np.concatenate([group[name] for group in groups])[:characters] for name in quantities}
    for name, array in values.items():
        if array.shape[1] != width:
            raise InputError(f"{path}: found {array.shape[1]} units of {name!r}, expected the {width} of the checkpoint")
    return values
