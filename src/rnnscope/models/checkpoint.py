"""Checkpoints: a network's weights, and in the file's metadata what is needed to rebuild the network."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
import torch
from torch import nn

from rnnscope.errors import InputError
from rnnscope.models import feed_forward
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.network import Network, Shape
from rnnscope.storage.declarations import declare
from rnnscope.storage.files import corrupt_file_error
from rnnscope.storage.tensors import load_tensors, save_tensors

declare(
    "models/<model>/checkpoint.safetensors",
    "The weights of the epoch with the lowest validation loss, float32. The metadata key `rnnscope` is JSON: `kind`, `model`, "
    "`shape`, `dropout`, `epoch` and `vocabulary`, the distinct bytes. Of a recurrent network `shape` has `cell`, `layers`, "
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
        The bytes that are its characters, ascending.
    kind
        A key of `KINDS`.
    """

    model: str
    shape: AnyShape
    dropout: float
    epoch: int
    vocabulary: list[int]
    kind: str = Network.kind


def build_network(kind: str, shape: AnyShape, dropout: float, generator: torch.Generator | None = None) -> AnyNetwork:
    """Return a new network of a kind, its parameters drawn by `generator`."""
    return KINDS[kind].network(shape, dropout, generator)


def save_checkpoint(path: Path, weights: dict[str, torch.Tensor], description: Description) -> None:
    """Write a model's weights and description, whole or not at all."""
    save_tensors(path, weights, asdict(description))


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
        stored = _up_to_date(stored)
        kind = KINDS[stored["kind"]]
        description = Description(**{**stored, "shape": kind.shape(**stored["shape"])})
        network = kind.network(description.shape, description.dropout, None)
        network.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
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


def check_vocabulary(path: Path, description: Description, vocabulary: np.ndarray) -> None:
    """Check that a checkpoint was trained on the characters of `vocabulary`, uint8 (K,).

    Raises
    ------
    InputError
        If it was trained on others.
    """
    if description.vocabulary != vocabulary.tolist():
        raise InputError(
            f"{path}: trained on {len(description.vocabulary)} other characters; expected the {len(vocabulary)} of this split"
        )
