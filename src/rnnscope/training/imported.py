"""Take over a network that was trained elsewhere with torch.nn: an LSTM, a GRU or an RNN that reads characters.

What it leaves is what training leaves, so that every analysis, every figure and the explorer run on it.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.text import kind_of_characters
from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_size, parameter_count
from rnnscope.models.torch_layout import from_torch
from rnnscope.settings.training import Computing
from rnnscope.storage.files import check_is_file, whole_file, write_json
from rnnscope.training.history import HISTORY_COLUMNS
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.train import identity_of


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict.

    Parameters
    ----------
    path
        A .safetensors file. What torch.save writes is a pickle, which can run code, and is not read.

    Raises
    ------
    InputError
        If it is missing or not readable as such.
    """
    check_is_file(path, "the state dict of a network")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        expected = "expected what safetensors.torch.save_file(model.state_dict(), path) writes"
        raise InputError(f"{path}: not readable as a state dict ({_one_line(error)}); {expected}") from None


def read_order(path: Path) -> np.ndarray:
    """Read the character of each id of a network: bytes or code points, int64 (K,).

    Parameters
    ----------
    path
        JSON: a list of numbers or of single characters, or this under the key `bytes` or `code_points`; in the network's order.

    Raises
    ------
    InputError
        If it is missing or holds anything else.
    """
    check_is_file(path, "the vocabulary of a network, JSON")
    try:
        content = json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as JSON ({_one_line(error)})") from None
    items = content.get("bytes", content.get("code_points")) if isinstance(content, dict) else content
    items = items if isinstance(items, list) else [None]
    codes = [ord(item) if isinstance(item, str) and len(item) == 1 else item for item in items]
    if not all(type(code) is int and 0 <= code <= 0x10FFFF for code in codes) or len(set(codes)) < len(codes):
        raise InputError(f"{path}: expected a list of different characters, as numbers from 0 to 1114111 or as single characters")
    return np.array(codes)


def with_sorted_ids(weights: dict[str, Tensor], order: np.ndarray) -> dict[str, Tensor]:
    """Return the weights of a network with its ids in ascending order; `order` is the character of each of them, (K,)."""
    ranks = torch.from_numpy(np.argsort(order))
    moved = {"layers.0.W_input": weights["layers.0.W_input"][:, ranks]}
    return weights | moved | {name: weights[name][ranks] for name in ("softmax.weight", "softmax.bias")}


def check_name(model: str, shape: Shape, source: Path) -> ModelName:
    """Return the parsed name of a network that has to be of a shape.

    Raises
    ------
    InputError
        If it is none, or its cell, its layers or its size are others; the line has the right name.
    """
    try:
        name = ModelName.parse(model)
    except ValueError as error:
        raise InputError(f"imported: {error}") from None
    parameters = parameter_count(shape.cell, shape.layers, shape.hidden_width, shape.vocabulary)
    right = ModelName(shape.cell, shape.layers, matched_size(parameters, shape.vocabulary), label=name.label)
    if name != right:
        raise InputError(
            f"imported: found the name {model} for {source}, expected {right}: {shape.layers} layers of {shape.hidden_width} "
            f"units, and about as many parameters ({parameters:,}) as a 1-layer LSTM of {right.size} units"
        )
    return name


def main(split: Path, model: str, weights: Path, vocabulary: Path, computing: Computing, out: Path) -> None:
    """Write a network that was trained elsewhere as a model of the grid.

    Writes `checkpoint.safetensors`, `history.csv` without an epoch and `summary.json`.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    model
        Its name, <cell>-<layers>-<size>-<label>.
    weights
        State dict of one torch.nn.LSTM, GRU or RNN and one torch.nn.Linear, with a torch.nn.Embedding or without.
    vocabulary
        JSON, the character of each of its ids.
    computing
        Device and threads.
    out
        Folder for checkpoint, history and summary.

    Raises
    ------
    InputError
        If a file is not readable, the name does not fit, or the network reads other characters than those of the split.
    """
    device, parts, order = prepare_device(computing), read_split(split), read_order(vocabulary)
    shape, found = from_torch(read_weights(weights), str(weights))
    if shape.vocabulary != len(order):
        raise InputError(f"{weights}: found {shape.vocabulary} characters, expected the {len(order)} of {vocabulary}")
    if not np.array_equal(np.sort(order), parts.vocabulary):
        missing, more = np.setdiff1d(parts.vocabulary, order), np.setdiff1d(order, parts.vocabulary)
        raise InputError(
            f"{vocabulary}: {len(missing)} characters of the text are missing and {len(more)} are not in it; expected its "
            f"{len(parts.vocabulary)}"
        )
    name = check_name(model, shape, weights)
    network = Network(shape)
    network.load_state_dict(with_sorted_ids(found, order))
    network = network.to(device).eval()
    procedure = PROCEDURES[Network.kind]
    part = procedure.to_device(parts.part("validation"), device)
    loss = procedure.mean_loss(network, part, parts.sequence_length)
    kind = kind_of_characters(parts.vocabulary)
    description = Description(str(name), shape, 0.0, 0, parts.vocabulary.tolist(), characters=kind, encoding=parts.encoding)
    save_checkpoint(out / "checkpoint.safetensors", network.state_dict(), description)
    with whole_file(out / "history.csv") as partial:
        partial.write_text(",".join(HISTORY_COLUMNS) + "\n")
    trained = {"seed": 0, "precision": None, "epochs": 0, "best_epoch": 0, "validation_loss": loss}
    write_json(out / "summary.json", identity_of(name, network) | trained)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


if __name__ == "__main__":
    run(main)
