"""Snippets: pieces of the text that show a class of errors at work (paper section 4, F7).

Of every class, so many errors are drawn without replacement, each of the class as likely as any other, and each is shown
with the text around it. For the memory class, the place where its word last occurred is shown too.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.cascade import NO_ERROR, Breakdown, Cascade

BEFORE, AFTER = 70, 44  # characters around an error
BEFORE_REPEATED, AFTER_REPEATED = 40, 15  # the same where the earlier occurrence takes room too
AROUND_OCCURRENCE = 10  # characters on both sides of the earlier occurrence
LONGEST_OCCURRENCE = 30  # characters of it that are shown


def draw_errors(breakdown: Breakdown, snippets: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each class and up to `snippets` of its errors, drawn at random: rows of the predictions, ascending."""
    class_of = breakdown.class_of
    random = np.random.default_rng(seed)
    for number, name in enumerate(breakdown.classes):
        errors = np.flatnonzero(class_of == number)
        yield name, np.sort(random.choice(errors, min(snippets, len(errors)), replace=False))


def context(position: int, length: int) -> np.ndarray:
    """Where in a text of `length` the characters of a snippet stand: int64, ascending."""
    return np.arange(max(0, position - BEFORE), min(length, position + AFTER + 1))


def context_of_repeat(cascade: Cascade, row: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for an error in a word that occurred before, and which of them belong to the two occurrences: int64, bool.

    row: of the predictions.
    """
    whole, words = cascade.whole, cascade.words
    position, word = int(whole.positions[row]), words.of_character[row]
    start, stop = int(words.starts[word]), int(words.stops[word])
    began = position - int(cascade.distances[row])
    shown = min(stop - start, LONGEST_OCCURRENCE)
    earlier = np.arange(max(0, began - AROUND_OCCURRENCE), began + shown + AROUND_OCCURRENCE)
    near = np.arange(max(0, position - BEFORE_REPEATED), min(len(whole.text), position + AFTER_REPEATED + 1))
    places = np.union1d(earlier, near)
    repeated = ((places >= began) & (places < began + stop - start)) | ((places >= start) & (places < stop))
    return places, repeated


def snippet_table(cascade: Cascade, breakdown: Breakdown, snippets: int, seed: int) -> pd.DataFrame:
    """A row a character of each snippet: class, snippet, level, position, character, removed_by, repeated."""
    whole = cascade.whole
    classes = np.full(len(whole.text), NO_ERROR, dtype=np.int16)
    classes[whole.positions] = breakdown.class_of
    names = np.array([*breakdown.classes, "none"])  # the last one is also that of NO_ERROR, -1
    tables = []
    for name, rows in draw_errors(breakdown, snippets, seed):
        for number, row in enumerate(rows, start=1):
            position = int(whole.positions[row])
            places = context(position, len(whole.text))
            repeated = np.zeros(len(places), dtype=bool)
            if name == "memory":
                places, repeated = context_of_repeat(cascade, row)
            snippet = {
                "class": name,
                "snippet": number,
                "level": breakdown.levels[breakdown.removed_by[row]][1],
                "position": places - position,
                "character": whole.characters[places],
                "removed_by": names[classes[places]],
                "repeated": repeated,
            }
            tables.append(pd.DataFrame(snippet))
    return pd.concat(tables)
