"""What a text is doing at each of its characters, found from the text alone: the features that units are compared with.

Every function takes the text as bytes and returns an array (characters,). Its value at a character is the state of the text
after that character was read: an opening quote is inside, its closing quote is not. *Blanks* are spaces, tabs and carriage
returns; a line ends with its line feed; an *empty line* holds only blanks; *word characters* are ASCII letters, digits and
underscores, and all bytes from 128 on (letters beyond ASCII, in UTF-8).

To add a feature, add its function here, and its slow and obvious counterpart to the tests. The first line of its docstring
says what its value means. The lists of features have the order of this module.
"""

import re

import numpy as np

from rnnscope.analyses.units.code_scan import scan_code
from rnnscope.analyses.units.feature_registry import feature
from rnnscope.analyses.units.text_arrays import as_array, between, piecewise, steps_since

EMPTY_LINE = rb"\n[ \t\r]*(?=\n)"  # up to, not including, the line feed that ends the empty line
WORD = np.zeros(256, dtype=bool)
WORD[[byte for byte in range(256) if byte >= 128 or bytes([byte]).isalnum() or byte == ord("_")]] = True
# An end mark, closing quotes or brackets and white space, or an empty line; then everything up to the next word character.
SENTENCE_START = re.compile(rb"(?:\A|[.!?][\"')\]]*(?=\s)|" + EMPTY_LINE + rb")([^\w\x80-\xff]*)")


@feature(lists=("prose", "code"))
def line_position(text: bytes) -> np.ndarray:
    """Characters read so far in the line: 1 after its first, 0 after a line feed."""
    return steps_since(as_array(text) == ord("\n"))


@feature(lists=("prose", "code"))
def newline_soon(text: bytes, newline_within: int) -> np.ndarray:
    """One of the next `newline_within` characters is a line feed (the only feature that looks ahead).

    The text has no line feed after its end.
    """
    index = np.arange(len(text))
    line_feeds = np.append(np.flatnonzero(as_array(text) == ord("\n")), len(text) + newline_within)
    return line_feeds[np.searchsorted(line_feeds, index, side="right")] - index <= newline_within


@feature(lists=("prose",))
def inside_quotes(text: bytes) -> np.ndarray:
    """A double quote is open; an empty line closes one that was left open.

    Every double quote opens or closes. Speech over several paragraphs, which opens a quote in each but closes only the
    last, is thereby inside in all of them.
    """
    positions, values, open_quote = [], [], False
    for found in re.finditer(rb'"|' + EMPTY_LINE, text):
        is_quote = found[0] == b'"'
        open_quote = is_quote and not open_quote
        positions.append(found.start() if is_quote else found.end())
        values.append(open_quote)
    return piecewise(positions, values, len(text), bool)


@feature(lists=("code",))
def indentation(text: bytes) -> np.ndarray:
    """Spaces and tabs (as one each) read so far at the beginning of the line, 0 after a line feed."""
    characters, position = as_array(text), line_position(text)
    blank = (characters == ord(" ")) | (characters == ord("\t"))
    # Up to the first other character, there are only blanks between the line's beginning and here.
    leading = steps_since(~blank) == position
    last_leading = np.arange(len(text)) - steps_since(leading)  # the last leading blank or line feed; -1 before the first
    return np.append(position, np.int32(0))[last_leading]


@feature(lists=("code",))
def brace_depth(text: bytes) -> np.ndarray:
    """C: open curly brackets outside comments and literals.

    A closing one without an opening one changes nothing. Every branch of an `#if` begins with the depth before it, and the
    brackets of a directive count only up to the end of its line.
    """
    scan = scan_code(text)
    return piecewise(scan.changes, scan.braces, len(text), np.int32)


@feature(lists=("code",))
def inside_comment(text: bytes) -> np.ndarray:
    """C: inside a comment, from the second character of its opening up to the last but one of its closing.

    A `//` comment ends before the first line feed that no backslash continues.
    """
    return between(scan_code(text).comments, len(text))


@feature(lists=("code",))
def inside_string(text: bytes) -> np.ndarray:
    """C: inside a string or character literal, from its quote up to the character before the closing one.

    Escapes are understood; raw strings are read as plain ones. A literal that is not closed ends before the first line feed
    that no backslash escapes.
    """
    return between(scan_code(text).literals, len(text))


@feature(lists=("code",))
def inside_if_condition(text: bytes) -> np.ndarray:
    """C: between the round brackets of `if (...)` or `if constexpr (...)`; an empty line ends it.

    There is no line feed between `if` and its bracket.
    """
    scan = scan_code(text)
    return piecewise(scan.changes, scan.conditions, len(text), bool)


@feature(lists=("code",))
def inside_code_parentheses(text: bytes) -> np.ndarray:
    """C: a round bracket is open, those in comments and literals left aside; an empty line closes all.

    A closing one without an opening one changes nothing. Branches and directives are read as by `brace_depth`.
    """
    scan = scan_code(text)
    return piecewise(scan.changes, scan.parentheses, len(text), bool)


@feature(lists=("prose",))
def inside_parentheses(text: bytes) -> np.ndarray:
    """A round bracket is open, wherever it is; an empty line closes all.

    A closing one without an opening one changes nothing.
    """
    positions, values, depth = [], [], 0
    for found in re.finditer(rb"[()]|" + EMPTY_LINE, text):
        is_bracket = found[0] in (b"(", b")")
        depth = max(depth + (1 if found[0] == b"(" else -1), 0) if is_bracket else 0
        positions.append(found.start() if is_bracket else found.end())
        values.append(depth > 0)
    return piecewise(positions, values, len(text), bool)


@feature(lists=("code",))
def inside_preprocessor(text: bytes) -> np.ndarray:
    """C: in a directive, from its `#` up to the line feed that neither a backslash nor a comment continues."""
    return between(scan_code(text).directives, len(text))


@feature(lists=("prose", "code"))
def inside_word(text: bytes) -> np.ndarray:
    """The character is a word character."""
    return WORD[as_array(text)]


@feature(lists=("prose", "code"))
def word_position(text: bytes) -> np.ndarray:
    """Characters read so far in the word: 1 after its first, 0 outside words."""
    return steps_since(~inside_word(text))


@feature(lists=("prose",))
def capital(text: bytes) -> np.ndarray:
    """The character is an ASCII capital."""
    characters = as_array(text)
    return (characters >= ord("A")) & (characters <= ord("Z"))


@feature(lists=("prose",))
def sentence_start(text: bytes) -> np.ndarray:
    """A sentence is about to begin: after an end mark, an empty line or at the start of the text, up to the next word.

    True from the white space after an end mark (. ! ?, then closing quotes or brackets), from the end of an empty line, or
    from the beginning of the text, up to the character before the next word. The full stop of an abbreviation is taken for
    an end mark.
    """
    positions: list[int] = []
    values: list[bool] = []
    for found in SENTENCE_START.finditer(text):
        positions += found.span(1)
        values += [True, False]
    return piecewise(positions, values, len(text), bool)


@feature(lists=("code",))
def inside_number(text: bytes) -> np.ndarray:
    """The character is an ASCII digit."""
    characters = as_array(text)
    return (characters >= ord("0")) & (characters <= ord("9"))
