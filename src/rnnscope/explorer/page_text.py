"""The text on the page: whole streams of the test part, from the first on, and the symbols of its vocabulary."""

from dataclasses import dataclass
from typing import Any

import numpy as np

LINE_FEED, CARRIAGE_RETURN = 10, 13


@dataclass(frozen=True)
class PageText:
    """A rectangle of the test part, read stream after stream.

    Parameters
    ----------
    ids : ndarray of unsigned integers, shape (streams, steps)
        What is read.
    following : ndarray of unsigned integers, shape (streams,)
        The id after the last one of each stream.
    symbols : ndarray of unsigned integers, shape (K,)
        The byte of each id (uint8), or its code point.
    test_shape : tuple of int
        Streams and steps of the whole test part.
    """

    ids: np.ndarray
    following: np.ndarray
    symbols: np.ndarray
    test_shape: tuple[int, int]

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
            "kind": "bytes" if self.symbols.dtype == np.uint8 else "code points",
            "symbols": self.symbols.tolist(),
            "newline": self._newline(),
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
    symbols : ndarray, shape (K,)
        The byte of each id (uint8), or its code point.
    characters : int
        The most that are shown: whole streams, or of one stream its beginning.
    """
    steps = min(test.shape[1] - 1, characters)
    streams = min(len(test), max(characters // steps, 1))
    ids = np.asarray(test[:streams, :steps])
    return PageText(ids, np.asarray(test[:streams, steps]), symbols, test[:, 1:].shape)
