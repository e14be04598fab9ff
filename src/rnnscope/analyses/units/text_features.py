"""What a text is doing at each of its characters, told from the text alone: features of any text.

Every function takes the text as bytes and returns an array (characters,) whose value at a character is the state of the
text after that character was read: an opening quote is inside, its closing quote is not. *Blanks* are spaces, tabs and
carriage returns; a line ends with its line feed; an *empty line* holds blanks alone; *word characters* are ASCII letters,
digits and underscores, and all bytes from 128 on (letters beyond ASCII, in UTF-8).
"""

import re

import numpy as np

EMPTY_LINE = rb"\n[ \t\r]*(?=\n)"  # up to, not including, the line feed that ends the empty line
WORD = np.zeros(256, dtype=bool)
WORD[[byte for byte in range(256) if byte >= 128 or bytes([byte]).isalnum() or byte == ord("_")]] = True
# An end mark, closing quotes or brackets and white space, or an empty line; then all that is no word character.
SENTENCE_START = re.compile(rb"(?:\A|[.!?][\"')\]]*(?=\s)|" + EMPTY_LINE + rb")([^\w\x80-\xff]*)")


def as_array(text: bytes) -> np.ndarray:
    """The bytes of a text, uint8 (characters,)."""
    return np.frombuffer(text, dtype=np.uint8)


def piecewise(positions: list[int], values: list, length: int, dtype: type) -> np.ndarray:
    """An array (length,) that takes each value from its position on, 0 before the first; of equal positions the last counts."""
    bounds = np.array([0, *positions, length])
    return np.repeat(np.array([0, *values], dtype=dtype), np.diff(bounds))


def steps_since(mark: np.ndarray) -> np.ndarray:
    """Characters since `mark`, bool (characters,), was last true: int32, 0 where it is; counted from 1 before the first."""
    place = np.arange(len(mark), dtype=np.int32)
    last = np.maximum.accumulate(np.where(mark, place, np.int32(-1)))
    since: np.ndarray = place - last
    return since


def line_position(text: bytes) -> np.ndarray:
    """Characters of the current line read so far: int32, 1 after its first character, 0 after a line feed."""
    return steps_since(as_array(text) == ord("\n"))


def newline_soon(text: bytes, within: int) -> np.ndarray:
    """Whether one of the next `within` characters is a line feed: bool. The text has none after its end."""
    place = np.arange(len(text))
    line_feeds = np.append(np.flatnonzero(as_array(text) == ord("\n")), len(text) + within)
    soon: np.ndarray = line_feeds[np.searchsorted(line_feeds, place, side="right")] - place <= within
    return soon


def inside_quotes(text: bytes) -> np.ndarray:
    """Whether a double quote is open: bool. Every double quote opens or closes; an empty line closes what was left open.

    Speech over several paragraphs, which opens a quote in each but closes only the last, is thereby inside in all of them.
    """
    positions, values, open_quote = [], [], False
    for found in re.finditer(rb'"|' + EMPTY_LINE, text):
        is_quote = found[0] == b'"'
        open_quote = is_quote and not open_quote
        positions.append(found.start() if is_quote else found.end())
        values.append(open_quote)
    return piecewise(positions, values, len(text), bool)


def inside_parentheses(text: bytes) -> np.ndarray:
    """Whether a round bracket is open: bool. One that closes none counts for nothing; an empty line closes all."""
    positions, values, depth = [], [], 0
    for found in re.finditer(rb"[()]|" + EMPTY_LINE, text):
        is_bracket = found[0] in (b"(", b")")
        depth = max(depth + (1 if found[0] == b"(" else -1), 0) if is_bracket else 0
        positions.append(found.start() if is_bracket else found.end())
        values.append(depth > 0)
    return piecewise(positions, values, len(text), bool)


def indentation(text: bytes) -> np.ndarray:
    """Spaces and tabs at the beginning of the current line read so far: int32, a tab counting as one, 0 after a line feed."""
    characters, position = as_array(text), line_position(text)
    blank = (characters == ord(" ")) | (characters == ord("\t"))
    # Up to the first other character, nothing but blanks lies between the line's beginning and here.
    leading = steps_since(~blank) == position
    held = np.arange(len(text)) - steps_since(leading)  # the last leading blank or line feed; -1 where there is none yet
    depth: np.ndarray = np.append(position, np.int32(0))[held]
    return depth


def inside_word(text: bytes) -> np.ndarray:
    """Whether the character is a word character: bool."""
    word: np.ndarray = WORD[as_array(text)]
    return word


def word_position(text: bytes) -> np.ndarray:
    """Characters of the current word read so far: int32, 1 after its first, 0 outside words."""
    return steps_since(~inside_word(text))


def capital(text: bytes) -> np.ndarray:
    """Whether the character is a capital ASCII letter: bool."""
    characters = as_array(text)
    return (characters >= ord("A")) & (characters <= ord("Z"))


def sentence_start(text: bytes) -> np.ndarray:
    """Whether a sentence is about to begin: bool.

    True from the white space after an end mark (. ! ?, with closing quotes or brackets between), from the end of an empty
    line, or from the beginning of the text, up to the character before the next word. An abbreviation's full stop is taken
    for an end mark.
    """
    positions: list[int] = []
    values: list[bool] = []
    for found in SENTENCE_START.finditer(text):
        positions += found.span(1)
        values += [True, False]
    return piecewise(positions, values, len(text), bool)
