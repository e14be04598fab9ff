"""Lay a text out as parallel streams and cut it in train, validation and test parts (paper section 1).

The text is cut to a multiple of streams x steps characters and laid out as `streams` rows of equal length.
Every row is cut in segments of `steps` characters: the first go to train, the next to validation, the rest
to test. The target of a character is the next one of the whole cut text; of the last one, the first.
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest, corrupt_file_error, read_json, whole_file, write_json

PARTS = ("train", "validation", "test")
BLOCK = 2**20

DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """Where each part lies in a text.

    `streams` rows of `row` characters, segments of `steps` characters; `segments` counts those of each part in
    one row, in the order of `PARTS`.
    """

    streams: int
    steps: int
    segments: tuple[int, int, int]

    @property
    def row(self) -> int:
        """Characters of one stream."""
        return self.steps * sum(self.segments)

    @property
    def cut(self) -> int:
        """Characters of the cut text."""
        return self.streams * self.row

    def columns(self, part: str) -> slice:
        """The characters of a row that belong to `part`."""
        index = PARTS.index(part)
        start = self.steps * sum(self.segments[:index])
        return slice(start, start + self.steps * self.segments[index])


def parse_fractions(text: str) -> tuple[Fraction, Fraction, Fraction]:
    """Parse `0.8,0.1,0.1`: the exact shares of train, validation and test.

    Raises InputError unless they are three positive decimals whose sum is exactly 1. They are kept exact because
    0.29 of 100 segments is 29, whereas the product of the two floats rounds down to 28.
    """
    words = text.split(",")
    if len(words) != len(PARTS) or not all(DECIMAL.fullmatch(word.strip()) for word in words):
        raise InputError(f"fractions: found {text!r}, expected three positive decimals such as 0.8,0.1,0.1")
    train, validation, test = (Fraction(word.strip()) for word in words)
    if min(train, validation, test) <= 0 or train + validation + test != 1:
        raise InputError(f"fractions: found {text!r}, expected three positive decimals whose sum is exactly 1")
    return train, validation, test


def plan(characters: int, streams: int, steps: int, fractions: tuple[Fraction, Fraction, Fraction]) -> Layout:
    """Lay out a text of `characters` characters (paper section 1).

    Raises InputError when the text is too short to give each part at least one segment a stream.
    """
    segments = characters // (streams * steps)
    train, validation = floor(segments * fractions[0]), floor(segments * fractions[1])
    if train < 1 or validation < 1:
        # What is left for test is never empty once the other two are rounded down.
        needed = streams * steps * max(ceil(1 / fractions[0]), ceil(1 / fractions[1]))
        raise InputError(
            f"the text has {characters:,} characters, expected at least {needed:,} "
            f"for one segment of {steps} characters in each part of {streams} streams"
        )
    return Layout(streams, steps, (train, validation, segments - train - validation))


def distinct_bytes(text: np.ndarray) -> np.ndarray:
    """The sorted distinct values of a uint8 text (characters,), as uint8 (K,)."""
    counts = np.zeros(256, dtype=np.int64)
    for start in range(0, len(text), BLOCK):
        counts += np.bincount(text[start : start + BLOCK], minlength=256)
    return np.flatnonzero(counts).astype(np.uint8)


def cut_parts(text: np.ndarray, layout: Layout, vocabulary: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the ids of each part: uint8 (streams, steps of the part + 1).

    Column t + 1 holds the targets of column t; an id is an index in `vocabulary` (uint8 (K,)). One part is in
    memory at a time, at one byte a character.
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


def open_text(path: Path) -> np.ndarray:
    """Map a text as uint8 (characters,). Raises InputError when it is missing or empty."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a text")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the text is empty")
    check_digest(path)
    return np.memmap(path, dtype=np.uint8, mode="r")


def read_part(directory: Path, part: str) -> np.ndarray:
    """Map one part of a split: uint8 ids (streams, steps + 1), column t + 1 holding the targets of column t.

    Raises InputError naming the file when it is missing, truncated or not such an array.
    """
    path = directory / f"{part}.npy"
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected the {part} part of a split")
    check_digest(path)
    try:
        ids = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError) as error:
        reason = " ".join(str(error).split())[:120]
        raise corrupt_file_error(path, f"not readable as an array ({reason})") from None
    if ids.dtype != np.uint8 or ids.ndim != 2 or ids.shape[1] < 2:
        raise corrupt_file_error(path, f"found {ids.dtype} {ids.shape}, expected uint8 (streams, steps + 1)")
    surplus = path.stat().st_size - ids.offset - ids.nbytes
    if surplus:
        raise corrupt_file_error(path, f"found {surplus} bytes after the array, expected none")
    return ids


def read_characters(directory: Path, part: str, K: int) -> np.ndarray:
    """Read one part of a split, uint8 (streams, steps + 1). Raises InputError when an id is beyond the vocabulary."""
    ids = read_part(directory, part)
    if ids.max() >= K:
        raise InputError(f"{directory / part}.npy: found the id {ids.max()}, expected ids below {K}, the size of the vocabulary")
    return ids


def read_vocabulary(directory: Path) -> np.ndarray:
    """Read the vocabulary of a split: the sorted distinct bytes, uint8 (K,); the id of a byte is its index.

    Raises InputError naming the file when it is missing or holds anything else.
    """
    path = directory / "vocabulary.json"
    content = read_json(path)
    values = content.get("bytes") if isinstance(content, dict) else None
    if not isinstance(values, list) or not values or not all(type(value) is int and 0 <= value <= 255 for value in values):
        raise corrupt_file_error(path, 'expected {"bytes": [...]} with numbers from 0 to 255')
    if sorted(set(values)) != values:
        raise corrupt_file_error(path, "bytes: expected increasing numbers")
    return np.array(values, dtype=np.uint8)


def read_steps(directory: Path) -> int:
    """Read how many characters a segment of a split has: the steps of truncated back-propagation.

    Raises InputError naming the file when it is missing or does not say.
    """
    path = directory / "split.json"
    content = read_json(path)
    steps = content.get("steps") if isinstance(content, dict) else None
    if type(steps) is not int or steps < 1:
        raise corrupt_file_error(path, f"steps: found {steps!r}, expected a positive number")
    return steps


def main() -> None:
    """Split one text."""
    parser = argparse.ArgumentParser(description="Cut a text in train, validation and test parts, laid out as streams.")
    parser.add_argument("--text", type=Path, required=True, help="the text, one byte a character")
    parser.add_argument("--streams", type=int, required=True, help="parallel streams: the rows of a minibatch")
    parser.add_argument("--steps", type=int, required=True, help="characters of a segment: the steps of back-propagation")
    parser.add_argument("--fractions", required=True, help="shares of train, validation and test, such as 0.8,0.1,0.1")
    parser.add_argument("--out", type=Path, required=True, help="folder of the split")
    arguments = parser.parse_args()

    if arguments.streams < 1 or arguments.steps < 1:
        raise InputError(f"streams and steps: found {arguments.streams} and {arguments.steps}, expected positive numbers")
    fractions = parse_fractions(arguments.fractions)
    text = open_text(arguments.text)
    try:
        layout = plan(len(text), arguments.streams, arguments.steps, fractions)
    except InputError as error:
        raise InputError(f"{arguments.text}: {error}") from None
    vocabulary = distinct_bytes(text)
    for part, ids in cut_parts(text, layout, vocabulary):
        with whole_file(arguments.out / f"{part}.npy") as partial, partial.open("wb") as file:
            np.save(file, ids)
    write_json(arguments.out / "vocabulary.json", {"bytes": vocabulary.tolist()})
    segments = dict(zip(PARTS, layout.segments, strict=True))
    summary = {
        "streams": layout.streams,
        "steps": layout.steps,
        "fractions": [word.strip() for word in arguments.fractions.split(",")],
        "segments": segments,
        "characters": {part: layout.streams * layout.steps * count for part, count in segments.items()},
        "K": len(vocabulary),
    }
    write_json(arguments.out / "split.json", summary)


if __name__ == "__main__":
    run(main)
