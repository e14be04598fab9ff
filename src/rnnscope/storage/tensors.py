"""Tensors on disk as safetensors, which runs no code on loading, with a JSON description in the metadata."""

import errno
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest, check_is_file, corrupt_file_error, whole_file


def save_tensors(path: Path, tensors: dict[str, Tensor], description: dict) -> None:
    """Write tensors with a description, whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    path
        The file to write.
    tensors
        Of any shape, dtype and device, by name.
    description
        Anything that JSON can hold.
    """
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with whole_file(path) as partial:
        # One metadata key, because safetensors writes several keys in an arbitrary order.
        try:
            save_file(stored, partial, {"rnnscope": json.dumps(description)})
        except SafetensorError as error:  # such as a full disk
            raise OSError(errno.EIO, str(error), str(path)) from None


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Read what `save_tensors` wrote.

    Returns
    -------
    tensors : dict
        On the CPU, by name.
    description : dict
        As written.

    Raises
    ------
    InputError
        If the file is missing, damaged or not written by rnnscope.
    """
    check_is_file(path, "a checkpoint")
    check_digest(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if "rnnscope" not in metadata:
                raise InputError(f"{path}: a safetensors file without rnnscope's metadata; expected one written by rnnscope")
            description = json.loads(metadata["rnnscope"])
            if not isinstance(description, dict):
                raise InputError(f"{path}: found metadata {metadata['rnnscope'][:40]!r}, expected a JSON object")
            return {name: file.get_tensor(name) for name in file.keys()}, description  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise corrupt_file_error(path, f"not readable as a checkpoint ({reason})") from None
