"""n-gram models with interpolated modified Kneser-Ney smoothing, all horizons in one pass (paper section 4, T2).

The model of horizon n predicts a character from the n before it: the unpruned (n+1)-gram model of Chen and Goodman
1999, "An empirical study of smoothing techniques for language modeling". With h the context of a character w, h' the
context without its first character, c the counts of one order and D its discounts,

    P(w | h) = (c(hw) - D(c(hw))) / sum_v c(hv) + gamma(h) P(w | h'),   gamma(h) = sum_v D(c(hv)) / sum_v c(hv),

and P(w | h) = P(w | h') where h was never seen. Below order 1 stands the uniform distribution over the K characters.
At the model's top order c is the number of occurrences; at every lower order it is the continuation count, the number
of distinct characters that precede hw. The lower orders are the same for every n: they are built once, and each horizon
adds its own top.

Counts are of n-grams inside one training stream, its last target included; what precedes a stream is not known. An
n-gram seen at the start of a stream alone thus has the continuation count 0, like one never seen.

The test characters (the targets of the test part) are scored as one text, stream after stream, so the first n contexts
of a stream reach into the stream before it. This is how the figures of the paper come about: with each stream's true
past, which lies in the validation part and which a recurrent network does not see either, War and Peace comes out lower
by 0.001 nats (n = 1) to 0.004 (n >= 4).
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.baselines.ngrams import SortedText, continuation_counts
from rnnscope.bootstrap import bootstrap_standard_deviations
from rnnscope.command import integer_range, run
from rnnscope.corpus.split import read_part, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.predictions import write_predictions
from rnnscope.progress import progress
from rnnscope.tables import write_csv

# Where the counts of counts give no discounts: the values that KenLM falls back on (Heafield et al. 2013).
FALL_BACK_DISCOUNTS = (0.5, 1.0, 1.5)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """What the model of one horizon says of the scored text."""

    horizon: int
    log_prob: np.ndarray  # float64 (characters,): of each scored character, nats
    discounts: np.ndarray  # float64 (3,): D1, D2, D3+ of the top order
    ngrams: int  # distinct n-grams of the orders 1 to horizon + 1 in the training streams


def log_probabilities(train: Sequence[np.ndarray], scored: Sequence[np.ndarray], K: int, horizons: range) -> Iterator[Scores]:
    """Score every character of a text under the models of several horizons, counted in the training streams.

    train: character ids, an integer array of one dimension for each stream. scored: texts, likewise; a character's
    context does not reach over the start of its text. K: size of the vocabulary, every id is below it. horizons:
    positive and rising. Yields the scores of each horizon in turn.
    """
    highest = horizons[-1] + 1
    text = SortedText(train, scored, highest)
    shorter = text.empty_ngram()
    ngrams = text.extend_to_the_left(shorter)
    lower = np.full(len(text.scored), 1 / K)
    distinct = 0
    for order in range(1, highest + 1):
        ngram, context = ngrams.number[text.scored], shorter.number[text.previous[text.scored]]
        interpolation = Interpolation(ngram, context, text.contexts_of(ngrams, shorter), len(shorter.first))
        distinct += int(np.count_nonzero(ngrams.count))
        if order - 1 in horizons:
            top = interpolation.probabilities(ngrams.count, lower)
            yield Scores(order - 1, np.log(top), discounts(ngrams.count), distinct)
        if order < highest:
            extended = text.extend_to_the_left(ngrams)
            lower = interpolation.probabilities(continuation_counts(ngrams, extended), lower)
            shorter, ngrams = ngrams, extended


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


def read_characters(directory: Path, part: str, K: int) -> np.ndarray:
    """Read one part of a split, uint8 (streams, steps + 1). Raises InputError when an id is beyond the vocabulary."""
    ids = read_part(directory, part)
    if ids.max() >= K:
        raise InputError(f"{directory / part}.npy: found the id {ids.max()}, expected ids below {K}, the size of the vocabulary")
    return ids


def main() -> None:
    """Fit and score the n-gram models of one split."""
    parser = argparse.ArgumentParser(description="Score the test part with modified Kneser-Ney n-gram models.")
    parser.add_argument("--split", type=Path, required=True, help="folder of the split")
    parser.add_argument("--horizons", type=integer_range, required=True, help="characters of context, such as 1-20")
    parser.add_argument("--losses", type=Path, required=True, help="table to write: a row a horizon (CSV)")
    parser.add_argument("--predictions", type=Path, help="folder to write ngram-<n>.parquet in; left out: none")
    parser.add_argument("--bootstrap-samples", type=int, default=100, help="for the loss's standard deviation")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap samples")
    arguments = parser.parse_args()

    if arguments.bootstrap_samples < 2:
        raise InputError(f"--bootstrap-samples: found {arguments.bootstrap_samples}, expected at least 2")
    horizons: range = arguments.horizons
    K = len(read_vocabulary(arguments.split))
    train = read_characters(arguments.split, "train", K)
    test = read_characters(arguments.split, "test", K)
    targets = test[:, 1:]

    rows = []
    log_prob = np.empty((len(horizons), targets.size), dtype=np.float32)
    with progress("Kneser-Ney", len(horizons), "horizons") as advance:
        for index, scores in enumerate(log_probabilities(list(train), [targets.ravel()], K, horizons)):
            log_prob[index] = scores.log_prob
            if arguments.predictions:
                path = arguments.predictions / f"ngram-{scores.horizon}.parquet"
                write_predictions(path, test, log_prob[index].reshape(targets.shape))
            loss = -scores.log_prob.mean()
            rows.append((scores.horizon, loss, scores.ngrams, *scores.discounts))
            log.info("n = %d: test loss %.4f nats per character, %s n-grams", scores.horizon, loss, f"{scores.ngrams:,}")
            advance(1)
    table = pd.DataFrame(rows, columns=["n", "test_loss", "ngrams", "discount_1", "discount_2", "discount_3"])
    deviation = bootstrap_standard_deviations(log_prob, arguments.bootstrap_samples, arguments.seed)
    table.insert(2, "test_loss_standard_deviation", deviation)
    write_csv(table, arguments.losses)


if __name__ == "__main__":
    run(main)
