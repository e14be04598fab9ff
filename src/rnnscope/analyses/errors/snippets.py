"""Snippets: pieces of the text that show a class of errors (paper section 4, F7).

Errors of every class are drawn without replacement, each with equal probability, and each is shown with the text around it.
A snippet of the memory class also shows where its word last occurred.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.breakdown import NO_ERROR, Breakdown
from rnnscope.analyses.errors.cascade import Cascade, read_cascade
from rnnscope.analyses.errors.oracles import Memory
from rnnscope.analyses.losses.best_models import NETWORK, read_best
from rnnscope.cli import run
from rnnscope.corpus.letters import INVISIBLE, LETTER
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.predictions import ErrorSnippets, Oracles
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

BEFORE, AFTER = 70, 44  # characters around an error
BEFORE_REPEATED, AFTER_REPEATED = 40, 15  # the same where the earlier occurrence takes room too
AROUND_OCCURRENCE = 10  # characters on both sides of the earlier occurrence
LONGEST_OCCURRENCE = 30  # characters of it that are shown

ERROR_SNIPPETS = Table(
    "analyses/error_snippets.csv",
    "Pieces of text that show the classes of errors: one row a character of a snippet. From each class, errors are drawn at "
    "random without replacement and shown with the text around them; a snippet of the class `memory` also shows where the "
    "word last occurred before.",
    (
        Column("model", "text", "name of the model"),
        Column("class", "text", "of the error that was drawn"),
        Column("snippet", "integer", "number within the class, from 1"),
        Column("level", "text", "of the error that was drawn"),
        Column(
            "position",
            "integer",
            "characters after the error that was drawn, which is 0; ascending, with a jump before the next piece",
        ),
        Column("character", "integer", "the byte, 0 to 255, or the code point"),
        Column("letter", "text", LETTER),
        Column("removed_by", "text", "class of the error at this character; `none` where there is no error, or no prediction"),
        Column("repeated", "yes/no", "whether it is part of the word that repeats, or of its last occurrence; `memory` alone"),
    ),
)


def draw_errors(breakdown: Breakdown, snippets: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each class and up to `snippets` of its errors, drawn at random: rows of the predictions, ascending."""
    class_of = breakdown.class_of
    random = np.random.default_rng(seed)
    for index, name in enumerate(breakdown.classes):
        errors = np.flatnonzero(class_of == index)
        yield name, np.sort(random.choice(errors, min(snippets, len(errors)), replace=False))


def context(position: int, length: int) -> np.ndarray:
    """Return the indices of a snippet's characters in a text of `length` characters: int64, ascending."""
    return np.arange(max(0, position - BEFORE), min(length, position + AFTER + 1))


def context_of_repeat(memory: Memory, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the snippet of an error in a word that occurred before.

    Parameters
    ----------
    memory
        What the memory oracle knows.
    row
        Row of the predictions.

    Returns
    -------
    indices : ndarray of int64, shape (characters,)
        Indices of its characters in the text of `memory`, ascending.
    repeated : ndarray of bool, shape (characters,)
        Which of them belong to the two occurrences.
    """
    text, words = memory.text, memory.words
    position, word = int(text.positions[row]), words.of_character[row]
    start, stop = int(words.starts[word]), int(words.stops[word])
    began = position - int(memory.distances[row])
    shown = min(stop - start, LONGEST_OCCURRENCE)
    end = len(text.text)
    earlier = np.arange(max(0, began - AROUND_OCCURRENCE), min(end, began + shown + AROUND_OCCURRENCE))
    near = np.arange(max(0, position - BEFORE_REPEATED), min(end, position + AFTER_REPEATED + 1))
    indices = np.union1d(earlier, near)
    repeated = ((indices >= began) & (indices < began + stop - start)) | ((indices >= start) & (indices < stop))
    return indices, repeated


def snippet_table(cascade: Cascade, breakdown: Breakdown, snippets: int, seed: int) -> pd.DataFrame:
    """Return a row for each character of each snippet, the columns of `ERROR_SNIPPETS` but for `model`.

    Parameters
    ----------
    cascade
        The oracles and their text.
    breakdown
        The errors of the model.
    snippets
        Snippets of each class at most.
    seed
        Seed of their choice.
    """
    names = np.array([*breakdown.classes, "none"])  # the last one has also the index -1, NO_ERROR
    tables = []
    for name, rows in draw_errors(breakdown, snippets, seed):
        text = cascade.memory.text if name == "memory" else cascade.text
        classes = np.full(len(text.text), NO_ERROR, dtype=np.int16)
        classes[text.positions] = breakdown.class_of
        for number, row in enumerate(rows, start=1):
            position = int(text.positions[row])
            indices = context(position, len(text.text))
            repeated = np.zeros(len(indices), dtype=bool)
            if name == "memory":
                indices, repeated = context_of_repeat(cascade.memory, row)
            # Characters that are joined for the memory are apart in the text, and so may be the bytes of a letter.
            places = indices if text is cascade.text else cascade.text.positions[indices]
            snippet = {
                "class": name,
                "snippet": number,
                "level": breakdown.levels[breakdown.removed_by[row]][1],
                "position": indices - position,
                "character": text.characters[indices],
                "letter": cascade.text.shown_letters(places, INVISIBLE),
                "removed_by": names[classes[indices]],
                "repeated": repeated,
            }
            tables.append(pd.DataFrame(snippet))
    return pd.concat(tables) if tables else pd.DataFrame(columns=[name for name in ERROR_SNIPPETS.names if name != "model"])


def main(split: Path, predictions_folder: Path, best: Path, oracles: Oracles, snippets: ErrorSnippets, out: Path) -> None:
    """Write snippets of the text that show the classes of errors of the best network.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of the best network and ngram-<n>.parquet.
    best
        Table best_models.csv.
    oracles
        The classes of errors.
    snippets
        Which snippets of each class are written.
    out
        CSV file to write: a row a character of a snippet.
    """
    model = read_best(best, NETWORK)
    opened = read_split(split)
    cascade = read_cascade(opened, predictions_folder, oracles)
    breakdown = cascade.breakdown(opened.read_log_prob(predictions_path(predictions_folder, model)).ravel())
    ERROR_SNIPPETS.write(snippet_table(cascade, breakdown, snippets.snippets, snippets.seed).assign(model=model), out)


if __name__ == "__main__":
    run(main)
