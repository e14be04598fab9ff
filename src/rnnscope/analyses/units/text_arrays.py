"""Arrays over the characters of a text, from which its features are built."""

import numpy as np

from rnnscope.corpus.text import code_points


def as_array(text: bytes | str) -> np.ndarray:
    """Return the characters of a text: bytes, uint8, or code points, uint32 (characters,)."""
    return code_points(text) if isinstance(text, str) else np.frombuffer(text, dtype=np.uint8)


def as_code(text: bytes | str) -> bytes:
    """Return a text with a byte for each of its characters; those that are no byte, and mean nothing in C, are `?`."""
    return text.encode("latin-1", "replace") if isinstance(text, str) else text


def piecewise(positions: list[int], values: list, length: int, dtype: type) -> np.ndarray:
    """Return an array that changes its value at some positions.

    Parameters
    ----------
    positions
        Indices, ascending. Of equal ones the last counts.
    values
        The value from each position on; before the first it is 0.
    length
        Length of the array.
    dtype
        Its dtype.
    """
    bounds = np.array([0, *positions, length])
    return np.repeat(np.array([0, *values], dtype=dtype), np.diff(bounds))


def between(bounds: list[int], length: int) -> np.ndarray:
    """Return bool (length,): true from the first bound up to the second, from the third up to the fourth, and so on."""
    return piecewise(bounds, [index % 2 == 0 for index in range(len(bounds))], length, bool)


def steps_since(mark: np.ndarray) -> np.ndarray:
    """Count the characters since `mark`, bool (characters,), was last true.

    Returns
    -------
    ndarray
        Int32 (characters,): 0 where the mark is true; counted from 1 before the first.
    """
    index = np.arange(len(mark), dtype=np.int32)
    last = np.maximum.accumulate(np.where(mark, index, np.int32(-1)))
    return index - last
