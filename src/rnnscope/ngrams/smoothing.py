"""Interpolated modified Kneser-Ney smoothing of one order, in the notation of `kneser_ney` (Chen and Goodman 1999)."""

from fractions import Fraction

import numpy as np

# Where the counts of counts give no discounts: the values that KenLM falls back on (Heafield et al. 2013).
FALL_BACK_DISCOUNTS = (0.5, 1.0, 1.5)


def discounts(count: np.ndarray) -> np.ndarray:
    """D1, D2, D3+: what to take off n-grams that were counted once, twice, three times or more, float64 (3,).

    count: integer (n-grams,), zeros allowed. With n1 .. n4 the number of n-grams that were counted 1 .. 4 times (Chen
    and Goodman 1999, section 3): Y = n1 / (n1 + 2 n2), D1 = 1 - 2 Y n2 / n1, D2 = 2 - 3 Y n3 / n2, D3+ = 3 - 4 Y n4 / n3.
    Where one of these is undefined or not positive (short or repetitive texts), the order takes `FALL_BACK_DISCOUNTS`,
    all three, for they share Y. So 0 < D(c) <= c always, and every distribution is positive and sums to 1.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(count == times)) for times in (1, 2, 3, 4))
    if n1 and n2 and n3:
        Y = Fraction(n1, n1 + 2 * n2)  # exact, because rounding must not decide whether a discount is positive
        estimated = (1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3)
        if min(estimated) > 0:
            return np.array(estimated, dtype=np.float64)
    return np.array(FALL_BACK_DISCOUNTS)


class Interpolation:
    """One order of the model: the n-grams hw that are asked for, and all that share a context with one of them.

    ngram, context: integer (asked,), the numbers of each hw and of its h. context_of: integer (n-grams,), the number of
    every n-gram's context. contexts: how many contexts there are. To score a text, few n-grams are asked for: most contexts
    of a high order are seen in training alone, and to sum over them all would be most of the work.
    """

    def __init__(self, ngram: np.ndarray, context: np.ndarray, context_of: np.ndarray, contexts: int) -> None:
        self._ngram = ngram
        self._context = context
        needed = np.zeros(contexts, dtype=bool)
        needed[context] = True
        self._followers = np.flatnonzero(needed[context_of])  # every hv
        self._followed = context_of[self._followers]  # and its h

    def probabilities(self, count: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """P(w | h) of each hw: float64 (asked,).

        count: integer (n-grams,), occurrences or continuation counts. lower: P(w | h'), like the result.
        """
        D = np.array([0, *discounts(count)])
        own = count[self._ngram]
        kept = own - D[np.minimum(own, 3)]
        total, discounted = self._sums(count, D)
        # Where the context is unseen, total, discounted and kept are 0.
        return np.where(total > 0, (kept + discounted * lower) / np.maximum(total, 1), lower)

    def backoff_weights(self, count: np.ndarray) -> np.ndarray:
        """gamma(h) of each hw, 1 where h was never seen: float64 (asked,). count: as above."""
        total, discounted = self._sums(count, np.array([0, *discounts(count)]))
        return np.where(total > 0, discounted / np.maximum(total, 1), 1)

    def _sums(self, count: np.ndarray, D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The sums of c(hv) and of D(c(hv)) over all v: float64 (asked,) each."""
        following = count[self._followers]
        return self._sum_in_context(following), self._sum_in_context(D[np.minimum(following, 3)])

    def _sum_in_context(self, value: np.ndarray) -> np.ndarray:
        """The sum of a value over all v that follow each h: float64 (asked,)."""
        sums = np.bincount(self._followed, weights=value)  # reaches every h: an n-gram that is asked for follows it
        in_order: np.ndarray = sums[self._context]
        return in_order
