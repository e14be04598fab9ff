"""Modified Kneser-Ney smoothing written straight from Chen and Goodman 1999, with dictionaries and exact fractions."""

from collections import Counter
from fractions import Fraction

FALL_BACK = (Fraction(1, 2), Fraction(1), Fraction(3, 2))


def occurrences(streams, order):
    """How often each n-gram of one order occurs inside a stream."""
    return Counter(tuple(stream[i : i + order]) for stream in streams for i in range(len(stream) - order + 1))


def continuations(streams, order):
    """With how many distinct characters before it each n-gram of one order occurs."""
    return Counter(ngram[1:] for ngram in occurrences(streams, order + 1))


def discounts(counts):
    """D1, D2, D3+ of one order, and whether they are estimated."""
    n1, n2, n3, n4 = (sum(1 for count in counts.values() if count == times) for times in (1, 2, 3, 4))
    if 0 in (n1, n2, n3):
        return FALL_BACK, False
    Y = Fraction(n1, n1 + 2 * n2)
    D1 = 1 - 2 * Y * Fraction(n2, n1)
    D2 = 2 - 3 * Y * Fraction(n3, n2)
    D3 = 3 - 4 * Y * Fraction(n4, n3)
    if not (0 < D1 <= 1 and 0 < D2 <= 2 and 0 < D3 <= 3):
        return FALL_BACK, False
    return (D1, D2, D3), True


class Model:
    """The (n+1)-gram model of horizon n."""

    def __init__(self, streams, K, n):
        self.K = K
        self.n = n
        self.counts = {order: continuations(streams, order) for order in range(1, n + 1)}
        self.counts[n + 1] = occurrences(streams, n + 1)
        self.discounts = {order: discounts(counts) for order, counts in self.counts.items()}

    def probability(self, character, context):
        """P(character | the last n characters of context)."""
        context = tuple(context)[max(len(context) - self.n, 0) :]
        return self._probability(character, context)

    def _probability(self, character, context):
        order = len(context) + 1
        shorter = self._probability(character, context[1:]) if context else Fraction(1, self.K)
        counts = self.counts[order]
        D1, D2, D3 = self.discounts[order][0]
        following = [counts[(*context, other)] for other in range(self.K)]
        if sum(following) == 0:
            return shorter
        N1 = sum(1 for count in following if count == 1)
        N2 = sum(1 for count in following if count == 2)
        N3 = sum(1 for count in following if count >= 3)
        gamma = (D1 * N1 + D2 * N2 + D3 * N3) / sum(following)
        own = counts[(*context, character)]
        discount = 0 if own == 0 else (D1, D2, D3)[min(own, 3) - 1]
        return (own - discount) / sum(following) + gamma * shorter
