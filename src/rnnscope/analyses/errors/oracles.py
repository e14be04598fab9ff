"""Oracles: each knows what a certain kind of error has in common, and would get those characters right (paper section 4, F7).

An oracle has one or several levels. Each is a mask over the test characters, bool (test characters,), of those that it
gets right. Definitions:

- A *word* is a longest possible run of ASCII letters, digits, underscores and bytes from 128 on (the bytes of letters
  such as é). An apostrophe is none of these: "don't" is the words "don" and "t". A word is always the whole word of the
  text, also when only a part of it has been read.
- *Punctuation* is every other ASCII character that leaves ink, and so never part of a word.
- A *separator* is a space, a line feed, or a straight quote, single or double.
- The *previous n characters* are those before a character in its stream: also those in the stream's train and validation
  parts, which come before its test part, but never those of another stream.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnscope.analyses.errors.errors import ERROR_BELOW
from rnnscope.corpus.character_classes import is_in_class
from rnnscope.corpus.split_text import SplitText

ALL = "all"  # the one level of an oracle that has no others
NO_WORD = -1
NO_REPEAT = 0


@dataclass(frozen=True)
class Oracle:
    """A class of errors: for each of its levels, by name and in the order of removal, the characters it gets right."""

    name: str
    levels: dict[str, np.ndarray]


@dataclass(frozen=True)
class Words:
    """The words of a text, and the word of each test character.

    Parameters
    ----------
    starts, stops : ndarray of int64, shape (words,)
        Indices in the text, ascending; a stop is the index after the word's last character.
    of_character : ndarray of int64, shape (test characters,)
        Index of the word, or `NO_WORD`.
    """

    starts: np.ndarray
    stops: np.ndarray
    of_character: np.ndarray


def find_words(text: SplitText) -> Words:
    """Find the words of a text; the target of its last character, which is its first one again, is in no word."""
    edges = np.flatnonzero(np.diff(is_in_class(text.characters[:-1], "word"), prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    word = np.searchsorted(starts, text.positions, side="right") - 1
    inside = (word >= 0) & (text.positions < np.append(stops, 0)[word])
    return Words(starts, stops, np.where(inside, word, NO_WORD))


def repeat_distances(text: SplitText, words: Words, longest: int) -> np.ndarray:
    """Return how many characters before each test character its word last began, as a substring, also inside another word.

    The word is a substring of the previous n characters exactly if this distance is at most n.

    Parameters
    ----------
    text, words
        The text and its words.
    longest
        Characters that are searched.

    Returns
    -------
    distances : ndarray of int64, shape (test characters,)
        `NO_REPEAT` where the word does not occur within `longest` characters in the same stream, and for the first
        character of a word.
    """
    later = words.of_character != NO_WORD
    later[later] = text.positions[later] > words.starts[words.of_character[later]]
    searched, index = np.unique(words.of_character[later], return_inverse=True)
    last = np.array([_last_occurrence(text.text, words, word, longest) for word in searched], dtype=np.int64)
    distances = np.full(len(text.positions), NO_REPEAT, dtype=np.int64)
    began, positions = last[index], text.positions[later]
    reached = (began >= text.stream_starts[later]) & (positions - began <= longest)
    distances[later] = np.where(reached, positions - began, NO_REPEAT)
    return distances


def _last_occurrence(text: bytes | str, words: Words, word: int, longest: int) -> int:
    """Return where a word last began before, as far as its second character can reach back; -1 for nowhere.

    It cannot overlap the word itself: what precedes a word is no character of a word.
    """
    start = int(words.starts[word])
    wanted: Any = text[start : words.stops[word]]  # bytes or a str, as the text is
    return text.rfind(wanted, max(0, start + 1 - longest), start)


def training_counts(text: SplitText, words: Words) -> np.ndarray:
    """Return how often the word of each test character occurs in the train part, as a whole word.

    A word that the end of a stream's train part cuts in two does not count.

    Returns
    -------
    counts : ndarray of int64, shape (test characters,)
        -1 outside of words.
    """
    in_one_row = words.starts // text.row == (words.stops - 1) // text.row
    trained = np.flatnonzero(in_one_row & ((words.stops - 1) % text.row < text.train))
    count = Counter(text.text[words.starts[word] : words.stops[word]] for word in trained)
    searched, index = np.unique(words.of_character, return_inverse=True)
    counts = [-1 if word == NO_WORD else count[text.text[words.starts[word] : words.stops[word]]] for word in searched]
    return np.array(counts, dtype=np.int64)[index]


def ngram_oracle(right: dict[int, np.ndarray]) -> Oracle:
    """n-grams: the characters that an n-gram model gets right, given for each n, bool (test characters,)."""
    return Oracle("n-gram", {str(n): mask for n, mask in right.items()})


def memory_oracle(distances: np.ndarray, lengths: Iterable[int]) -> Oracle:
    """Dynamic n-long memory: the second and later characters of a word that is a substring of the previous n characters.

    Parameters
    ----------
    distances
        Those of `repeat_distances`.
    lengths
        n, in characters, each at most the `longest` of the distances.
    """
    return Oracle("memory", {str(n): (distances != NO_REPEAT) & (distances <= n) for n in lengths})


def rare_word_oracle(counts: np.ndarray, most: Iterable[int]) -> Oracle:
    """Rare words: all characters of words that occur at most k times in the train part; `counts` of `training_counts`."""
    return Oracle("rare_words", {str(k): (counts >= 0) & (counts <= k) for k in most})


def word_oracle(text: SplitText) -> Oracle:
    """Word model: the characters right after a separator, where a reader has to know which word comes next."""
    before = text.characters[text.positions - 1]
    return Oracle("word_model", {ALL: is_in_class(before, "separator")})


def punctuation_oracle(text: SplitText) -> Oracle:
    """Punctuation: the characters that are punctuation themselves."""
    return Oracle("punctuation", {ALL: is_in_class(text.characters[text.positions], "punctuation")})


def boost_oracle(log_prob: np.ndarray, amounts: Iterable[float]) -> Oracle:
    """Boost: the characters whose probability, raised by an amount, is no longer below one half.

    Parameters
    ----------
    log_prob : ndarray of float, shape (test characters,)
        Log-probabilities of the correct characters under the model whose errors they are, nats.
    amounts
        Added probabilities.
    """
    probability = np.exp(log_prob.astype(np.float64))
    return Oracle("boost", {f"{amount:g}": probability + amount >= ERROR_BELOW for amount in amounts})
