"""What kinds of characters there are in a text of any script, by the categories of Unicode.

The classes of a byte are those of ASCII; a byte beyond ASCII, part of a letter in most encodings, is a word character.
"""

import string
import unicodedata
from collections.abc import Callable

import numpy as np

from rnnscope.corpus.text import CODE_POINTS, POOLED

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # inside words of some scripts, and inside emoji
WORD_BYTES = (string.ascii_letters + string.digits + "_").encode() + bytes(range(128, 256))
PUNCTUATION_BYTES = string.punctuation.replace("_", "").encode()
SEPARATOR_BYTES = b" \n'\""


def is_word_character(character: str) -> bool:
    """Return whether a character is a letter, a mark, a digit or another numeral, an underscore, or a pooled rare one."""
    return unicodedata.category(character)[0] in "LMN" or character in f"_{JOINERS}{chr(POOLED)}"


def is_punctuation(character: str) -> bool:
    """Return whether a character is punctuation or a symbol; an underscore is neither."""
    return unicodedata.category(character)[0] in "PS" and character not in f"_{chr(POOLED)}"


def is_separator(character: str) -> bool:
    """Return whether a word may begin after a character: a space, a line feed or a quote."""
    is_quote = "QUOTATION MARK" in unicodedata.name(character, "") or character in "'\"「」『』"
    return character == "\n" or unicodedata.category(character)[0] == "Z" or is_quote


CLASSES: dict[str, tuple[bytes, Callable[[str], bool]]] = {
    "word": (WORD_BYTES, is_word_character),
    "punctuation": (PUNCTUATION_BYTES, is_punctuation),
    "separator": (SEPARATOR_BYTES, is_separator),
}


def is_in_class(characters: np.ndarray, name: str) -> np.ndarray:
    """Return which characters are in a class.

    Parameters
    ----------
    characters
        Bytes, uint8, or code points, uint32, of any shape.
    name
        A key of `CLASSES`.

    Returns
    -------
    ndarray of bool
        Of the same shape.
    """
    of_bytes, of_code_points = CLASSES[name]
    if characters.dtype != np.uint8:
        return where(characters, of_code_points)
    table = np.zeros(256, dtype=bool)
    table[list(of_bytes)] = True
    return table[characters]


def where(characters: np.ndarray, is_wanted: Callable[[str], bool]) -> np.ndarray:
    """Return for which code points a predicate of characters holds; it is asked once for each distinct one."""
    table = np.zeros(CODE_POINTS, dtype=bool)
    occurring = np.unique(characters)
    table[occurring] = [is_wanted(chr(number)) for number in occurring.tolist()]
    return table[characters]
