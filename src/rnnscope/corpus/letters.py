"""The letters of a text whose characters may be bytes: what each letter is, and which bytes write it.

What a text is doing is known once a letter was read to its end: a state changes at the last byte of the letter that changes
it. What a letter itself is, such as a capital, holds for all of its bytes.
"""

import codecs
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnscope.corpus.character_classes import where
from rnnscope.corpus.text import as_string
from rnnscope.settings.corpus import DEFAULT_ENCODING

MANY_WIDE = 0.3  # share of the text from which on a line holds half as many characters
INVISIBLE = "\N{WHITE VERTICAL RECTANGLE}"
LETTER = (  # the meaning of a column in tables of text
    "the letter that it writes, at the first of its bytes; empty at further bytes and for control characters; "
    f"`{INVISIBLE}` for what is not visible"
)
Text = bytes | str  # characters that are bytes, or code points
# Encodings that may begin with a mark of the byte order: by name, each mark and the encoding that it says. Without a mark it
# is the first. The mark is then a letter of the text, U+FEFF, as it is with the encodings that name their byte order.
MARKED = {
    "utf-16": {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
    "utf-32": {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
    "utf-8-sig": {codecs.BOM_UTF8: "utf-8"},
}


LONGEST_MARK = 4  # bytes


class EncodedText(bytes):
    """A text of bytes in an encoding other than utf-8."""

    encoding: str = DEFAULT_ENCODING


def encoded(text: Text, encoding: str) -> Text:
    """Return a text with its encoding, where its characters are bytes."""
    if isinstance(text, str):
        return text
    named = EncodedText(text)
    named.encoding = encoding
    return named


@dataclass(frozen=True)
class Letters:
    """The letters of a text.

    Parameters
    ----------
    string
        The letters. A byte that writes none is a letter of its own, from U+DC80 to U+DCFF.
    lengths
        How many characters of the text each letter has: integer (letters,).
    """

    string: str
    lengths: np.ndarray

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return for every character of the text the value of its letter; `values` are of the letters, (letters,)."""
        return np.repeat(values, self.lengths)

    def completed(self, positions: Iterable[int]) -> list[int]:
        """Return the characters at which some letters are read to their end; one letter beyond the last is the text's end."""
        ends = np.append(np.cumsum(self.lengths) - 1, self.lengths.sum())
        return ends[np.array(list(positions), dtype=np.int64)].tolist()

    def beginning_at(self, indices: np.ndarray) -> list[str]:
        """Return the letters that begin at some characters, integer (characters,); empty where none begins."""
        ends = np.cumsum(self.lengths)
        letters = np.searchsorted(ends, indices, side="right")
        is_first = ends[letters] - self.lengths[letters] == indices
        return [self.string[letter] if first else "" for letter, first in zip(letters.tolist(), is_first.tolist(), strict=True)]

    def shown(self, indices: np.ndarray, invisible: str = "") -> list[str]:
        """Return what shows some characters, integer (characters,), as `shown_letters` does for a whole text."""
        return [letter and _displayed(letter, invisible) for letter in self.beginning_at(indices)]


def letters_stand_alone(characters: np.ndarray, encoding: str) -> bool:
    """Return whether a piece of a text is enough to know its letters: they are code points, or bytes of utf-8.

    In other encodings what a byte means depends on where the letters before it began, such as on whether its place is even.
    """
    return characters.dtype != np.uint8 or in_byte_order(b"", encoding) == "utf-8"


def letters_of(text: Text) -> Letters:
    """Return the letters of a text: of bytes in its encoding (`EncodedText`), which else is utf-8."""
    if isinstance(text, str):
        return Letters(text, np.ones(len(text), dtype=np.int64))
    encoding = in_byte_order(text, text.encoding if isinstance(text, EncodedText) else DEFAULT_ENCODING)
    if encoding != "utf-8":
        return _decoded_byte_by_byte(text, encoding)
    string = text.decode(encoding, "surrogateescape")
    points = np.frombuffer(string.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    is_byte = (points < 0x80) | ((points >= 0xDC80) & (points < 0xDD00))
    return Letters(string, np.where(is_byte, 1, np.searchsorted([0x80, 0x800, 0x10000], points, side="right") + 1))


def is_marked(encoding: str) -> bool:
    """Return whether a text in an encoding may begin with a mark of the byte order that is none of its letters."""
    return codecs.lookup(encoding).name in MARKED


def in_byte_order(text: bytes, encoding: str) -> str:
    """Python's name of an encoding; where a text may begin with a mark of the byte order, of the one that its mark says."""
    name = codecs.lookup(encoding).name
    marks = MARKED.get(name)
    if marks is None:
        return name
    return next((marked for mark, marked in marks.items() if text.startswith(mark)), next(iter(marks.values())))


def _decoded_byte_by_byte(text: bytes, encoding: str) -> Letters:
    """The letters of a text in any encoding. Several letters that end at one byte count as the last of them."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    letters, lengths, pending = [], [], 0
    for index in range(len(text)):
        decoded = decoder.decode(text[index : index + 1])
        pending += 1
        if decoded:
            letters.append(decoded[-1])
            lengths.append(pending)
            pending = 0
    if pending:
        letters.append("\N{REPLACEMENT CHARACTER}")
        lengths.append(pending)
    return Letters("".join(letters), np.array(lengths, dtype=np.int64))


def shown_letters(characters: np.ndarray, encoding: str = DEFAULT_ENCODING, invisible: str = "") -> list[str]:
    """Return what shows each character of a text.

    Parameters
    ----------
    characters
        Bytes, uint8, or code points, uint32 (characters,).
    encoding
        Encoding of the text, where a character is a byte.
    invisible
        What shows a letter that is not visible, beyond ASCII, and a byte that writes none.

    Returns
    -------
    list of str
        The letter that a character writes, at the first of its bytes; a mark that combines with the letter before it is shown
        on a dotted circle. Empty at further bytes, and for control characters of ASCII.
    """
    if characters.dtype == np.uint8:
        letters = letters_of(encoded(characters.tobytes(), encoding))
    else:
        letters = letters_of(as_string(characters))
    shown = [""] * len(characters)
    for first, letter in zip((np.cumsum(letters.lengths) - letters.lengths).tolist(), letters.string, strict=True):
        shown[first] = _displayed(letter, invisible)
    return shown


def _displayed(letter: str, invisible: str) -> str:
    return _shown(letter) or ("" if letter.isascii() else invisible)


def _shown(letter: str) -> str:
    category = unicodedata.category(letter)
    if category[0] == "M":
        return f"\N{DOTTED CIRCLE}{letter}"
    return letter if category[0] in "LNPS" or letter == " " else ""


def are_wide(characters: np.ndarray) -> bool:
    """Return whether many code points are as wide as they are high, such as ideographs; bytes are never."""
    if characters.dtype == np.uint8:
        return False
    return bool(where(characters, lambda letter: unicodedata.east_asian_width(letter) in "WF").mean() > MANY_WIDE)
