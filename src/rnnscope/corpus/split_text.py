"""The text of a split as one piece, so that every test character has its true history before it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnscope.corpus.letters import Letters, encoded, letters_of, letters_stand_alone, shown_letters
from rnnscope.corpus.text import as_string, code_points
from rnnscope.settings.corpus import DEFAULT_ENCODING


@dataclass(frozen=True)
class SplitText:
    """A text laid out as streams of equal length, each of which begins with its train part and ends with its test part.

    Parameters
    ----------
    text : bytes or str
        The streams one after another, and at the end the target of the last character. `text[:-1]` is the cut text itself.
        A str where a character is a code point.
    positions : ndarray of int64, shape (test characters,)
        Index in `text` of the target of each row of a table of predictions. The character that was read in this row, which
        is that of a row of features or activations, has the index `positions - 1`.
    row : int
        Characters of a stream.
    train : int
        Characters of a stream's train part.
    encoding : str
        Encoding of the text, where a character is a byte.
    """

    text: bytes | str
    positions: np.ndarray
    row: int
    train: int
    encoding: str = DEFAULT_ENCODING

    @property
    def characters(self) -> np.ndarray:
        """The text as an array that can be indexed: bytes, uint8, or code points, uint32 (length of the text,)."""
        return code_points(self.text) if isinstance(self.text, str) else np.frombuffer(self.text, dtype=np.uint8)

    @cached_property
    def letters(self) -> Letters:
        """The letters of the whole text."""
        return letters_of(encoded(self.text, self.encoding))

    def shown_letters(self, indices: np.ndarray, invisible: str = "") -> list[str]:
        """Return what shows some of its characters, integer (characters,), ascending; see `rnnscope.corpus.letters`.

        A letter that the piece cuts is shown as one that is not visible where letters stand alone.
        """
        characters = self.characters[indices]
        if letters_stand_alone(characters, self.encoding):
            return shown_letters(characters, self.encoding, invisible)
        return self.letters.shown(indices, invisible)

    @property
    def stream_starts(self) -> np.ndarray:
        """Index at which the stream of each test character begins, int64 (test characters,)."""
        # The target of a stream's last character already belongs to the next stream; the character before it does not.
        return (self.positions - 1) // self.row * self.row


def join_parts(parts: list[np.ndarray], vocabulary: np.ndarray, encoding: str = DEFAULT_ENCODING) -> SplitText:
    """Join the parts of a split.

    Parameters
    ----------
    parts : list of ndarray of uint8 or uint16, shape (streams, characters of the part + 1)
        Ids of the train, validation and test part; column t + 1 holds the targets of column t.
    vocabulary : ndarray of uint8 or uint32, shape (K,)
        The byte or the code point of each id.
    encoding
        Encoding of the text, where a character is a byte.
    """
    ids = np.concatenate([part[:, :-1] for part in parts], axis=1)
    streams, row = ids.shape
    text = as_text(vocabulary[np.append(ids.ravel(), parts[-1][-1, -1])])
    test = parts[-1].shape[1] - 1
    targets = row - test + 1 + np.arange(test)
    positions = (np.arange(streams)[:, np.newaxis] * row + targets).ravel()
    return SplitText(text, positions, row, parts[0].shape[1] - 1, encoding)


def as_text(characters: np.ndarray) -> bytes | str:
    """Return characters as a text: bytes (uint8) as bytes, code points (uint32) as a str."""
    if characters.dtype == np.uint8:
        return characters.tobytes()
    return as_string(characters)
