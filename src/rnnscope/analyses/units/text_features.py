"""What a text is doing at each of its characters, found from the text alone: the features that units are compared with.

Every function takes the text, bytes or a str of code points, and returns an array (characters,). Its value at a character is
the state of the text after that character was read: an opening quote is inside, its closing quote is not. Where a character is
a byte, a state changes at the last byte of the letter that changes it, and what a letter is holds for all of its bytes
(`letters`). *Blanks* are spaces, tabs and carriage returns; a line ends with its line feed; an *empty line* holds only blanks;
*word characters* are letters, marks, digits and underscores of any script.

To add a feature, add its function here, and its slow and obvious counterpart to the tests. The first line of its docstring
says what its value means. The lists of features have the order of this module.
"""

import unicodedata

import numpy as np

from rnnscope.analyses.units.code_scan import scan_code
from rnnscope.analyses.units.feature_registry import feature
from rnnscope.analyses.units.marks import (
    BEFORE_QUOTATION,
    BRACKETS,
    CLOSING_QUOTES,
    OPENING_BRACKETS,
    QUOTES,
    SENTENCE_START,
    UNCERTAIN,
)
from rnnscope.analyses.units.text_arrays import as_array, as_code, between, piecewise, steps_since
from rnnscope.corpus.character_classes import is_in_class, where
from rnnscope.corpus.letters import Text, letters_of
from rnnscope.corpus.text import code_points


@feature(lists=("prose", "code", "language"))
def line_position(text: Text) -> np.ndarray:
    """Characters read so far in the line: 1 after its first, 0 after a line feed."""
    return steps_since(as_array(text) == ord("\n"))


@feature(lists=("prose", "code", "language"))
def newline_soon(text: Text, newline_within: int) -> np.ndarray:
    """One of the next `newline_within` characters is a line feed (the only feature that looks ahead).

    The text has no line feed after its end.
    """
    index = np.arange(len(text))
    line_feeds = np.append(np.flatnonzero(as_array(text) == ord("\n")), len(text) + newline_within)
    return line_feeds[np.searchsorted(line_feeds, index, side="right")] - index <= newline_within


@feature(lists=("prose",))
def inside_quotes(text: Text) -> np.ndarray:
    """A double quote of any script is open (" “ „ « 「 and others); an empty line closes those that were left open.

    Every straight quote opens or closes; the others close what they belong to, and quotations may be inside others. Speech
    over several paragraphs, which opens a quote in each but closes only the last, is thereby inside in all of them.
    """
    letters = letters_of(text)
    before_quotation = {found.start() for found in BEFORE_QUOTATION.finditer(letters.string)}
    positions: list[int] = []
    values: list[bool] = []
    opened: list[str] = []
    for found in QUOTES.finditer(letters.string):
        mark, start = found[0], found.start()
        if mark[0] == "\n":
            opened, start = [], found.end()
        elif closed := [index for index, quote in enumerate(opened) if mark in CLOSING_QUOTES[quote]]:
            del opened[closed[-1] :]
        elif mark in CLOSING_QUOTES and mark not in opened and (mark not in UNCERTAIN or start in before_quotation):
            opened.append(mark)
        positions.append(start)
        values.append(bool(opened))
    return piecewise(letters.completed(positions), values, len(text), bool)


@feature(lists=("code", "language"))
def indentation(text: Text) -> np.ndarray:
    """Spaces and tabs (as one each) read so far at the beginning of the line, 0 after a line feed."""
    characters, position = as_array(text), line_position(text)
    blank = (characters == ord(" ")) | (characters == ord("\t"))
    # Up to the first other character, there are only blanks between the line's beginning and here.
    leading = steps_since(~blank) == position
    last_leading = np.arange(len(text)) - steps_since(leading)  # the last leading blank or line feed; -1 before the first
    return np.append(position, np.int32(0))[last_leading]


@feature(lists=("code",))
def brace_depth(text: Text) -> np.ndarray:
    """C: open curly brackets outside comments and literals.

    A closing one without an opening one changes nothing. Every branch of an `#if` begins with the depth before it, and the
    brackets of a directive count only up to the end of its line.
    """
    scan = scan_code(as_code(text))
    return piecewise(scan.changes, scan.braces, len(text), np.int32)


@feature(lists=("code",))
def inside_comment(text: Text) -> np.ndarray:
    """C: inside a comment, from the second character of its opening up to the last but one of its closing.

    A `//` comment ends before the first line feed that no backslash continues.
    """
    return between(scan_code(as_code(text)).comments, len(text))


@feature(lists=("code",))
def inside_string(text: Text) -> np.ndarray:
    """C: inside a string or character literal, from its quote up to the character before the closing one.

    Escapes are understood; raw strings are read as plain ones. A literal that is not closed ends before the first line feed
    that no backslash escapes.
    """
    return between(scan_code(as_code(text)).literals, len(text))


@feature(lists=("code",))
def inside_if_condition(text: Text) -> np.ndarray:
    """C: between the round brackets of `if (...)` or `if constexpr (...)`; an empty line ends it.

    There is no line feed between `if` and its bracket.
    """
    scan = scan_code(as_code(text))
    return piecewise(scan.changes, scan.conditions, len(text), bool)


@feature(lists=("code",))
def inside_code_parentheses(text: Text) -> np.ndarray:
    """C: a round bracket is open, those in comments and literals left aside; an empty line closes all.

    A closing one without an opening one changes nothing. Branches and directives are read as by `brace_depth`.
    """
    scan = scan_code(as_code(text))
    return piecewise(scan.changes, scan.parentheses, len(text), bool)


@feature(lists=("prose",))
def inside_parentheses(text: Text) -> np.ndarray:
    """A round bracket, or any bracket of another script, is open, wherever it is; an empty line closes all.

    A closing one without an opening one changes nothing.
    """
    letters = letters_of(text)
    positions, values, depth = [], [], 0
    for found in BRACKETS.finditer(letters.string):
        is_bracket = found[0][0] != "\n"
        depth = max(depth + (1 if found[0] in OPENING_BRACKETS else -1), 0) if is_bracket else 0
        positions.append(found.start() if is_bracket else found.end())
        values.append(depth > 0)
    return piecewise(letters.completed(positions), values, len(text), bool)


@feature(lists=("code",))
def inside_preprocessor(text: Text) -> np.ndarray:
    """C: in a directive, from its `#` up to the line feed that neither a backslash nor a comment continues."""
    return between(scan_code(as_code(text)).directives, len(text))


@feature(lists=("prose", "code", "language"))
def inside_word(text: Text) -> np.ndarray:
    """The character is a word character, or a byte that writes no letter in the encoding of the text."""
    letters = letters_of(text)
    points = code_points(letters.string)
    return letters.spread(is_in_class(points, "word") | ((points >= 0xDC80) & (points < 0xDD00)))


@feature(lists=("prose", "code", "language"))
def word_position(text: Text) -> np.ndarray:
    """Characters read so far in the word: 1 after its first, 0 outside words."""
    return steps_since(~inside_word(text))


@feature(lists=("prose",))
def capital(text: Text) -> np.ndarray:
    """The character is a capital, of any script that has capitals."""
    letters = letters_of(text)
    return letters.spread(where(code_points(letters.string), lambda letter: unicodedata.category(letter) in ("Lu", "Lt")))


@feature(lists=("prose",))
def sentence_start(text: Text) -> np.ndarray:
    """A sentence is about to begin: after an end mark, an empty line or at the start of the text, up to the next word.

    True from the white space after an end mark (. ! ? and those of other scripts, then closing quotes or brackets), right
    after one that is as wide as an ideograph, from the end of an empty line, or from the beginning of the text, up to
    the character before the next word. The full stop of an abbreviation is taken for an end mark.
    """
    letters = letters_of(text)
    positions: list[int] = []
    values: list[bool] = []
    for found in SENTENCE_START.finditer(letters.string):
        positions += found.span(1)
        values += [True, False]
    bounds = letters.completed(positions)
    bounds[:1] = [0]  # the beginning of the text is that of its first letter, not the end of it
    return piecewise(bounds, values, len(text), bool)


@feature(lists=("code",))
def inside_number(text: Text) -> np.ndarray:
    """The character is a decimal digit, of any script."""
    letters = letters_of(text)
    return letters.spread(where(code_points(letters.string), str.isdecimal))
