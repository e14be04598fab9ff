"""A text as a file: bytes, one a character."""

from pathlib import Path

import numpy as np

from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest

BLOCK = 2**20


def open_text(path: Path) -> np.ndarray:
    """Map a text into memory.

    Returns
    -------
    text : ndarray of uint8, shape (characters,)

    Raises
    ------
    InputError
        If the file is missing, empty or corrupt.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a text")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the text is empty")
    check_digest(path)
    return np.memmap(path, dtype=np.uint8, mode="r")


def distinct_bytes(text: np.ndarray) -> np.ndarray:
    """Return the distinct bytes of a text, ascending.

    Parameters
    ----------
    text : ndarray of uint8, shape (characters,)

    Returns
    -------
    vocabulary : ndarray of uint8, shape (K,)
    """
    counts = np.zeros(256, dtype=np.int64)
    for start in range(0, len(text), BLOCK):
        counts += np.bincount(text[start : start + BLOCK], minlength=256)
    return np.flatnonzero(counts).astype(np.uint8)
