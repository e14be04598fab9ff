"""Checkpoints: a network's weights, and in the file's metadata what is needed to rebuild the network."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from rnnscope.errors import InputError
from rnnscope.models.network import Network, Shape
from rnnscope.storage.files import corrupt_file_error
from rnnscope.storage.tensors import load_tensors, save_tensors


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself: the model's name, its shape, its dropout, the epoch and the vocabulary's bytes."""

    model: str
    shape: Shape
    dropout: float
    epoch: int
    vocabulary: list[int]


def save_checkpoint(path: Path, weights: dict[str, torch.Tensor], description: Description) -> None:
    """Write a model's weights and description, whole or not at all."""
    save_tensors(path, weights, asdict(description))


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> tuple[Network, Description]:
    """Rebuild the network of a checkpoint, in evaluation mode. Raises InputError naming the file when it is damaged."""
    weights, stored = load_tensors(path)
    try:
        description = Description(**{**stored, "shape": Shape(**stored["shape"])})
        network = Network(description.shape, description.dropout)
        network.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise corrupt_file_error(path, f"weights or metadata do not fit a network ({reason})") from None
    return network.to(device).eval(), description


def check_vocabulary(path: Path, description: Description, vocabulary: np.ndarray) -> None:
    """Raise InputError when a checkpoint was trained on other characters than those of `vocabulary`, uint8 (K,)."""
    if description.vocabulary != vocabulary.tolist():
        raise InputError(
            f"{path}: trained on {len(description.vocabulary)} other characters; expected the {len(vocabulary)} of this split"
        )
