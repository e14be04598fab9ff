"""Lay a text out as parallel streams and cut it in train, validation and test parts (paper section 1).

The text is cut to a multiple of streams x sequence_length characters and laid out as `streams` rows of equal length.
Every row is cut in segments of `sequence_length` characters: the first go to train, the next to validation, the rest
to test. The target of a character is the next one of the cut text; that of the last one is the first.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isqrt
from pathlib import Path

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.letters import LONGEST_MARK, in_byte_order, is_marked
from rnnscope.corpus.split_reader import PARTS
from rnnscope.corpus.text import ByteText, UnicodeText, as_bytes, check_characters, id_dtype, open_text
from rnnscope.errors import InputError, quoted
from rnnscope.settings.corpus import DEFAULT_ENCODING, SplitSettings
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import whole_file, write_json

for part in PARTS:
    declare(
        f"split/{part}.npy",
        f"The {part} part: one array of ids, shape (streams, steps + 1), uint8 where there are at most 256 characters, else "
        "uint16. Column t + 1 holds the targets of column t.",
        (),
    )
declare(
    "split/vocabulary.json",
    "The characters of the text.",
    (
        Column("bytes", "list of integers", "distinct bytes of the whole text, ascending; the id of a byte is its index"),
        Column(
            "code_points",
            "list of integers",
            "in place of `bytes` where a character is a code point of Unicode: the distinct code points, ascending. "
            "Characters that are pooled have the id of U+FFFD (65533)",
        ),
        Column(
            "encoding",
            "text",
            "encoding of the text, where one was declared; of bytes, the one that a mark of the byte order says",
        ),
    ),
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
        Column("K", "integer", "number of distinct characters, that of the pooled ones included"),
        Column("pooled.distinct", "integer", "rare characters that have one id together; absent where none have"),
        Column("pooled.characters", "integer", "how often they occur; losses count them as that one character"),
    ),
)

Text = ByteText | UnicodeText

DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)

log = logging.getLogger(__name__)


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
        raise InputError(f"fractions: found {quoted(text)}, expected three positive decimals such as 0.8,0.1,0.1")
    train, validation, test = (Fraction(word.strip()) for word in words)
    if min(train, validation, test) <= 0 or train + validation + test != 1:
        raise InputError(f"fractions: found {quoted(text)}, expected three positive decimals whose sum is exactly 1")
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
            f"for one segment of {sequence_length} characters in each part of {streams} streams; "
            f"{fitting_layout(characters, streams, sequence_length, needed // (streams * sequence_length))}"
        )
    return Layout(streams, sequence_length, (train, validation, segments - train - validation))


def fitting_layout(characters: int, streams: int, sequence_length: int, segments: int) -> str:
    """Return which split settings would fit a text that is too short, for a message.

    Parameters
    ----------
    characters
        Length of the text.
    streams, sequence_length
        The settings that do not fit.
    segments
        Segments that a stream needs.
    """
    fewer, shorter = characters // (segments * sequence_length), characters // (segments * streams)
    fitting = [f"split.streams: {fewer}"] * (fewer > 0) + [f"split.sequence_length: {shorter}"] * (shorter > 0)
    if fitting:
        return f"{' or '.join(fitting)} would fit"
    both = isqrt(characters // segments)
    if both:
        return f"split.streams: {both} and split.sequence_length: {both} would fit"
    return f"no split.streams and split.sequence_length fit fewer than {segments} characters"


def cut_parts(text: Text, layout: Layout) -> Iterator[tuple[str, np.ndarray]]:
    """Cut a text in its parts, one in memory at a time.

    Parameters
    ----------
    text
        The text, as ids.
    layout
        Its layout.

    Yields
    ------
    part : str
        One of `PARTS`.
    ids : ndarray of uint8 or uint16, shape (streams, characters of the part + 1)
        Column t + 1 holds the targets of column t.
    """
    for part in PARTS:
        columns = layout.columns(part)
        rows = np.empty((layout.streams, columns.stop - columns.start + 1), dtype=id_dtype(len(text.vocabulary)))
        for stream in range(layout.streams):
            start, stop = stream * layout.row + columns.start, stream * layout.row + columns.stop
            rows[stream, :-1] = text.ids(start, stop)
            following = stop % layout.cut
            rows[stream, -1] = text.ids(following, following + 1)[0]
        yield part, rows


def main(
    text: Path,
    layout: SplitSettings,
    fractions: str,
    out: Path,
    characters: str = "bytes",
    encoding: str | None = None,
    minimum_count: int = 1,
) -> None:
    """Cut a text in train, validation and test parts, laid out as streams.

    Parameters
    ----------
    text
        The text.
    layout
        How it is laid out.
    fractions
        Shares of train, validation and test, such as 0.8,0.1,0.1.
    out
        Folder of the split.
    characters
        What a character is: bytes, or unicode for a code point of Unicode.
    encoding
        Encoding of the text; utf-8 where none is given and a character is a code point.
    minimum_count
        With unicode: characters that occur less often in the text have one id together.
    """
    shares = parse_fractions(fractions)
    check_characters(characters, encoding)
    if characters == "bytes" and minimum_count > 1:
        raise InputError(f"minimum_count: found {minimum_count} with characters: bytes, expected characters: unicode")
    opened: Text = (
        UnicodeText(text, encoding or DEFAULT_ENCODING, minimum_count) if characters == "unicode" else ByteText(open_text(text))
    )
    try:
        planned = plan(len(opened), layout.streams, layout.sequence_length, shares)
    except InputError as error:
        raise InputError(f"{text}: {error}") from None
    if len(opened.vocabulary) < 2:
        character = as_bytes(opened.vocabulary)
        raise InputError(f"{text}: found only the character {character!r}, expected two different ones: nothing to predict")
    for part, ids in cut_parts(opened, planned):
        with whole_file(out / f"{part}.npy") as partial, partial.open("wb") as file:
            np.save(file, ids)
    kind = "code_points" if characters == "unicode" else "bytes"
    if encoding and isinstance(opened, ByteText) and is_marked(encoding):
        # A piece of the text, and what a model writes, has no mark of the byte order of its own.
        encoding = in_byte_order(opened.vocabulary[opened.ids(0, LONGEST_MARK)].tobytes(), encoding)
    declared = {"encoding": encoding} if encoding else {}
    write_json(out / "vocabulary.json", {kind: opened.vocabulary.tolist()} | declared)
    segments = dict(zip(PARTS, planned.segments, strict=True))
    summary = {
        "streams": planned.streams,
        "sequence_length": planned.sequence_length,
        "fractions": [word.strip() for word in fractions.split(",")],
        "segments": segments,
        "characters": {part: planned.streams * planned.sequence_length * count for part, count in segments.items()},
        "K": len(opened.vocabulary),
    }
    if isinstance(opened, UnicodeText) and opened.pooled:
        summary["pooled"] = {"distinct": opened.pooled_distinct, "characters": opened.pooled}
        log.info("%d characters that occur less than %d times have one id", opened.pooled_distinct, minimum_count)
    write_json(out / "split.json", summary)


if __name__ == "__main__":
    run(main)
