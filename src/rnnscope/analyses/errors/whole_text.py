"""The text of a split put together again, so that every test character has before it what truly precedes it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnscope.corpus.split import PARTS, read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.parquet import read_parquet


@dataclass(frozen=True)
class WholeText:
    """A text laid out as streams of equal length, each of which begins with its train part.

    text: the streams one after another, as bytes, and after them the target of the last character. positions: int64
    (test characters,), where in `text` each row of a table of predictions has its target. row: characters of a stream.
    train: characters of a stream's train part.
    """

    text: bytes
    positions: np.ndarray
    row: int
    train: int

    @property
    def characters(self) -> np.ndarray:
        """The text as bytes that can be indexed: uint8 (length of the text,)."""
        return np.frombuffer(self.text, dtype=np.uint8)

    @property
    def stream_starts(self) -> np.ndarray:
        """Where the stream of each test character begins, int64 (test characters,)."""
        # The target of a stream's last character already belongs to the next stream: ask where the character before it is.
        starts: np.ndarray = (self.positions - 1) // self.row * self.row
        return starts


def whole_text(parts: list[np.ndarray], vocabulary: np.ndarray) -> WholeText:
    """Put the train, validation and test part together: each uint8 ids (streams, steps + 1); `vocabulary` uint8 (K,)."""
    ids = np.concatenate([part[:, :-1] for part in parts], axis=1)
    streams, row = ids.shape
    text = vocabulary[np.append(ids.ravel(), parts[-1][-1, -1])].tobytes()
    targets = row - (parts[-1].shape[1] - 1) + 1 + np.arange(parts[-1].shape[1] - 1)
    positions = (np.arange(streams)[:, np.newaxis] * row + targets).ravel()
    return WholeText(text, positions, row, parts[0].shape[1] - 1)


def read_whole_text(split: Path) -> WholeText:
    """Put the text of a split together. Raises InputError when a part is damaged, or is of another text than the one before."""
    vocabulary = read_vocabulary(split)
    parts = [read_characters(split, part, len(vocabulary)) for part in PARTS]
    for name, before, after in zip(PARTS[1:], parts[:-1], parts[1:], strict=True):
        if len(before) != len(after) or not np.array_equal(before[:, -1], after[:, 0]):
            raise InputError(
                f"{split / name}.npy: does not go on where the part before it ends; delete both to have them rebuilt"
            )
    return whole_text(parts, vocabulary)


def read_aligned(predictions: Path, split: Path) -> np.ndarray:
    """Read a model's log-probabilities of the test characters, float32 (test characters,), nats.

    Raises InputError when the table does not have a row for every target of the split's test part, in their order.
    """
    table = read_parquet(predictions, ["target", "log_prob"])
    targets = read_characters(split, "test", len(read_vocabulary(split)))[:, 1:].ravel()
    if not np.array_equal(table["target"].to_numpy(), targets):
        raise InputError(
            f"{predictions}: its targets are not the {targets.size} of {split / 'test.npy'}; one of the two is stale"
        )
    log_prob: np.ndarray = table["log_prob"].to_numpy()
    return log_prob
