"""The text of a corpus, as bytes or code points."""

from functools import cached_property

import numpy as np

from rnnscope.corpus.letters import letters_stand_alone
from rnnscope.corpus.split_reader import PARTS, Split
from rnnscope.corpus.text import as_string
from rnnscope.errors import InputError
from rnnscope.interface.arguments import whole_number


class Text:
    """The parts of a text, laid out as parallel streams. Each part is read when it is first used.

    Parameters
    ----------
    split
        The split of the text.

    Examples
    --------
    >>> import rnnscope
    >>> text = rnnscope.open("results/tale").text
    >>> text.test.shape, text.test.dtype
    ((4, 430), dtype('uint8'))
    >>> text.snippet(2, 20)
    '"Well," said the old'
    """

    def __init__(self, split: Split) -> None:
        self._split = split

    def part(self, name: str) -> np.ndarray:
        """Return the characters of one part.

        Parameters
        ----------
        name
            "train", "validation" or "test".

        Returns
        -------
        ndarray, shape (streams, steps)
            Bytes, uint8, or code points, uint32; not ids. Of the test part, `ravel()` has the rows of predictions, activations
            and features.

        Raises
        ------
        InputError
            If there is no such part, or its file is missing or corrupt.
        """
        if name not in PARTS:
            raise InputError(f"text: no part {name!r}; found {', '.join(PARTS)}")
        return self._split.vocabulary[self._split.part(name)[:, :-1]]

    @cached_property
    def train(self) -> np.ndarray:
        """The train part: bytes, uint8, or code points, uint32 (streams, steps)."""
        return self.part("train")

    @cached_property
    def validation(self) -> np.ndarray:
        """The validation part: bytes, uint8, or code points, uint32 (streams, steps)."""
        return self.part("validation")

    @cached_property
    def test(self) -> np.ndarray:
        """The test part: bytes, uint8, or code points, uint32 (streams, steps)."""
        return self.part("test")

    @property
    def vocabulary(self) -> np.ndarray:
        """The distinct bytes, uint8, or code points, uint32 (K,), ascending: the id of a character is its index."""
        return self._split.vocabulary

    def snippet(self, row: int, length: int) -> str:
        """Return the characters that some rows of predictions, activations or features were read at.

        Parameters
        ----------
        row
            The first row, from 0.
        length
            Number of rows; fewer are returned where the test part ends before.

        Returns
        -------
        str
            Bytes as letters of the text's encoding; one that writes none is shown as the replacement character. Of a letter
            that the first or the last row cuts, utf-8 shows that character too; other encodings show the letter at its first
            byte.

        Raises
        ------
        InputError
            If there is no such row, or the length is no whole number of at least 0.
        """
        row = whole_number("text: row", row, 0, self.test.size - 1)
        length = whole_number("text: length", length, 0)
        rows = slice(row, row + length)
        if letters_stand_alone(self._split.vocabulary, self._split.encoding):
            return as_string(self.test.ravel()[rows], self._split.encoding)
        whole = self._split.text
        return "".join(whole.letters.beginning_at(whole.positions[rows] - 1))
