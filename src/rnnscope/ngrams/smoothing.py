"""Interpolated modified Kneser-Ney smoothing of one order, in the notation of `kneser_ney` (Chen and Goodman 1999)."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# Where the counts of counts give no discounts: the values that KenLM falls back on (Heafield et al. 2013).
FALL_BACK_DISCOUNTS = (0.5, 1.0, 1.5)
NO_CHARACTER = np.iinfo(np.int64).max  # above every id, so that it is never the lowest of equals


def discounts(count: np.ndarray) -> np.ndarray:
    """Return D1, D2, D3+: what to subtract from the counts of n-grams counted once, twice, three times or more: float64 (3,).

    Where one of these is undefined or not positive (short or repetitive texts), all three are `FALL_BACK_DISCOUNTS`, since
    they share Y. So 0 < D(c) <= c always, and every distribution is positive and sums to 1.

    Parameters
    ----------
    count
        Counts of the n-grams of one order: integer (n-grams,), zeros allowed.

    Notes
    -----
    Chen and Goodman 1999, section 3. With n1 .. n4 the number of n-grams that were counted 1 .. 4 times,
    Y = n1 / (n1 + 2 n2), D1 = 1 - 2 Y n2 / n1, D2 = 2 - 3 Y n3 / n2, D3+ = 3 - 4 Y n4 / n3.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(count == times)) for times in (1, 2, 3, 4))
    if n1 and n2 and n3:
        Y = Fraction(n1, n1 + 2 * n2)  # exact, because rounding must not decide whether a discount is positive
        estimated = (1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3)
        if min(estimated) > 0:
            return np.array(estimated, dtype=np.float64)
    return np.array(FALL_BACK_DISCOUNTS)


def falls_back(count: np.ndarray) -> bool:
    """Return whether the discounts of these counts are `FALL_BACK_DISCOUNTS`; `count` as in `discounts`."""
    return tuple(discounts(count)) == FALL_BACK_DISCOUNTS


@dataclass(frozen=True)
class MostLikely:
    """The most likely character after each requested context of one order, and what the order above needs to find its own.

    Parameters
    ----------
    probability
        P(w | h) of every n-gram hw of the order whose context was requested: float64 (n-grams,); of others without meaning.
    character
        The id of the most likely character after each requested context, the lowest of equals: int64 (requested,).
    of_character
        Its probability: float64 (requested,).
    """

    probability: np.ndarray
    character: np.ndarray
    of_character: np.ndarray

    @classmethod
    def uniform(cls, requested: int, K: int) -> "MostLikely":
        """Return that of order 0, below order 1: K equally likely characters."""
        return cls(np.full(1, 1 / K), np.zeros(requested, dtype=np.int64), np.full(requested, 1 / K))


class Interpolation:
    """One order of the model: the requested n-grams hw, and all that share a context with one of them.

    To score a text, few n-grams are requested: most contexts of a high order occur only in training, and to sum over them
    all would be most of the work.

    Parameters
    ----------
    ngram, context
        The numbers of each hw and of its h: integer (requested,).
    context_of
        The number of every n-gram's context: integer (n-grams,).
    contexts
        How many contexts there are.
    """

    def __init__(self, ngram: np.ndarray, context: np.ndarray, context_of: np.ndarray, contexts: int) -> None:
        self._ngram = ngram
        self._context = context
        needed = np.zeros(contexts, dtype=bool)
        needed[context] = True
        self._followers = np.flatnonzero(needed[context_of])  # every hv
        self._followed = context_of[self._followers]  # and its h

    def probabilities(self, count: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Return P(w | h) of each hw: float64 (requested,).

        Parameters
        ----------
        count
            Occurrences or continuation counts: integer (n-grams,).
        lower
            P(w | h'), like the result.
        """
        D = np.array([0, *discounts(count)])
        total, discounted = self._sums(count, D)
        return _interpolated(count[self._ngram], D, total, discounted, lower)

    def most_likely(self, count: np.ndarray, lower: MostLikely, suffix: np.ndarray, last: np.ndarray) -> MostLikely:
        """Return the most likely character after each h.

        Parameters
        ----------
        count
            As in `probabilities`.
        lower
            That of the order below.
        suffix
            The number of every n-gram's suffix, it without its first character, in the order below: integer (n-grams,).
        last
            The id of every n-gram's last character, negative for what is no character: integer (n-grams,).

        Notes
        -----
        A character that never follows h has the probability gamma(h) P(w | h'), so that none of them is more likely than
        gamma(h) times the most likely one after h'. The characters that follow h, and that one, are all that need a look.
        """
        D = np.array([0, *discounts(count)])
        following = count[self._followers]
        total = np.bincount(self._followed, weights=following)
        discounted = np.bincount(self._followed, weights=D[np.minimum(following, 3)])
        of_context = total[self._followed], discounted[self._followed]
        found = _interpolated(following, D, *of_context, lower.probability[suffix[self._followers]])
        probability = np.zeros(len(count))
        probability[self._followers] = found

        character = last[self._followers].astype(np.int64)
        is_character = character >= 0
        followed, found, character = self._followed[is_character], found[is_character], character[is_character]
        none = np.zeros(len(self._context), dtype=count.dtype)
        inherited = _interpolated(none, D, total[self._context], discounted[self._context], lower.of_character)
        highest = np.zeros(len(total))
        highest[self._context] = inherited  # the same for all that share a context
        np.maximum.at(highest, followed, found)
        of_character = highest[self._context]
        best = np.full(len(total), NO_CHARACTER)
        best[self._context] = np.where(inherited == of_character, lower.character, NO_CHARACTER)
        equal = found == highest[followed]
        np.minimum.at(best, followed[equal], character[equal])
        return MostLikely(probability, best[self._context], of_character)

    def backoff_weights(self, count: np.ndarray) -> np.ndarray:
        """Return gamma(h) of each hw, 1 where h was never seen: float64 (requested,). `count` as in `probabilities`."""
        total, discounted = self._sums(count, np.array([0, *discounts(count)]))
        return np.where(total > 0, discounted / np.maximum(total, 1), 1)

    def _sums(self, count: np.ndarray, D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums of c(hv) and of D(c(hv)) over all v: float64 (requested,) each."""
        following = count[self._followers]
        return self._sum_in_context(following), self._sum_in_context(D[np.minimum(following, 3)])

    def _sum_in_context(self, value: np.ndarray) -> np.ndarray:
        """Return the sum of a value over all v that follow each h: float64 (requested,)."""
        sums = np.bincount(self._followed, weights=value)  # long enough for every h: a requested n-gram follows it
        return sums[self._context]


def _interpolated(count: np.ndarray, D: np.ndarray, total: np.ndarray, discounted: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return P(w | h) from c(hw), the discounts of 0, 1, 2, 3 and more, the sums over all hv of c and of D(c), and P(w | h')."""
    kept = count - D[np.minimum(count, 3)]
    # Where the context is unseen, total, discounted and kept are 0.
    return np.where(total > 0, (kept + discounted * lower) / np.maximum(total, 1), lower)
