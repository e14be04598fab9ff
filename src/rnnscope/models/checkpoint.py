"""Checkpoints: weights in safetensors (nothing is unpickled on loading), hyper-parameters in the file's metadata."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rnnscope.errors import InputError
from rnnscope.files import whole_file
from rnnscope.models.network import Network, Shape


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself: the model's name, its shape, its dropout, the epoch and the vocabulary's bytes."""

    model: str
    shape: Shape
    dropout: float
    epoch: int
    vocabulary: list[int]


def save_tensors(path: Path, tensors: dict[str, torch.Tensor], description: dict) -> None:
    """Write tensors with a JSON description, whole or not at all; the same content gives the same bytes."""
    with whole_file(path) as partial:
        # One metadata key: safetensors writes several in an arbitrary order.
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            partial,
            {"rnnscope": json.dumps(description)},
        )


def load_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Read what `save_tensors` wrote. Raises InputError naming the file when it is missing, truncated or not ours."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if "rnnscope" not in metadata:
                raise InputError(
                    f"{path}: a safetensors file without rnnscope's metadata; expected a checkpoint written by training"
                )
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(metadata["rnnscope"])  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as a checkpoint ({error}); delete it to have it rebuilt") from None


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
        raise InputError(f"{path}: weights or metadata do not fit a network ({reason}); delete it to have it rebuilt") from None
    return network.to(device).eval(), description


def check_vocabulary(path: Path, description: Description, vocabulary: np.ndarray) -> None:
    """Raise InputError when a checkpoint was trained on other characters than those of `vocabulary`, uint8 (K,)."""
    if description.vocabulary != vocabulary.tolist():
        raise InputError(
            f"{path}: trained on {len(description.vocabulary)} other characters; expected the {len(vocabulary)} of this split"
        )
