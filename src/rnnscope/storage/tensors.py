"""Tensors on disk: safetensors, which unpickles nothing on loading, with a JSON description in its metadata."""

import errno
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest, corrupt_file_error, whole_file


def save_tensors(path: Path, tensors: dict[str, Tensor], description: dict) -> None:
    """Write tensors with a JSON description, whole or not at all; the same content gives the same bytes."""
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with whole_file(path) as partial:
        # One metadata key, because safetensors writes several in an arbitrary order.
        try:
            save_file(stored, partial, {"rnnscope": json.dumps(description)})
        except SafetensorError as error:  # a full disk, which is no OSError there
            raise OSError(errno.EIO, str(error), str(path)) from None


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Read what `save_tensors` wrote, onto the CPU. Raises InputError naming the file when it is missing or damaged."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a checkpoint")
    check_digest(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if "rnnscope" not in metadata:
                raise InputError(f"{path}: a safetensors file without rnnscope's metadata; expected one written by rnnscope")
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(metadata["rnnscope"])  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise corrupt_file_error(path, f"not readable as a checkpoint ({error})") from None
