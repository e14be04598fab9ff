"""A split, read: its vocabulary, its parts, its text, and whether predictions are those of its test part."""

import tokenize
from functools import cached_property
from pathlib import Path

import numpy as np

from rnnscope.corpus.letters import letters_stand_alone, shown_letters
from rnnscope.corpus.split_text import SplitText, join_parts
from rnnscope.corpus.text import is_encoding
from rnnscope.errors import InputError, quoted
from rnnscope.settings.corpus import DEFAULT_ENCODING
from rnnscope.storage.files import check_digest, check_is_file, corrupt_file_error, read_json, sha256_of

PARTS = ("train", "validation", "test")
KINDS_OF_CHARACTERS = {"bytes": (np.uint8, 0xFF), "code_points": (np.uint32, 0x10FFFF)}
# What numpy ends with on a header that is no description of an array: it is parsed as Python.
DAMAGE = (ValueError, TypeError, EOFError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError, OverflowError)


class Split:
    """A text in parts, laid out as streams: the folder that `rnnscope.corpus.split` writes.

    Every file is checked and mapped into memory when it is first used.

    Parameters
    ----------
    folder
        Holds split.json, vocabulary.json and a .npy file a part.

    Raises
    ------
    InputError
        When a file is first used: if it is missing, corrupt or does not belong to the others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[str, np.ndarray] = {}

    @cached_property
    def vocabulary(self) -> np.ndarray:
        """The distinct characters of the text, ascending; the id of a character is its index.

        They are bytes, uint8 (K,), or code points of Unicode, uint32 (K,): the dtype says which.
        """
        return read_vocabulary(self.folder)

    @cached_property
    def encoding(self) -> str:
        """The encoding of the text as it was found."""
        return read_encoding(self.folder)

    @cached_property
    def sequence_length(self) -> int:
        """Characters of a segment: the steps of truncated back-propagation."""
        return read_sequence_length(self.folder)

    @property
    def streams(self) -> int:
        """Parallel streams: the rows of every part."""
        return len(self.part("test"))

    def path(self, part: str) -> Path:
        """Return the file of a part."""
        return self.folder / f"{part}.npy"

    def part(self, name: str) -> np.ndarray:
        """Map a part into memory.

        Parameters
        ----------
        name
            One of `PARTS`.

        Returns
        -------
        ids : ndarray of uint8 or uint16, shape (streams, characters of the part + 1)
            Column t + 1 holds the targets of column t.
        """
        if name not in self._parts:
            self._parts[name] = read_characters(self.folder, name, len(self.vocabulary))
        return self._parts[name]

    def digest(self, part: str) -> str:
        """Return the SHA-256 of the file of a part, 64 hexadecimal digits."""
        self.part(part)
        return sha256_of(self.path(part))

    @property
    def test_targets(self) -> np.ndarray:
        """Ids of the characters that models predict, in the order of the rows of predictions: (test characters,)."""
        return self.part("test")[:, 1:].ravel()

    @cached_property
    def text(self) -> SplitText:
        """The text of all parts as one piece."""
        parts = [self.part(name) for name in PARTS]
        for name, before, after in zip(PARTS[1:], parts[:-1], parts[1:], strict=True):
            if len(before) != len(after) or not np.array_equal(before[:, -1], after[:, 0]):
                raise InputError(
                    f"{self.path(name)}: does not continue where the part before it ends; delete both to have them rebuilt"
                )
        return join_parts(parts, self.vocabulary, self.encoding)

    def test_letters(self, stream: int, steps: np.ndarray, invisible: str = "") -> list[str]:
        """Return what shows some characters of a stream of the test part; see `rnnscope.corpus.letters.shown_letters`.

        Other parts are read only where the encoding of the text needs what comes before.
        """
        characters = self.vocabulary[self.part("test")[stream, steps]]
        if letters_stand_alone(characters, self.encoding):
            return shown_letters(characters, self.encoding, invisible)
        of_stream = self.text.positions.reshape(self.streams, -1)[stream]
        return self.text.shown_letters(of_stream[steps] - 1, invisible)

    def check_aligned(self, path: Path, targets: np.ndarray) -> None:
        """Check that predictions are of this split's test part.

        Parameters
        ----------
        path
            The file of the predictions, for the message.
        targets : ndarray, shape (streams, steps)
            Ids of the characters that it predicts.
        """
        from rnnscope.storage.predictions import check_targets  # with pyarrow, which training does without

        check_targets(path, targets, self.part("test")[:, 1:], self.path("test"))

    def read_log_prob(self, path: Path) -> np.ndarray:
        """Read the log-probabilities of the test characters from a model's predictions.

        Parameters
        ----------
        path
            A file that `rnnscope.storage.predictions.write_predictions` wrote.

        Returns
        -------
        log_prob : ndarray of float32, shape (streams, steps)
            In nats.

        Raises
        ------
        InputError
            If the file is missing or corrupt, or predicts other characters than the test part's.
        """
        from rnnscope.storage.predictions import read_predictions

        predictions = read_predictions(path)
        self.check_aligned(path, predictions.targets)
        return predictions.log_prob


def read_split(folder: Path) -> Split:
    """Open a split; its files are read and checked when they are first used."""
    return Split(folder)


def read_part(folder: Path, part: str) -> np.ndarray:
    """Map one part of a split without a look at its vocabulary; `Split.part` also checks its ids.

    Returns
    -------
    ids : ndarray of uint8 or uint16, shape (streams, characters of the part + 1)

    Raises
    ------
    InputError
        If the file is missing, truncated or no such array.
    """
    path = folder / f"{part}.npy"
    check_is_file(path, f"the {part} part of a split")
    check_digest(path)
    try:
        ids = np.lib.format.open_memmap(path, mode="r")
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:120]
        raise corrupt_file_error(path, f"not readable as an array ({reason})") from None
    if ids.dtype not in (np.uint8, np.uint16) or ids.ndim != 2 or ids.shape[0] < 1 or ids.shape[1] < 2:
        raise corrupt_file_error(path, f"found {ids.dtype} {ids.shape}, expected uint8 or uint16 (streams, steps + 1)")
    surplus = path.stat().st_size - ids.offset - ids.nbytes
    if surplus:
        raise corrupt_file_error(path, f"found {surplus} bytes after the array, expected none")
    return ids


def read_characters(folder: Path, part: str, K: int) -> np.ndarray:
    """Map one part of a split as `read_part` does; raises InputError when an id is not below `K`."""
    ids = read_part(folder, part)
    if ids.max(initial=0) >= K:
        raise InputError(f"{folder / part}.npy: found the id {ids.max()}, expected ids below {K}, the size of the vocabulary")
    return ids


def read_vocabulary(folder: Path) -> np.ndarray:
    """Read the vocabulary of a split: the sorted distinct characters; the id of one is its index.

    Returns
    -------
    ndarray
        uint8 (K,) where a character is a byte, uint32 (K,) where it is a code point of Unicode.

    Raises
    ------
    InputError
        If the file is missing or holds anything else.
    """
    path = folder / "vocabulary.json"
    content = read_json(path)
    if isinstance(content, dict):
        for kind, (dtype, highest) in KINDS_OF_CHARACTERS.items():
            values = content.get(kind)
            if isinstance(values, list) and values and all(type(value) is int and 0 <= value <= highest for value in values):
                if sorted(set(values)) != values:
                    raise corrupt_file_error(path, f"{kind}: expected increasing numbers")
                return np.array(values, dtype=dtype)
    raise corrupt_file_error(path, 'expected {"bytes": [...]} with numbers from 0 to 255, or {"code_points": [...]}')


def read_encoding(folder: Path) -> str:
    """Read the encoding of the text of a split; utf-8 where none was declared."""
    content = read_json(folder / "vocabulary.json")
    encoding = content.get("encoding", DEFAULT_ENCODING) if isinstance(content, dict) else None
    if not isinstance(encoding, str) or not is_encoding(encoding):
        reason = f"encoding: found {quoted(encoding)}, expected the name of an encoding"
        raise corrupt_file_error(folder / "vocabulary.json", reason)
    return encoding


def read_sequence_length(folder: Path) -> int:
    """Read how many characters a segment of a split has.

    Raises
    ------
    InputError
        If the file is missing or does not say it.
    """
    path = folder / "split.json"
    content = read_json(path)
    values = content if isinstance(content, dict) else {}
    length = values.get("sequence_length", values.get("steps"))  # splits of version 0.1 say `steps`
    if type(length) is not int or length < 1:
        raise corrupt_file_error(path, f"sequence_length: found {quoted(length)}, expected a positive number")
    return length
