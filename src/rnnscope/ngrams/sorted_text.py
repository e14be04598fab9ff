"""All n-grams of a text, of every order, from one sort.

The characters of a text are sorted by what reading backwards from them gives: the character, the one before it,
and so on. In that order, for every k at once,

- the positions where one k-gram ends are neighbours, so a k-gram is a block of the sorted text;
- the (k+1)-grams that extend it by one character on the left divide that block;
- its context (all but its last character) ends one character before it.

Going from k to k+1 therefore reads one character, k positions back, and all orders up to k together take time in
proportion to k times the length of the text. The sort compares 7, 14, 28, ... characters at a time, or 4, 8, 16, ... where
there are more than 511 distinct ones (prefix doubling: Manber and Myers 1993, "Suffix arrays: a new method for on-line
string searches").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SEPARATOR = 0  # before every sequence; the character of id c has the code c + 1
# Bits of a code: enough for 256 bytes and the separator, or for all that ids of 16 bits allow. Bytes sort faster for it.
NARROW, WIDE = 9, 16
BITS_OF_A_KEY = 64


@dataclass(frozen=True)
class NGrams:
    """The distinct n-grams of one order in a `SortedText`, numbered in its order.

    An n-gram that reaches over the start of its sequence has a number like any other, and the count 0.

    Parameters
    ----------
    order
        Characters of an n-gram.
    number
        Which n-gram ends at each character of the sorted text: int32 (characters,).
    first
        The first character of the sorted text at which each n-gram ends: int32 (n-grams,).
    in_train
        Whether the n-gram that ends at each character is inside one training sequence: bool (characters,).
    count
        How often each n-gram occurs in the training sequences: int32 (n-grams,).
    """

    order: int
    number: np.ndarray
    first: np.ndarray
    in_train: np.ndarray
    count: np.ndarray


class SortedText:
    """Training and scored sequences, joined and sorted by reading backwards; n-grams are counted only in training.

    Parameters
    ----------
    train, scored
        Sequences of character ids, each an integer array of one dimension with values in 0..65534, together fewer than
        2**31 characters.
    highest
        The highest order that will be requested.
    """

    def __init__(self, train: Sequence[np.ndarray], scored: Sequence[np.ndarray], highest: int) -> None:
        self._codes = _joined([*train, *scored])
        self._ends = _sorted_by_reading_back(self._codes, highest)
        self._length_of_train = sum(len(sequence) + 1 for sequence in train)
        index = np.empty_like(self._ends)
        index[self._ends] = np.arange(len(index), dtype=np.int32)
        self.previous = index[self._back(1)]  # int32 (characters,): where the character before each one is sorted to
        is_scored = np.flatnonzero(self._codes[self._length_of_train :] != SEPARATOR) + self._length_of_train
        self.scored = index[is_scored]  # int32 (scored characters,): where they are sorted to, in the order of the text

    def empty_ngram(self) -> NGrams:
        """Return the one n-gram of order 0, which ends at every character."""
        return self._numbered(0, np.arange(len(self._ends)) == 0, self._ends < self._length_of_train)

    def extend_to_the_left(self, ngrams: NGrams) -> NGrams:
        """Return the n-grams of the next order: the given ones, divided by one more character on their left."""
        character = self._codes[self._back(ngrams.order)]
        is_first = np.zeros(len(character), dtype=bool)
        is_first[ngrams.first] = True
        is_first[1:] |= character[1:] != character[:-1]
        return self._numbered(ngrams.order + 1, is_first, ngrams.in_train & (character != SEPARATOR))

    def contexts_of(self, ngrams: NGrams, shorter: NGrams) -> np.ndarray:
        """Return the number of each n-gram's context among the n-grams of the order below, `shorter`: int32 (n-grams,)."""
        return shorter.number[self.previous[ngrams.first]]

    def first_characters(self, ngrams: NGrams) -> np.ndarray:
        """Return the id of each n-gram's first character, -1 where it reaches over the start: integer (n-grams,)."""
        positions = np.maximum(self._ends[ngrams.first] - np.int32(ngrams.order - 1), 0)
        return _ids(self._codes[positions])

    def last_characters(self, ngrams: NGrams) -> np.ndarray:
        """Return the id of each n-gram's last character, -1 where it ends before a sequence: integer (n-grams,)."""
        return _ids(self._codes[self._ends[ngrams.first]])

    def _back(self, characters: int) -> np.ndarray:
        """Return the position that many characters before each one of the sorted text; at least that of the first separator."""
        return np.maximum(self._ends - np.int32(characters), 0)

    @staticmethod
    def _numbered(order: int, is_first: np.ndarray, in_train: np.ndarray) -> NGrams:
        first = np.flatnonzero(is_first).astype(np.int32)
        number = np.cumsum(is_first, dtype=np.int32) - np.int32(1)
        return NGrams(order, number, first, in_train, np.add.reduceat(in_train, first, dtype=np.int32))


def continuation_counts(ngrams: NGrams, extended: NGrams) -> np.ndarray:
    """Return how many distinct characters precede each n-gram in the training sequences, N1+(. w): int32 (n-grams,).

    `extended` are the n-grams of the next order. The start of a sequence is no character and adds nothing.
    """
    extends = ngrams.number[extended.first[extended.count > 0]]
    return np.bincount(extends, minlength=len(ngrams.first)).astype(np.int32)


def _joined(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Return the codes of all sequences, a separator before each: uint16 (characters,)."""
    codes = np.full(sum(len(sequence) + 1 for sequence in sequences), SEPARATOR, dtype=np.uint16)
    start = 1
    for sequence in sequences:
        np.add(sequence, 1, out=codes[start : start + len(sequence)], dtype=np.uint16)
        start += len(sequence) + 1
    return codes


def _ids(codes: np.ndarray) -> np.ndarray:
    """Return the ids of codes, -1 for the separator: int16 where they fit, else int32."""
    dtype = np.dtype(np.int16 if codes.max(initial=0) <= np.iinfo(np.int16).max else np.int32)
    return codes.astype(dtype) - np.ones(1, dtype)


def _sorted_by_reading_back(codes: np.ndarray, depth: int) -> np.ndarray:
    """Return the positions of `codes`, sorted by at least the `depth` codes that end there, the last code first: int32."""
    bits = NARROW if codes.max(initial=0) < 2**NARROW else WIDE
    compared = BITS_OF_A_KEY // bits
    key = np.zeros(len(codes), dtype=np.uint64)
    for back in range(min(compared, len(codes))):
        shift = np.uint64(bits * (compared - 1 - back))
        key[back:] |= codes[: len(codes) - back].astype(np.uint64) << shift
    while compared < min(depth, len(codes)):
        rank = _dense_rank(key)
        key = rank << np.uint64(32)
        key[compared:] |= rank[:-compared]
        compared *= 2
    return np.argsort(key).astype(np.int32)


def _dense_rank(key: np.ndarray) -> np.ndarray:
    """Return the rank of each value among the distinct values: uint64, below 2**32."""
    by_value = np.argsort(key)
    in_order = key[by_value]
    rank = np.zeros(len(key), dtype=np.uint64)
    rank[by_value[1:]] = np.cumsum(in_order[1:] != in_order[:-1])
    return rank
