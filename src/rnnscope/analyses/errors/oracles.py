"""Oracles: each knows what a certain kind of error has in common, and would get those characters right (paper section 4, F7).

An oracle has one or several levels. Each is a mask over the test characters, bool (test characters,), of those that it
gets right. Definitions:

- A *word* is a longest possible run of ASCII letters, digits, underscores and bytes from 128 on (the bytes of letters
  such as é). An apostrophe is none of these: "don't" is the words "don" and "t". A word is always the whole word of the
  text, also when only a part of it has been read.
- *Punctuation* is every other ASCII character that leaves ink, and so never part of a word.
- A *separator* is a space, a line feed, or a straight quote, single or double.
- In a text of code points (`characters: unicode`) these three are of any script: a word is of letters, marks, numerals,
  underscores, joiners and pooled rare characters, punctuation is other punctuation and symbols, a separator is a space, a line
  feed or a quotation mark.
- What the *previous n characters* are, and which words count, depends on the reading (below).

The paper leaves open what two oracles know. There are two readings of it:

- `paper`: the memory oracle knows the test characters of all streams as one text, stream after stream, as the n-gram models
  are scored; only words of at least five characters count. The carriage return of a line end counts as what follows it, a
  newline. This reading gives the shares of the paper's smaller model (2 layers, size 64): with a network trained here, each of
  the 27 levels to half a point, 25 of them to 0.3.
- `strict`: the memory oracle knows the characters before a character in its own stream, also those in the stream's train and
  validation parts, but never those of another stream; words of any length count. A newline is what comes right after a line
  feed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnscope.analyses.errors.errors import ERROR_BELOW
from rnnscope.corpus.character_classes import is_in_class
from rnnscope.corpus.split_text import SplitText, as_text

LINE_FEED, CARRIAGE_RETURN = b"\n\r"  # as bytes and as code points

ALL = "all"  # the one level of an oracle that has no others
SPACE_OR_QUOTE, NEWLINE = "space or quote", "newline"  # the levels of the word model
NO_WORD = -1
NO_REPEAT = 0


@dataclass(frozen=True)
class Oracle:
    """A class of errors: for each of its levels, by name and in the order of removal, the characters it gets right."""

    name: str
    levels: dict[str, np.ndarray]


@dataclass(frozen=True)
class Reading:
    """What the paper leaves open of two oracles.

    Parameters
    ----------
    joined
        Whether the memory oracle knows the joined test text; else the past of each stream.
    least_word
        Characters of a word that the memory oracle knows, at least.
    carriage_return
        Whether the carriage return itself is a newline of the word model.
    """

    joined: bool
    least_word: int
    carriage_return: bool


READING_OF = {"paper": Reading(True, 5, True), "strict": Reading(False, 1, False)}


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


@dataclass(frozen=True)
class Memory:
    """What the memory oracle knows.

    Parameters
    ----------
    text
        The text in which words are looked for.
    words
        Its words.
    distances
        Those of `repeat_distances`.
    """

    text: SplitText
    words: Words
    distances: np.ndarray


def memory_of(text: SplitText, words: Words, reading: Reading, longest: int) -> Memory:
    """Return what the memory oracle knows of the previous `longest` characters."""
    if reading.joined:
        text = join_test_characters(text)
        words = find_words(text)
    return Memory(text, words, repeat_distances(text, words, longest, reading.least_word))


def join_test_characters(text: SplitText) -> SplitText:
    """Return the targets of the test part as a text of one stream that is all test."""
    characters = text.characters[text.positions]
    return SplitText(as_text(characters), np.arange(len(characters)), len(characters), 0, text.encoding)


def repeat_distances(text: SplitText, words: Words, longest: int, least_word: int = 1) -> np.ndarray:
    """Return how many characters before each test character its word last began, as a substring, also inside another word.

    The word is a substring of the previous n characters exactly if this distance is at most n.

    Parameters
    ----------
    text, words
        The text and its words.
    longest
        Characters that are searched.
    least_word
        Characters of a word that is searched for, at least.

    Returns
    -------
    distances : ndarray of int64, shape (test characters,)
        `NO_REPEAT` where the word does not occur within `longest` characters in the same stream, for shorter words, and for
        the first character of a word.
    """
    long_enough = np.append(words.stops - words.starts >= least_word, False)  # the last one is that of NO_WORD, the index -1
    later = long_enough[words.of_character]
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


def word_oracle(text: SplitText, carriage_return: bool) -> Oracle:
    """Word model: the characters right after a separator, where a reader has to know which word comes next.

    Its levels are a space or quote, and a newline: a line feed before the character or, with `carriage_return`, the
    character itself if it is one.
    """
    before = text.characters[text.positions - 1]
    newline = before == LINE_FEED
    after_separator = is_in_class(before, "separator") & ~newline
    if carriage_return:
        newline |= text.characters[text.positions] == CARRIAGE_RETURN
    return Oracle("word_model", {SPACE_OR_QUOTE: after_separator, NEWLINE: newline})


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
