"""A text as a file, read as bytes or as code points of Unicode."""

import codecs
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnscope.errors import InputError, quoted
from rnnscope.settings.corpus import CHARACTERS, DEFAULT_ENCODING, MOST_CHARACTERS
from rnnscope.storage.files import check_digest, check_is_file

BLOCK = 2**20
CODE_POINTS = 0x110000
# Characters that are pooled have one id, that of the replacement character; one in the text itself is pooled with them.
POOLED = 0xFFFD

log = logging.getLogger(__name__)


def open_text(path: Path) -> np.ndarray:
    """Map a text into memory.

    Returns
    -------
    text : ndarray of uint8, shape (bytes,)

    Raises
    ------
    InputError
        If the file is missing, empty or corrupt.
    """
    check_is_file(path, "a text")
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


def is_encoding(name: str) -> bool:
    """Return whether Python knows an encoding of texts of this name, written without spaces."""
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        return False
    try:
        # Some codecs, such as base64, do not decode texts; Python asks them the same.
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False


def check_characters(characters: str, encoding: str | None) -> None:
    """Raise InputError unless `characters` is bytes or unicode, and `encoding` one of texts (None: none is declared)."""
    if characters not in CHARACTERS:
        raise InputError(f"characters: found {quoted(characters)}, expected {' or '.join(CHARACTERS)}")
    if encoding is not None and not (isinstance(encoding, str) and is_encoding(encoding)):
        raise InputError(f"encoding: found {quoted(encoding)}, expected an encoding that Python knows, such as utf-8 or gb18030")


def code_points(string: str) -> np.ndarray:
    """Return the code points of a string: uint32 (characters,)."""
    return np.frombuffer(string.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def decoded_blocks(path: Path, encoding: str) -> Iterator[np.ndarray]:
    """Decode a text, one block in memory at a time. Line ends and marks of the byte order stay as the encoding gives them.

    Parameters
    ----------
    path
        The text.
    encoding
        Its encoding.

    Yields
    ------
    ndarray of uint32
        Code points. A character that the end of the text cuts off is left out.

    Raises
    ------
    InputError
        If it is missing or empty, or not in this encoding: the first byte that is not is named.
    """
    text = open_text(path)
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(text), BLOCK):
        pending = len(decoder.getstate()[0])
        try:
            decoded = decoder.decode(text[start : start + BLOCK].tobytes())
        except UnicodeError as error:
            position = start - pending + getattr(error, "start", 0)
            raise InputError(
                f"{path}: found the byte 0x{text[position]:02X} at position {position:,}, expected {encoding}; "
                "write the encoding of the text, such as encoding: latin-1, or characters: bytes"
            ) from None
        yield code_points(decoded)
    if cut := len(decoder.getstate()[0]):
        log.info("%s: left out the last %d bytes, the beginning of a character", path, cut)


def read_as(path: Path, vocabulary: np.ndarray, encoding: str) -> np.ndarray:
    """Read a text as the characters of a model.

    Parameters
    ----------
    path
        The text.
    vocabulary
        Those of the model: bytes, uint8 (K,), or code points, uint32 (K,).
    encoding
        Encoding of the text, used for code points alone.

    Returns
    -------
    ndarray
        uint8 or uint32 (characters,), like the vocabulary.
    """
    return open_text(path) if vocabulary.dtype == np.uint8 else np.concatenate(list(decoded_blocks(path, encoding)))


def string_as(string: str, vocabulary: np.ndarray, encoding: str, name: str) -> np.ndarray:
    """Return a string as the characters of a model: see `read_as`.

    Raises
    ------
    InputError
        If the encoding of a text of bytes cannot write it; `name` is what the message calls the string.
    """
    if vocabulary.dtype != np.uint8:
        return code_points(string)
    try:
        # A mark of the byte order is for the beginning of a text.
        encoded = string.encode(encoding, "surrogateescape").removeprefix("".encode(encoding))
    except UnicodeError:
        raise InputError(f"{name}: found {quoted(string)}, expected text that {encoding} can write") from None
    return np.frombuffer(encoded, dtype=np.uint8)


def as_bytes(characters: np.ndarray) -> bytes:
    """Return characters as a file has them: bytes, uint8, as they are; code points, uint32, in UTF-8."""
    if characters.dtype == np.uint8:
        return characters.tobytes()
    return as_string(characters).encode("utf-8", "surrogatepass")


def as_string(characters: np.ndarray, encoding: str = DEFAULT_ENCODING) -> str:
    """Return bytes in an encoding, uint8, or code points, uint32 (characters,), as a string."""
    if characters.dtype == np.uint8:
        return characters.tobytes().decode(encoding, "replace")
    return characters.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def count_code_points(path: Path, encoding: str) -> np.ndarray:
    """Return how often each code point occurs in a text: int64 (1,114,112,). Raises InputError as `decoded_blocks` does."""
    counts = np.zeros(CODE_POINTS, dtype=np.int64)
    for block in decoded_blocks(path, encoding):
        found, times = np.unique(block, return_counts=True)
        counts[found] += times
    return counts


class ByteText:
    """A text of which every byte is a character.

    Parameters
    ----------
    text
        uint8 (characters,).
    """

    def __init__(self, text: np.ndarray) -> None:
        self._text = text
        self.vocabulary = distinct_bytes(self._text)  # uint8 (K,)
        ids = np.zeros(256, dtype=np.uint8)
        ids[self.vocabulary] = np.arange(len(self.vocabulary), dtype=np.uint8)
        self._table = ids.tobytes()

    def __len__(self) -> int:
        return len(self._text)

    def ids(self, start: int, stop: int) -> np.ndarray:
        """Return the ids of some characters: uint8 (characters,)."""
        # bytes.translate, because indexing by a uint8 array would first widen the text to 64-bit integers.
        return np.frombuffer(self._text[start:stop].tobytes().translate(self._table), dtype=np.uint8)


class UnicodeText:
    """A text of which every code point is a character; the ids of all are kept in memory.

    Parameters
    ----------
    path
        The text.
    encoding
        Its encoding.
    minimum_count
        Characters that occur less often are pooled: they have one id, that of `POOLED`.

    Raises
    ------
    InputError
        If it is not in this encoding, or has more than `MOST_CHARACTERS` distinct characters.
    """

    def __init__(self, path: Path, encoding: str, minimum_count: int) -> None:
        counts = count_code_points(path, encoding)
        if not counts.any():
            raise InputError(f"{path}: the text has no character in {encoding}")
        is_rare = (counts > 0) & (counts < minimum_count)
        if is_rare.any():
            is_rare[POOLED] = counts[POOLED] > 0
        self.pooled_distinct, self.pooled = int(is_rare.sum()), int(counts[is_rare].sum())
        is_kept = (counts > 0) & ~is_rare
        is_kept[POOLED] |= self.pooled > 0
        self.vocabulary = np.flatnonzero(is_kept).astype(np.uint32)
        if len(self.vocabulary) > MOST_CHARACTERS:
            raise InputError(
                f"{path}: found {len(self.vocabulary):,} distinct characters, expected at most {MOST_CHARACTERS:,}; "
                "a larger minimum_count pools the rare ones"
            )
        id_of = np.zeros(CODE_POINTS, dtype=id_dtype(len(self.vocabulary)))
        id_of[self.vocabulary] = np.arange(len(self.vocabulary))
        id_of[is_rare] = id_of[POOLED]
        self._ids = np.concatenate([id_of[block] for block in decoded_blocks(path, encoding)])

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self, start: int, stop: int) -> np.ndarray:
        """Return the ids of some characters: uint8 or uint16 (characters,), as `id_dtype` says."""
        return self._ids[start:stop]


def kind_of_characters(vocabulary: np.ndarray) -> str:
    """Return what the characters of a vocabulary are, as config.yaml says it: bytes, uint8, or unicode, uint32."""
    return "unicode" if vocabulary.dtype == np.uint32 else "bytes"


def id_dtype(K: int) -> type[np.unsignedinteger]:
    """Return the dtype of the ids of K characters: uint8 up to 256, else uint16."""
    return np.uint8 if K <= 256 else np.uint16
