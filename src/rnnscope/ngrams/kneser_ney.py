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
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import bootstrap_standard_deviations
from rnnscope.cli import integer_range, run
from rnnscope.corpus.split import read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.ngrams.smoothing import Interpolation, discounts
from rnnscope.ngrams.sorted_text import SortedText, continuation_counts
from rnnscope.progress import progress
from rnnscope.storage.predictions import write_predictions
from rnnscope.storage.tables import write_csv

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
