"""What kind of character each target is: inside a word, the first of a word, white space, ..."""

import unicodedata

import numpy as np

from rnnscope.analyses.units.text_features import inside_number, inside_quotes, inside_word
from rnnscope.corpus.character_classes import where
from rnnscope.corpus.letters import Text, letters_of
from rnnscope.corpus.text import code_points

# In the order of precedence: a character is of the first class that it belongs to.
CLASSES = ("line end", "white space", "digit", "closing quote or bracket", "first of a word", "inside a word", "other")
ALL = "all"


def classes_of(text: Text) -> np.ndarray:
    """Return the class of every character of a text, an index in `CLASSES`: int8 (characters,).

    A bracket is a closing one by its category of Unicode; a quote closes when no double quote is open after it and one was
    before, as the feature `inside_quotes` has it. A line end is a carriage return or a line feed.
    """
    letters = letters_of(text)
    points = code_points(letters.string)
    line_end = letters.spread((points == ord("\n")) | (points == ord("\r")))
    blank = letters.spread(where(points, str.isspace))
    bracket = letters.spread(where(points, lambda letter: unicodedata.category(letter) == "Pe"))
    word, quoted = inside_word(text), inside_quotes(text)
    closes = _before(quoted) & ~quoted & ~line_end
    conditions = (line_end, blank, inside_number(text), bracket | closes, word & ~_before(word), word)
    return np.select(conditions, np.arange(len(conditions)), len(conditions)).astype(np.int8)


def _before(values: np.ndarray) -> np.ndarray:
    """The value of the character before each one; False before the first."""
    return np.concatenate([values[:0], [False], values[:-1]])[: len(values)]
