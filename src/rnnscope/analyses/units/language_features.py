"""What source code in any programming language is doing at each of its characters, as the lexers of Pygments see it.

The whole text is read as one file in the language. For C, `text_features` has an exact scanner of its own. A lexer of
Pygments knows the words of a language, not its grammar: where one file of a text ends inside a string, the next begins
inside of it.
"""

from functools import lru_cache

import numpy as np
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, _TokenType
from pygments.util import ClassNotFound

import rnnscope.analyses.units.text_features  # noqa: F401 (whose features come first in lists)
from rnnscope.analyses.units.feature_registry import feature
from rnnscope.analyses.units.text_arrays import piecewise
from rnnscope.corpus.letters import Letters, Text, letters_of
from rnnscope.errors import InputError

Tokens = list[tuple[int, _TokenType, str]]  # index of the first letter, kind, letters

OPENING, CLOSING = "([{", ")]}"
LISTS = ("language",)


def lexer_of(language: str) -> Lexer:
    """Return the lexer of a programming language; raises InputError where Pygments knows none of this name."""
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        raise InputError(
            f"features: language: found {language!r}, expected a language that Pygments knows, such as python, rust or haskell"
        ) from None


@lru_cache(maxsize=1)
def _read(text: Text, language: str) -> tuple[Letters, Tokens]:
    """The letters and the tokens of a text; kept for the next feature of the same text."""
    letters = letters_of(text)
    return letters, list(lexer_of(language).get_tokens_unprocessed(letters.string))


def _inside(text: Text, language: str, *kinds: _TokenType) -> np.ndarray:
    """Whether each character is part of a token of some kinds: bool (characters,)."""
    letters, tokens = _read(text, language)
    inside = np.zeros(len(letters.string), dtype=bool)
    for start, kind, value in tokens:
        if any(kind in wanted for wanted in kinds):
            inside[start : start + len(value)] = True
    return letters.spread(inside)


def share_of_errors(text: Text, language: str) -> float:
    """Return the share of the text that the lexer cannot read."""
    return float(_inside(text, language, Error).mean()) if len(text) else 0.0


@feature(lists=LISTS)
def token_comment(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of a comment."""
    return _inside(text, language, Comment) & ~_inside(text, language, Comment.Preproc, Comment.PreprocFile)


@feature(lists=LISTS)
def token_string(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of a string or character literal."""
    return _inside(text, language, String)


@feature(lists=LISTS)
def token_keyword(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of a keyword."""
    return _inside(text, language, Keyword, Operator.Word)


@feature(lists=LISTS)
def token_number(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of a number."""
    return _inside(text, language, Number)


@feature(lists=LISTS)
def token_name(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of a name."""
    return _inside(text, language, Name)


@feature(lists=LISTS)
def token_operator(text: Text, language: str) -> np.ndarray:
    """Language: the character is part of an operator, or is punctuation."""
    return _inside(text, language, Operator, Punctuation) & ~_inside(text, language, Operator.Word)


@feature(lists=LISTS)
def bracket_depth(text: Text, language: str) -> np.ndarray:
    """Language: open brackets, round, square and curly ones, outside comments and literals.

    A closing one without an opening one changes nothing.
    """
    letters, tokens = _read(text, language)
    positions, values, depth = [], [], 0
    for start, kind, value in tokens:
        if kind in Comment or kind in String:
            continue
        for index, letter in enumerate(value):
            if letter in OPENING or letter in CLOSING:
                depth = max(depth + (1 if letter in OPENING else -1), 0)
                positions.append(start + index)
                values.append(depth)
    return piecewise(letters.completed(positions), values, len(text), np.int32)
