"""Letters in a grid of characters: which characters a letter is drawn over, and in which fonts."""

import logging
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from matplotlib import font_manager, get_cachedir
from matplotlib.ft2font import FT2Font

from rnnscope.progress import warn
from rnnscope.storage.tables import read_csv

FIRST_BEYOND_ASCII = 128
INVISIBLE = "\N{WHITE VERTICAL RECTANGLE}"  # as in the tables
# The signs of white space, as on the explorer's page (its symbols.js).
SIGNS = {
    ord("\t"): "\N{RIGHTWARDS ARROW}",
    ord("\n"): "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}",
    ord("\r"): "\N{LEFTWARDS ARROW}",
    ord(" "): "\N{MIDDLE DOT}",
}
# What to install for scripts whose letters no installed font has: a Debian package each, and the beginning of their names.
PACKAGES = {
    "CJK": "fonts-noto-cjk",
    "HIRAGANA": "fonts-noto-cjk",
    "KATAKANA": "fonts-noto-cjk",
    "HANGUL": "fonts-noto-cjk",
    "IDEOGRAPHIC": "fonts-noto-cjk",
    "FULLWIDTH": "fonts-noto-cjk",
}
OTHER_PACKAGE = "fonts-noto-core"
EMOJI_PACKAGE = "fonts-symbola"
FIRST_EMOJI = 0x1F000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DrawnLetter:
    """What is drawn for some characters that follow each other.

    Parameters
    ----------
    index
        Row of the first of them.
    span
        How many they are: the bytes of a letter.
    text
        What is drawn over them.
    is_space
        Whether it is a sign for white space.
    """

    index: int
    span: int
    text: str
    is_space: bool


def drawn_letters(rows: pd.DataFrame, signs: dict[int, str]) -> list[DrawnLetter]:
    """Return what is drawn for the characters of one line.

    Parameters
    ----------
    rows
        Columns `character`, a byte or a code point, and `letter`, which is empty at the further bytes of a letter.
    signs
        Signs for characters that are white space.
    """
    found: list[DrawnLetter] = []
    for index, (character, letter) in enumerate(zip(rows["character"].tolist(), rows["letter"].tolist(), strict=True)):
        if character in signs:
            found.append(DrawnLetter(index, 1, signs[character], is_space=True))
        elif letter or character < FIRST_BEYOND_ASCII or not found:
            found.append(DrawnLetter(index, 1, letter or INVISIBLE, is_space=False))
        else:
            last = found[-1]
            found[-1] = DrawnLetter(last.index, index - last.index + 1, last.text, last.is_space)
    return found


def read_letters(path: Path) -> pd.Series:
    """Read the column `letter` of a table of text, in which letters may be empty."""
    return read_csv(path, ["letter"])["letter"].fillna("").astype(str)


def is_wide(letter: str) -> bool:
    """Return whether a letter is as wide as it is high, such as an ideograph."""
    return unicodedata.east_asian_width(letter[-1:] or " ") in "WF"


def reads_from_the_right(letters: Iterable[str]) -> bool:
    """Return whether most letters are of a script that is written from right to left."""
    directions = [unicodedata.bidirectional(letter[-1:]) for letter in letters if letter]
    right = sum(direction in ("R", "AL") for direction in directions)
    return right > sum(direction == "L" for direction in directions)


@cache
def _characters_of(path: str) -> frozenset[int]:
    """The code points that a font file has."""
    return frozenset(FT2Font(path).get_charmap())


def families(text: str, first: str) -> list[str]:
    """Return the font families that have the letters of a text.

    Parameters
    ----------
    text
        The letters.
    first
        The family that is used where it has the letter, one that comes with matplotlib.

    Returns
    -------
    list of str
        `first`, then of the installed families as few as have the other letters, as far as any has them.
    """
    wanted = {ord(letter) for letter in text if not letter.isspace()}
    wanted -= _characters_of(font_manager.findfont(first, fallback_to_default=False))
    chosen = [first]
    if wanted:
        _add_new_fonts()
    fonts = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist if "Last Resort" not in entry.name}
    while wanted and fonts:
        covered = {name: len(wanted & _characters_of(path)) for name, path in sorted(fonts.items())}
        best = max(covered, key=covered.__getitem__)
        if not covered[best]:
            break
        chosen.append(best)
        wanted -= _characters_of(fonts.pop(best))
    if wanted:
        _warn_once(frozenset(wanted))
    return chosen


@cache
def _add_new_fonts() -> None:
    """Let matplotlib know of fonts that were installed after it made its list of them."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError):  # a font that cannot be read, as matplotlib's own search leaves it out
            log.debug("%s: not readable as a font; the list of fonts is in %s", path, get_cachedir())


@cache
def _warn_once(missing: frozenset[int]) -> None:
    """Say in one line what to install."""
    letters = sorted(map(chr, missing), key=lambda letter: (unicodedata.category(letter)[0] != "L", letter))
    names = {unicodedata.name(letter, "").partition(" ")[0].partition("-")[0] for letter in letters}
    packages = {PACKAGES.get(name, OTHER_PACKAGE) for name in names}
    if any(number >= FIRST_EMOJI for number in missing):
        packages |= {EMOJI_PACKAGE}
    warn(
        log,
        f"no installed font has {len(letters)} of the characters of this figure, such as {letters[0]}: they are drawn as boxes; "
        f"install a font that has them, such as the package {' or '.join(sorted(packages))}",
    )
