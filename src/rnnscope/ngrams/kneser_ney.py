"""n-gram models with interpolated modified Kneser-Ney smoothing, all context lengths in one pass (paper section 4, T2).

The model of context length n predicts a character from the n before it: the unpruned (n+1)-gram model of Chen and Goodman
1999, "An empirical study of smoothing techniques for language modeling". With h the context of a character w, h' the
context without its first character, c the counts of one order and D its discounts,

    P(w | h) = (c(hw) - D(c(hw))) / sum_v c(hv) + gamma(h) P(w | h'),   gamma(h) = sum_v D(c(hv)) / sum_v c(hv),

and P(w | h) = P(w | h') where h was never seen. Below order 1 is the uniform distribution over the K characters.
At the model's top order c is the number of occurrences; at every lower order it is the continuation count, the number
of distinct characters that precede hw. The lower orders are the same for every n: they are built once, and each model
adds its own top.

Counts are of n-grams inside one training stream, its last target included; what precedes a stream is not known. An
n-gram seen only at the start of a stream thus has the continuation count 0, like one never seen.

The test characters (the targets of the test part) are scored as one text, stream after stream, so the first n contexts
of a stream reach into the stream before it. This reproduces the numbers of the paper. With each stream's true past, which
is in the validation part and which a recurrent network does not see either, the loss on War and Peace would be lower by
0.001 nats (n = 1) to 0.004 (n >= 4). The validation characters are scored likewise, as another text.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.ngrams.smoothing import Interpolation, MostLikely, discounts, falls_back
from rnnscope.ngrams.sorted_text import SortedText, continuation_counts
from rnnscope.progress import progress
from rnnscope.settings.training import NGrams, ReferenceNGram
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path, validation_path, write_predictions
from rnnscope.storage.tables import Table

COUNTS = Table(
    "analyses/ngram_counts.csv",
    "One row an n-gram model: what it counted in the train part.",
    (
        Column("n", "integer", "characters of context: the model of orders 1 to n + 1"),
        Column("ngrams", "integer", "distinct n-grams of the orders 1 to n + 1 in the train part"),
        Column("discount_1", "number", "discount of n-grams of the top order that were counted once"),
        Column("discount_2", "number", "the same of those counted twice"),
        Column("discount_3", "number", "the same of those counted three times or more"),
        Column(
            "fall_back_orders",
            "integer",
            "orders of the model whose counts of counts give no discounts, as of a short text: theirs are 0.5, 1 and 1.5",
        ),
    ),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """What the n-gram model of one context length says of the scored text.

    Parameters
    ----------
    n
        Characters of context.
    log_prob
        Of each scored character, nats, float64 (characters,).
    predicted
        Id of the most likely character where it stands, int64 (characters,).
    discounts
        D1, D2, D3+ of the top order, float64 (3,).
    ngrams
        Distinct n-grams of the orders 1 to n + 1 in the training streams.
    fall_back_orders
        Orders whose discounts are the fall-back ones.
    """

    n: int
    log_prob: np.ndarray
    predicted: np.ndarray
    discounts: np.ndarray
    ngrams: int
    fall_back_orders: int


def log_probabilities(train: Sequence[np.ndarray], scored: Sequence[np.ndarray], K: int, contexts: range) -> Iterator[Scores]:
    """Score every character of a text under the models of several context lengths, counted in the training streams.

    Parameters
    ----------
    train
        Character ids, an integer array of one dimension for each stream.
    scored
        Texts, likewise; a character's context does not reach over the start of its text.
    K
        Size of the vocabulary; every id is below it.
    contexts
        The context lengths n: positive and increasing.

    Yields
    ------
    Scores
        Of each context length in turn.
    """
    highest = contexts[-1] + 1
    text = SortedText(train, scored, highest)
    shorter = text.empty_ngram()
    ngrams = text.extend_to_the_left(shorter)
    lower = np.full(len(text.scored), 1 / K)
    most_likely = MostLikely.uniform(len(text.scored), K)
    distinct = fallen_back = 0
    for order in range(1, highest + 1):
        ngram, context = ngrams.number[text.scored], shorter.number[text.previous[text.scored]]
        interpolation = Interpolation(ngram, context, text.contexts_of(ngrams, shorter), len(shorter.first))
        distinct += int(np.count_nonzero(ngrams.count))
        suffix, last = shorter.number[ngrams.first], text.last_characters(ngrams)
        if order - 1 in contexts:
            top = interpolation.probabilities(ngrams.count, lower)
            predicted = interpolation.most_likely(ngrams.count, most_likely, suffix, last).character
            of_top = fallen_back + falls_back(ngrams.count)
            yield Scores(order - 1, np.log(top), predicted, discounts(ngrams.count), distinct, of_top)
        if order < highest:
            extended = text.extend_to_the_left(ngrams)
            continuations = continuation_counts(ngrams, extended)
            lower = interpolation.probabilities(continuations, lower)
            most_likely = interpolation.most_likely(continuations, most_likely, suffix, last)
            fallen_back += falls_back(continuations)
            shorter, ngrams = ngrams, extended


def main(split: Path, ngrams: NGrams, reference: ReferenceNGram, counts: Path, predictions_folder: Path) -> None:
    """Score the test part with modified Kneser-Ney n-gram models of all context lengths, the validation part with one of them.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    ngrams
        The longest context.
    reference
        The model that scores the validation part too: what is mixed with it is tuned there.
    counts
        CSV to write: a row a model.
    predictions_folder
        Folder to write ngram-<n>.parquet in, a row a test character, and validation/ngram-<n>.parquet of the one model.

    Raises
    ------
    InputError
        If the split is not readable, or the one model is not among the others.
    """
    contexts = range(1, ngrams.longest_context + 1)
    if reference.ngram not in contexts:
        raise InputError(f"--ngram: found {reference.ngram}, expected at most --longest-context, {ngrams.longest_context}")
    parts = read_split(split)
    K, train = len(parts.vocabulary), parts.part("train")
    scored = {name: parts.part(name) for name in ("test", "validation")}
    rows = []
    with progress("Kneser-Ney", len(contexts), "models") as advance:
        texts = [part[:, 1:].ravel() for part in scored.values()]
        for scores in log_probabilities(list(train), texts, K, contexts):
            of_part = dict(zip(scored, _split_scores(scores, list(scored.values())), strict=True))
            model = f"ngram-{scores.n}"
            write_predictions(predictions_path(predictions_folder, model), scored["test"], *of_part["test"])
            if scores.n == reference.ngram:
                write_predictions(validation_path(predictions_folder, model), scored["validation"], *of_part["validation"])
            rows.append((scores.n, scores.ngrams, *scores.discounts, scores.fall_back_orders))
            loss = -of_part["test"][0].mean()
            log.info("n = %d: test loss %.4f nats per character, %s n-grams", scores.n, loss, f"{scores.ngrams:,}")
            advance(1)
    COUNTS.write(pd.DataFrame(rows, columns=COUNTS.names), counts)


def _split_scores(scores: Scores, parts: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the log-probabilities and the most likely characters of each part, ids (streams, steps + 1): (streams, steps)."""
    ends = np.cumsum([part[:, 1:].size for part in parts])[:-1]
    pieces = zip(np.split(scores.log_prob, ends), np.split(scores.predicted, ends), parts, strict=True)
    return [(log_prob.reshape(len(part), -1), predicted.reshape(len(part), -1)) for log_prob, predicted, part in pieces]


if __name__ == "__main__":
    run(main)
