"""Checkpoints: a network's weights, and in the file's metadata what is needed to rebuild the network."""

import itertools
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
import torch
from torch import nn

from rnnscope.corpus.text import CODE_POINTS, check_characters, kind_of_characters
from rnnscope.errors import InputError
from rnnscope.models import feed_forward
from rnnscope.models.cells import CELLS
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.network import Network, Shape
from rnnscope.settings.base import Setting
from rnnscope.settings.corpus import DEFAULT_ENCODING
from rnnscope.storage.declarations import declare
from rnnscope.storage.files import corrupt_file_error
from rnnscope.storage.tensors import load_tensors, save_tensors

declare(
    "models/<model>/checkpoint.safetensors",
    "The weights of the epoch with the lowest validation loss, float32. The metadata key `rnnscope` is JSON: `kind`, `model`, "
    "`shape`, `dropout`, `epoch` and `vocabulary`, the distinct characters; `characters`, `unicode`, where "
    "these are code points, and `encoding` where it is not utf-8. Of a recurrent network `shape` has `cell`, `layers`, "
    "`hidden_width` and `vocabulary`, here K; of an n-NN `n`, `hidden_width` and `vocabulary`. The tensor `table` of an n-NN is "
    "(n, K, hidden width): row (j, k) is what character k adds to the hidden layer at position j of the context, oldest first.",
)

AnyShape = Shape | feed_forward.Shape
AnyNetwork = Network | FeedForwardNetwork
Expected = TypeVar("Expected", bound=nn.Module)


class Kind(NamedTuple):
    """How to rebuild networks of one kind: the class of their shape, and a function of shape, dropout and generator."""

    shape: type
    network: Callable[[Any, float, torch.Generator | None], AnyNetwork]


KINDS = {
    Network.kind: Kind(Shape, Network),
    FeedForwardNetwork.kind: Kind(feed_forward.Shape, lambda shape, _, generator: FeedForwardNetwork(shape, generator)),
}


# The values of a description, apart from its shape.
LAST_BYTE = 0xFF
DESCRIBED: dict[str, tuple[Any, Setting]] = {
    "model": (str, Setting("")),
    "dropout": (float, Setting("", minimum=0, below=1)),
    "epoch": (int, Setting("", minimum=0)),
    "vocabulary": (list[int], Setting("", minimum=0)),
}


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself.

    Parameters
    ----------
    model
        Its name, such as lstm-2-128 or nnn-3.
    shape
        What fixes its parameters.
    dropout
        Probability that a non-recurrent connection is dropped in training.
    epoch
        How many epochs it was trained.
    vocabulary
        The bytes or code points that are its characters, ascending.
    kind
        A key of `KINDS`.
    characters
        What a character is: bytes, or unicode for a code point.
    encoding
        Encoding of the text that it was trained on.
    """

    model: str
    shape: AnyShape
    dropout: float
    epoch: int
    vocabulary: list[int]
    kind: str = Network.kind
    characters: str = "bytes"
    encoding: str = DEFAULT_ENCODING

    @property
    def symbols(self) -> np.ndarray:
        """Its characters: bytes, uint8 (K,), or code points, uint32 (K,)."""
        return np.array(self.vocabulary, dtype=np.uint8 if self.characters == "bytes" else np.uint32)


def build_network(kind: str, shape: AnyShape, dropout: float, generator: torch.Generator | None = None) -> AnyNetwork:
    """Return a new network of a kind, its parameters drawn by `generator`."""
    return KINDS[kind].network(shape, dropout, generator)


def save_checkpoint(path: Path, weights: dict[str, torch.Tensor], description: Description) -> None:
    """Write a model's weights and description, whole or not at all; what has its usual value is left out of the latter."""
    stored = asdict(description)
    usual = {field.name: field.default for field in fields(Description) if field.name in ("characters", "encoding")}
    save_tensors(path, weights, {key: value for key, value in stored.items() if value != usual.get(key, MISSING)})


@overload
def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> tuple[Network, Description]: ...


@overload
def load_checkpoint(path: Path, device: torch.device | str, expected: type[Expected]) -> tuple[Expected, Description]: ...


def load_checkpoint(
    path: Path, device: torch.device | str = "cpu", expected: type[nn.Module] = Network
) -> tuple[nn.Module, Description]:
    """Rebuild the network of a checkpoint, in evaluation mode.

    Parameters
    ----------
    path
        A file that `save_checkpoint` wrote.
    device
        Where the network is to run.
    expected
        The class that it has to be of; `nn.Module` for any.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or holds a network of another class.
    """
    weights, stored = load_tensors(path)
    try:
        description = read_description(stored)
        check_weights(weights, description)
        network = build_network(description.kind, description.shape, description.dropout)
        network.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError, InputError) as error:
        reason = " ".join(str(error).split())[:300]
        raise corrupt_file_error(path, f"weights or metadata do not fit a network ({reason})") from None
    if not isinstance(network, expected):
        raise InputError(f"{path}: found a {description.kind} network, expected a {getattr(expected, 'kind', 'different')} one")
    return network.to(device).eval(), description


def _up_to_date(stored: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a file as this version writes it: earlier ones named no kind, and of an n-NN neither model nor dropout."""
    if "kind" in stored:
        return stored
    if "n" in stored["shape"]:
        return {"model": f"nnn-{stored['shape']['n']}", "dropout": 0.0, "kind": FeedForwardNetwork.kind} | stored
    return {"kind": Network.kind} | stored


def read_description(stored: dict[str, Any]) -> Description:
    """Return the description of a checkpoint from its metadata.

    Raises
    ------
    InputError
        If a value is of another type or out of its bounds, or if the vocabulary is not that of the shape.
    KeyError, TypeError
        If a key is missing or unknown.
    """
    stored = _up_to_date(stored)
    kind = KINDS[stored["kind"]]
    for key, (of, allowed) in DESCRIBED.items():
        allowed.check(key, stored[key], of)
    for field in fields(kind.shape):
        of, allowed = (str, Setting("", choices=tuple(CELLS))) if field.name == "cell" else (int, Setting("", minimum=1))
        allowed.check(f"shape.{field.name}", stored["shape"][field.name], of)
    check_characters(stored.get("characters", "bytes"), stored.get("encoding", DEFAULT_ENCODING))
    description = Description(**{**stored, "shape": kind.shape(**stored["shape"])})
    highest = LAST_BYTE if description.characters == "bytes" else CODE_POINTS - 1
    if max(description.vocabulary, default=0) > highest:
        raise InputError(f"vocabulary: found {max(description.vocabulary)}, expected at most {highest}")
    vocabulary, expected = description.vocabulary, description.shape.vocabulary
    if len(vocabulary) != expected or any(before >= after for before, after in itertools.pairwise(vocabulary)):
        raise InputError(f"vocabulary: found {len(vocabulary)} characters, expected {expected} in increasing order")
    return description


def check_weights(weights: dict[str, torch.Tensor], description: Description) -> None:
    """Compare weights with the network that they are for, before memory is taken for it.

    Raises
    ------
    InputError
        If a tensor is missing, not expected, of another shape or dtype, or has a value that is no number.
    """
    layers = getattr(description.shape, "layers", 1)
    if layers > len(weights):  # even the frame of a network takes time, and each layer has several tensors
        raise InputError(f"shape.layers: found {layers}, expected at most the {len(weights)} tensors of the file")
    with torch.device("meta"):  # shapes without memory
        expected = build_network(description.kind, description.shape, description.dropout).state_dict()
    if differing := sorted(expected.keys() ^ weights.keys()):
        found = "no tensor" if differing[0] in expected else "a tensor"
        raise InputError(f"found {found} {differing[0]!r}, expected {', '.join(expected)}")
    for name, tensor in weights.items():
        if (tensor.shape, tensor.dtype) != (expected[name].shape, torch.float32):
            shape, dtype = tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
            raise InputError(f"{name}: found {dtype} {shape}, expected float32 {tuple(expected[name].shape)}")
        if not tensor.isfinite().all():
            raise InputError(f"{name}: found values that are no number or infinite, expected finite ones")


def check_vocabulary(path: Path, description: Description, vocabulary: np.ndarray) -> None:
    """Check that a checkpoint was trained on the characters of `vocabulary`, uint8 or uint32 (K,).

    Raises
    ------
    InputError
        If it was trained on others.
    """
    if description.characters != kind_of_characters(vocabulary) or description.vocabulary != vocabulary.tolist():
        raise InputError(
            f"{path}: trained on {len(description.vocabulary)} other characters; expected the {len(vocabulary)} of this split"
        )
