"""Lay a text out as parallel streams and cut it in train, validation and test parts (paper section 1).

The text is cut to a multiple of streams x sequence_length characters and laid out as `streams` rows of equal length.
Every row is cut in segments of `sequence_length` characters: the first go to train, the next to validation, the rest
to test. The target of a character is the next one of the cut text; that of the last one is the first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.split_reader import PARTS
from rnnscope.corpus.text import distinct_bytes, open_text
from rnnscope.errors import InputError
from rnnscope.settings.corpus import SplitSettings
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import whole_file, write_json

for part in PARTS:
    declare(
        f"split/{part}.npy",
        f"The {part} part: one array, uint8 ids, shape (streams, steps + 1). Column t + 1 holds the targets of column t.",
        (),
    )
declare(
    "split/vocabulary.json",
    "The characters of the text.",
    (Column("bytes", "list of integers", "distinct bytes of the whole text, ascending; the id of a byte is its index"),),
)
declare(
    "split/split.json",
    "How the text is laid out.",
    (
        Column("streams", "integer", "parallel streams"),
        Column("sequence_length", "integer", "length of a segment, characters: the steps of truncated back-propagation"),
        Column("fractions", "list of texts", "shares of train, validation and test, as decimals"),
        *(Column(f"segments.{part}", "integer", f"segments of each stream in the {part} part") for part in PARTS),
        *(Column(f"characters.{part}", "integer", f"characters of all streams in the {part} part") for part in PARTS),
        Column("K", "integer", "number of distinct bytes"),
    ),
)

DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """Which characters of a text belong to which part.

    Parameters
    ----------
    streams
        Rows that the text is laid out as.
    sequence_length
        Characters of a segment.
    segments
        Segments of each part in one row, in the order of `PARTS`.
    """

    streams: int
    sequence_length: int
    segments: tuple[int, int, int]

    @property
    def row(self) -> int:
        """Characters of one stream."""
        return self.sequence_length * sum(self.segments)

    @property
    def cut(self) -> int:
        """Characters of the cut text."""
        return self.streams * self.row

    def columns(self, part: str) -> slice:
        """Return which characters of a row belong to `part`."""
        index = PARTS.index(part)
        start = self.sequence_length * sum(self.segments[:index])
        return slice(start, start + self.sequence_length * self.segments[index])


def parse_fractions(text: str) -> tuple[Fraction, Fraction, Fraction]:
    """Parse the shares of train, validation and test, such as `0.8,0.1,0.1`.

    They are kept exact: 0.29 of 100 segments is 29, whereas the product of the two floats rounds down to 28.

    Raises
    ------
    InputError
        If they are not three positive decimals whose sum is exactly 1.
    """
    words = text.split(",")
    if len(words) != len(PARTS) or not all(DECIMAL.fullmatch(word.strip()) for word in words):
        raise InputError(f"fractions: found {text!r}, expected three positive decimals such as 0.8,0.1,0.1")
    train, validation, test = (Fraction(word.strip()) for word in words)
    if min(train, validation, test) <= 0 or train + validation + test != 1:
        raise InputError(f"fractions: found {text!r}, expected three positive decimals whose sum is exactly 1")
    return train, validation, test


def plan(characters: int, streams: int, sequence_length: int, fractions: tuple[Fraction, Fraction, Fraction]) -> Layout:
    """Lay out a text of `characters` characters (paper section 1).

    Raises
    ------
    InputError
        If the text is too short for one segment of every stream in each part.
    """
    segments = characters // (streams * sequence_length)
    train, validation = floor(segments * fractions[0]), floor(segments * fractions[1])
    if train < 1 or validation < 1:
        # What is left for test is never empty once the other two are rounded down.
        needed = streams * sequence_length * max(ceil(1 / fractions[0]), ceil(1 / fractions[1]))
        raise InputError(
            f"the text has {characters:,} characters, expected at least {needed:,} "
            f"for one segment of {sequence_length} characters in each part of {streams} streams"
        )
    return Layout(streams, sequence_length, (train, validation, segments - train - validation))


def cut_parts(text: np.ndarray, layout: Layout, vocabulary: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Cut a text in its parts, one in memory at a time, at one byte a character.

    Parameters
    ----------
    text : ndarray of uint8, shape (characters,)
    layout
        Its layout.
    vocabulary : ndarray of uint8, shape (K,)
        Its distinct bytes; the id of a byte is its index.

    Yields
    ------
    part : str
        One of `PARTS`.
    ids : ndarray of uint8, shape (streams, characters of the part + 1)
        Column t + 1 holds the targets of column t.
    """
    ids = np.zeros(256, dtype=np.uint8)
    ids[vocabulary] = np.arange(len(vocabulary), dtype=np.uint8)
    table = ids.tobytes()
    for part in PARTS:
        columns = layout.columns(part)
        rows = np.empty((layout.streams, columns.stop - columns.start + 1), dtype=np.uint8)
        for stream in range(layout.streams):
            start, stop = stream * layout.row + columns.start, stream * layout.row + columns.stop
            # bytes.translate, because indexing by a uint8 array would first widen the text to 64-bit integers.
            rows[stream, :-1] = np.frombuffer(text[start:stop].tobytes().translate(table), dtype=np.uint8)
            rows[stream, -1] = ids[text[stop % layout.cut]]
        yield part, rows


def main(text: Path, layout: SplitSettings, fractions: str, out: Path) -> None:
    """Cut a text in train, validation and test parts, laid out as streams.

    Parameters
    ----------
    text
        The text, one byte a character.
    layout
        How it is laid out.
    fractions
        Shares of train, validation and test, such as 0.8,0.1,0.1.
    out
        Folder of the split.
    """
    shares = parse_fractions(fractions)
    characters = open_text(text)
    try:
        planned = plan(len(characters), layout.streams, layout.sequence_length, shares)
    except InputError as error:
        raise InputError(f"{text}: {error}") from None
    vocabulary = distinct_bytes(characters)
    if len(vocabulary) < 2:
        raise InputError(f"{text}: found only the byte {bytes(vocabulary)!r}, expected two different ones: nothing to predict")
    for part, ids in cut_parts(characters, planned, vocabulary):
        with whole_file(out / f"{part}.npy") as partial, partial.open("wb") as file:
            np.save(file, ids)
    write_json(out / "vocabulary.json", {"bytes": vocabulary.tolist()})
    segments = dict(zip(PARTS, planned.segments, strict=True))
    summary = {
        "streams": planned.streams,
        "sequence_length": planned.sequence_length,
        "fractions": [word.strip() for word in fractions.split(",")],
        "segments": segments,
        "characters": {part: planned.streams * planned.sequence_length * count for part, count in segments.items()},
        "K": len(vocabulary),
    }
    write_json(out / "split.json", summary)


if __name__ == "__main__":
    run(main)
