"""The Kneser-Ney model of one context length, saved: fit it, score text, draw text, export it to other programs.

The model is that of `kneser_ney`. It is of one context length, because its top order counts occurrences and every lower
one counts continuations: a shorter context needs another fit, and is not a part of this one. Its file is that of `counts`.
"""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnscope.cli import Stage, run, write_output
from rnnscope.corpus.scores import score_lines
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.text import as_bytes, check_characters, read_as, string_as
from rnnscope.errors import InputError
from rnnscope.ngrams import backoff
from rnnscope.ngrams.arpa import read_arpa, write_arpa
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys
from rnnscope.ngrams.counts import Counts, count_ngrams, read_counts, write_counts
from rnnscope.ngrams.smoothing import Interpolation
from rnnscope.settings.base import LONGEST_CONTEXT, check_length, check_seed
from rnnscope.settings.corpus import DEFAULT_ENCODING

log = logging.getLogger(__name__)


def kneser_ney(orders: Sequence[Counts], vocabulary: np.ndarray) -> BackoffModel:
    """Return the interpolated modified Kneser-Ney model of these counts as a back-off model.

    Parameters
    ----------
    orders
        The counts by order, from 1.
    vocabulary
        The bytes or code points of the ids, uint8 or uint32 (K,), increasing.

    Notes
    -----
    An interpolated model is a back-off model whose entries hold the interpolated P, and whose weights are gamma (Chen and
    Goodman 1999, section 2).
    """
    entries: list[Entries] = []
    probability = np.full(1, 1 / len(vocabulary))  # of the order below: at first the uniform distribution
    context = np.zeros(1, dtype=np.int64)  # likewise
    for counts in orders:
        # The suffix of h is the context of the suffix of hw. In order 1 both are the empty n-gram.
        context = entries[-1].find(context[counts.suffix], counts.first) if entries else counts.suffix
        interpolation = Interpolation(np.arange(len(counts.count)), context, context, len(probability))
        if entries:
            entries[-1].log_backoff[context] = np.log(interpolation.backoff_weights(counts.count))
        probability = interpolation.probabilities(counts.count, probability[counts.suffix])
        entries.append(Entries(keys(counts.suffix, counts.first), np.log(probability), np.zeros(len(counts.count))))
    return BackoffModel(vocabulary, entries)


def read_model(path: Path) -> BackoffModel:
    """Read a saved model, ready to score. Raises InputError as `read_counts` does."""
    return kneser_ney(*read_counts(path))


def fit(split: Path, context: int, out: Path) -> None:
    """Fit the n-gram model of one context length to the train part of a split.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    context
        Characters of context.
    out
        File of the model to write.
    """
    if not 1 <= context <= LONGEST_CONTEXT:
        raise InputError(f"--context: found {context}, expected 1 to {LONGEST_CONTEXT} characters")
    parts = read_split(split)
    vocabulary, train = parts.vocabulary, parts.part("train")
    orders = count_ngrams(list(train), len(vocabulary), context)
    write_counts(out, orders, vocabulary)
    log.info("%s: %s n-grams of the orders 1 to %d", out, f"{sum(len(c.first) for c in orders):,}", len(orders))


def score(
    text: Path, model: Path | None = None, arpa: Path | None = None, encoding: str = DEFAULT_ENCODING, lines: str = "none"
) -> None:
    """Print the mean loss of a text, nats per character, and if wanted each character.

    Parameters
    ----------
    text
        The text.
    model
        File that fit wrote; this or an ARPA file.
    arpa
        ARPA file, of this or another program.
    encoding
        Encoding of the text.
    lines
        What is printed before: none, or characters, a line each with its probability and its surprise.
    """
    check_characters("unicode", encoding)
    if lines not in ("none", "characters"):
        raise InputError(f"--lines: found {lines!r}, expected none or characters")
    chosen = _chosen_model(model, arpa)
    characters = read_as(text, chosen.vocabulary, encoding)
    log_prob = chosen.log_probabilities(chosen.encode(characters, str(text)))
    for line in score_lines(characters, log_prob, encoding) if lines == "characters" else ():
        print(line)
    print(f"{-log_prob.mean():.4f} nats per character, {len(log_prob):,} characters")


def sample(
    model: Path | None = None,
    arpa: Path | None = None,
    prime: str = "",
    length: int = 500,
    temperature: float = 1.0,
    seed: int = 1,
    encoding: str = DEFAULT_ENCODING,
    raw: bool = False,
) -> None:
    """Print text drawn from a model.

    Parameters
    ----------
    model
        File that fit wrote; this or an ARPA file.
    arpa
        ARPA file, of this or another program.
    prime
        Text that the model reads first (default: none).
    length
        Characters to draw.
    temperature
        Below 1 is more conservative, 0 takes the most probable character each time.
    seed
        Seed of what is drawn.
    encoding
        Encoding of the model's text, for a prime text of bytes.
    raw
        Write control characters to a terminal as they are.
    """
    check_characters("bytes", encoding)
    if not 0 <= temperature < math.inf:
        raise InputError(f"--temperature: found {temperature}, expected a number of at least 0")
    check_length("--length", length)
    check_seed("--seed", seed)
    chosen = _chosen_model(model, arpa)
    read = string_as(prime, chosen.vocabulary, encoding, "--prime")
    drawn = backoff.sample(chosen, chosen.encode(read, "--prime").tolist(), length, temperature, np.random.default_rng(seed))
    write_output(as_bytes(read) + as_bytes(chosen.vocabulary[drawn]) + b"\n", raw)


def export(model: Path, out: Path) -> None:
    """Write a model as ARPA, which other n-gram programs read.

    Parameters
    ----------
    model
        File that fit wrote.
    out
        ARPA file to write.
    """
    write_arpa(out, read_model(model))


def _chosen_model(model: Path | None, arpa: Path | None) -> BackoffModel:
    """Read the model that the command line names. Raises InputError unless it names exactly one."""
    if model is not None and arpa is None:
        return read_model(model)
    if arpa is not None and model is None:
        return read_arpa(arpa)
    raise InputError("--model and --arpa: expected exactly one of the two")


STAGES: dict[str, Stage] = {"fit": fit, "score": score, "sample": sample, "export": export}

if __name__ == "__main__":
    run(STAGES)
