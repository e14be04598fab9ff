"""The text on the page: whole streams of the test part, from the first on, and the symbols of its vocabulary."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnscope.corpus.letters import encoded, in_byte_order, letters_of
from rnnscope.corpus.split_text import SplitText
from rnnscope.corpus.text import kind_of_characters

LINE_FEED, CARRIAGE_RETURN = 10, 13
NO_LETTER = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class PageText:
    """A rectangle of the test part, read stream after stream.

    Parameters
    ----------
    ids : ndarray of unsigned integers, shape (streams, steps)
        What is read.
    following : ndarray of unsigned integers, shape (streams,)
        The id after the last one of each stream.
    symbols : ndarray of uint8 or uint32, shape (K,)
        The byte or the code point of each id.
    test_shape : tuple of int
        Streams and steps of the whole test part.
    spelling : dict of str to list of int, optional
        The bytes of every letter of the text, where they are not those of utf-8.
    begins : tuple of int
        With `spelling`: of each stream how many of its first bytes belong to a letter that begins before it.
    newline : tuple of int, optional
        With `spelling`: the code points that end most lines.
    """

    ids: np.ndarray
    following: np.ndarray
    symbols: np.ndarray
    test_shape: tuple[int, int]
    spelling: dict[str, list[int]] | None = None
    begins: tuple[int, ...] = ()
    newline: tuple[int, ...] | None = None

    @property
    def targets(self) -> np.ndarray:
        """The id after each one, of the shape of `ids`."""
        return np.hstack([self.ids[:, 1:], self.following[:, np.newaxis]])

    def describe(self) -> dict[str, Any]:
        """Return what the page's script knows of the text besides its ids."""
        streams, steps = self.ids.shape
        return {
            "streams": streams,
            "steps": steps,
            "following": self.following.tolist(),
            "kind": kind_of_characters(self.symbols),
            "symbols": self.symbols.tolist(),
            "newline": self._newline() if self.newline is None else list(self.newline),
            "spelling": self.spelling,
            "begins": list(self.begins),
            "width": self.ids.dtype.itemsize,
            "testCharacters": self.test_shape[0] * self.test_shape[1],
        }

    def _newline(self) -> list[int]:
        """The symbols that end most lines: a line feed, or a carriage return and a line feed; none without line feeds."""
        text = self.symbols[self.ids]
        line_feeds = text[:, 1:] == LINE_FEED
        if not line_feeds.any():
            return [LINE_FEED] if LINE_FEED in self.symbols else []
        after_return = text[:, :-1][line_feeds] == CARRIAGE_RETURN
        return [CARRIAGE_RETURN, LINE_FEED] if after_return.mean() > 0.5 else [LINE_FEED]


def page_text(test: np.ndarray, symbols: np.ndarray, characters: int) -> PageText:
    """Choose the text of the page.

    Parameters
    ----------
    test : ndarray, shape (streams, steps + 1)
        Ids of the test part; column t + 1 holds the targets of column t.
    symbols : ndarray of uint8 or uint32, shape (K,)
        The byte or the code point of each id.
    characters : int
        The most that are shown: whole streams, or of one stream its beginning.
    """
    steps = min(test.shape[1] - 1, characters)
    streams = min(len(test), max(characters // steps, 1))
    ids = np.asarray(test[:streams, :steps])
    return PageText(ids, np.asarray(test[:streams, steps]), symbols, test[:, 1:].shape)


def spelled_as_in(text: PageText, whole: SplitText) -> PageText:
    """Add what the page needs to show bytes of an encoding other than utf-8, and to read what is typed.

    Parameters
    ----------
    text
        The text of the page.
    whole
        The text of the split, with its encoding.
    """
    ends = np.cumsum(whole.letters.lengths)
    firsts = whole.positions.reshape(text.test_shape)[: len(text.ids), 0] - 1
    letters = np.searchsorted(ends, firsts, side="right")
    begun = ends[letters] - whole.letters.lengths[letters] < firsts
    begins = np.where(begun, np.minimum(ends[letters] - firsts, text.ids.shape[1]), 0)
    string = whole.letters.string
    newline = (CARRIAGE_RETURN, LINE_FEED) if 2 * string.count("\r\n") > string.count("\n") else (LINE_FEED,)
    return replace(text, spelling=_spelling(whole), begins=tuple(begins.tolist()), newline=newline if "\n" in string else ())


def _spelling(whole: SplitText) -> dict[str, list[int]]:
    """The bytes of every letter of a text of bytes, most frequent letters first.

    Left out is what is a letter only after what comes before it, as in encodings that change their alphabet on the way.
    """
    text, letters = bytes(whole.text), whole.letters  # type: ignore[arg-type]
    encoding = in_byte_order(text, whole.encoding)
    ends = np.cumsum(letters.lengths)
    found = zip((ends - letters.lengths).tolist(), ends.tolist(), letters.string, strict=True)
    spelling: dict[str, list[int]] = {}
    for (letter, written), _ in Counter((letter, text[first:end]) for first, end, letter in found).most_common():
        if letter != NO_LETTER and letter not in spelling and letters_of(encoded(written, encoding)).string == letter:
            spelling[letter] = list(written)
    return spelling
