"""Back-off n-gram models: score a text, give the distribution over the next character, draw text.

With h' the context h without its first character and hw an n-gram,

    P(w | h) = P of the entry hw, where there is one; else b(h) P(w | h'), with b(h) = 1 where h has no entry.

An interpolated model is one too: its entries hold the interpolated P, and b(h) is the weight gamma(h) of the lower order.

The entries are kept as KenLM's trie keeps them (Heafield 2011, "KenLM: faster and smaller language model queries"), from
right to left: an n-gram is found under its suffix, the n-gram without its first character, by that first character.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnscope.corpus.text import CODE_POINTS
from rnnscope.errors import InputError

BITS_OF_A_CODE = 17  # ids of 16 bits, one for an unknown character, and -1
BLOCK = 2**20  # characters scored at a time
SPACE = ord(" ")
UNKNOWN = -1  # the id of a character that the model does not know


@dataclass(frozen=True)
class Entries:
    """The n-grams of one order, sorted by the number of their suffix among those of the order below, then by first character.

    An n-gram's number is its index here. Order 1 holds every symbol, and a symbol's number is its id.

    Parameters
    ----------
    key
        `keys` of suffix and first character, increasing: int64 (n-grams,).
    log_prob
        log P(w | h), nats: float64 (n-grams,).
    log_backoff
        log b of the n-gram as a context, nats: float64 (n-grams,).
    """

    key: np.ndarray
    log_prob: np.ndarray
    log_backoff: np.ndarray

    @property
    def suffix(self) -> np.ndarray:
        """The number of each n-gram's suffix in the order below, 0 (the empty n-gram) in order 1: int64 (n-grams,)."""
        return self.key >> BITS_OF_A_CODE

    @property
    def first(self) -> np.ndarray:
        """The id of each n-gram's first character: int64 (n-grams,)."""
        return (self.key & (2**BITS_OF_A_CODE - 1)) - 1

    def find(self, suffix: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return the number of each n-gram, -1 where there is none.

        Parameters
        ----------
        suffix, first
            Numbers of the suffixes and ids of the first characters: integers that broadcast, -1 for what is absent.
        """
        wanted = keys(suffix, first)
        index = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where(self.key[index] == wanted, index, -1)


class BackoffModel:
    """A back-off model of characters.

    Parameters
    ----------
    vocabulary
        The bytes or code points it knows, uint8 or uint32 (K,), increasing; the id of one is its index.
    entries
        Those of order 1, 2, ...; none of them is empty, and every suffix of an entry is an entry.
    unknown
        Whether order 1 has, after the K characters, a symbol for all others.
    """

    def __init__(self, vocabulary: np.ndarray, entries: Sequence[Entries], unknown: bool = False) -> None:
        self.vocabulary = vocabulary
        self.entries = entries
        size = 256 if vocabulary.dtype == np.uint8 else CODE_POINTS
        self._id_of = np.full(size, len(vocabulary) if unknown else UNKNOWN, dtype=np.int32)
        self._id_of[vocabulary] = np.arange(len(vocabulary))

    def encode(self, text: np.ndarray, name: str) -> np.ndarray:
        """Return the ids of a text's characters: int32 (characters,).

        Parameters
        ----------
        text
            Bytes or code points, as the vocabulary has them, uint8 or uint32 (characters,).
        name
            How messages call the text.

        Raises
        ------
        InputError
            If the model does not know a character: its first occurrence is named.
        """
        if (self._id_of[SPACE] == len(self.vocabulary)) and (text == SPACE).any():
            position = int(np.argmax(text == SPACE))
            raise InputError(
                f"{name}: found a space at position {position}, for which the model has no word such as <20> or <space>"
            )
        ids = self._id_of[text]
        if (ids == UNKNOWN).any():
            position = int(np.argmax(ids == UNKNOWN))
            found, known = int(text[position]), len(self.vocabulary)
            kind, spelled = ("byte", repr(bytes([found]))) if text.dtype == np.uint8 else ("character", repr(chr(found)))
            raise InputError(
                f"{name}: found the {kind} {spelled} at position {position}, expected one of the model's {known} {kind}s"
            )
        return ids

    def log_probabilities(self, text: np.ndarray) -> np.ndarray:
        """Return log P of each character given those before it, nats: float64 (characters,).

        `text` are ids, integer (characters,).
        """
        longest = len(self.entries) - 1
        padded = np.concatenate([np.full(longest, UNKNOWN, dtype=np.int32), text])
        log_prob = np.empty(len(text))
        for start in range(0, len(text), BLOCK):
            block = slice(start, min(start + BLOCK, len(text)))
            before = [padded[block.start + longest - back : block.stop + longest - back] for back in range(1, longest + 1)]
            log_prob[block] = self._log_prob(text[block], before)
        return log_prob

    def distribution(self, context: Sequence[int]) -> np.ndarray:
        """Return log P of every character of the vocabulary after a context of ids, nats: float64 (K,)."""
        longest = len(self.entries) - 1
        before = [np.array(character) for character in reversed(context[max(len(context) - longest, 0) :])]
        return self._log_prob(np.arange(len(self.vocabulary)), before)

    def _log_prob(self, characters: np.ndarray, before: Sequence[np.ndarray]) -> np.ndarray:
        """Return log P of characters, given those 1, 2, ... positions before (-1: none); all integer (m,) or, `before`, ()."""
        log_prob = self.entries[0].log_prob[characters]
        ngram, context = characters, np.array(0)  # hw and h, of one order more in every round
        for lower, entries, character in zip(self.entries, self.entries[1:], before, strict=False):
            context = lower.find(context, character)
            ngram = entries.find(ngram, character)
            backed_off = log_prob + np.where(context >= 0, lower.log_backoff[context], 0)
            log_prob = np.where(ngram >= 0, entries.log_prob[ngram], backed_off)
        return log_prob


def keys(suffix: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return one integer for each n-gram: its suffix's in the high bits, its first character's code in the low: int64."""
    return (np.asarray(suffix, dtype=np.int64) << BITS_OF_A_CODE) | (np.asarray(first, dtype=np.int64) + 1)


def sample(model: BackoffModel, prime: Sequence[int], length: int, temperature: float, random: np.random.Generator) -> list[int]:
    """Draw the characters that follow a text.

    Parameters
    ----------
    model
        The model to draw from.
    prime
        Ids of the text.
    length
        Characters to draw.
    temperature
        They are drawn from P ** (1 / temperature), normalised; 0 takes the most probable character each time.
    random
        Source of randomness.

    Returns
    -------
    list of int
        Their ids.
    """
    text = list(prime)
    for _ in range(length):
        log_prob = model.distribution(text[-len(model.entries) :])
        if temperature == 0:
            text.append(int(log_prob.argmax()))
        else:
            weight = np.exp((log_prob - log_prob.max()) / temperature)
            text.append(int(random.choice(len(weight), p=weight / weight.sum())))
    return text[len(prime) :]
