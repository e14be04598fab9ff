"""The Kneser-Ney model of one horizon as a thing to keep: fit and save it, score text, draw text, hand it to other programs.

python -m rnnscope.ngrams.ngram_model fit --split DIR --horizon 5 --out FILE
python -m rnnscope.ngrams.ngram_model score --model FILE --text FILE
python -m rnnscope.ngrams.ngram_model sample --model FILE --prime "The " --length 300 --seed 1
python -m rnnscope.ngrams.ngram_model export --model FILE --out FILE.arpa
python -m rnnscope.ngrams.ngram_model score --arpa FILE.arpa --text FILE

The model is that of `kneser_ney`; it stands for one horizon, because its top order counts occurrences and every lower one
counts continuations: a smaller horizon is another fit, not a part of this one.

The file is a parquet table with a row an n-gram that occurs in training (and one for each character that does not), lower
orders first. Within an order, n-grams are sorted by their last byte, then the one before it, and so on. Columns:

    order       int16   characters of the n-gram
    byte        uint8   its first byte; the n-gram without it is its suffix, a row of the order below
    extensions  uint16  rows of the next order that have this n-gram as their suffix; they stand together, in this order
    count       int32   in the top order occurrences, in the others the number of distinct bytes that precede the n-gram

The counts are all there is: probabilities follow from them, and are worked out when the file is read. The metadata key
`rnnscope` holds the SHA-256 of the columns, so that damage is found whatever part of the file it is in.
"""

import argparse
import hashlib
import itertools
import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.cli import run
from rnnscope.corpus.split import open_text, read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.ngrams.arpa import read_arpa, write_arpa
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys, sample
from rnnscope.ngrams.smoothing import Interpolation
from rnnscope.ngrams.sorted_text import SortedText, continuation_counts
from rnnscope.storage.parquet import read_parquet, write_parquet

SCHEMA = pa.schema([("order", pa.int16()), ("byte", pa.uint8()), ("extensions", pa.uint16()), ("count", pa.int32())])
LONGEST_HORIZON = 1000  # characters; far beyond any use

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counts:
    """The n-grams of one order, sorted as the rows of the file; an n-gram's number is its place.

    Order 1 holds all K characters, seen or not, and its only suffix is the empty n-gram, number 0.
    """

    suffix: np.ndarray  # int32 (n-grams,): number of the n-gram without its first character, in the order below; rising
    first: np.ndarray  # int16 (n-grams,): id of the first character
    count: np.ndarray  # int32 (n-grams,): occurrences in the top order, distinct characters before it in the others


def count_ngrams(train: Sequence[np.ndarray], K: int, horizon: int) -> list[Counts]:
    """Count for the model of one horizon, a list by order; orders beyond the longest stream are left out.

    train: character ids, an integer array of one dimension for each stream. K: size of the vocabulary, every id is below it.
    """
    text = SortedText(train, [], horizon + 1)
    shorter = text.empty_ngram()
    ngrams = text.extend_to_the_left(shorter)
    number = np.zeros(1, dtype=np.int32)  # of each n-gram of the order below among those that are kept
    orders: list[Counts] = []
    for order in range(1, horizon + 2):
        is_top = order > horizon
        extended = ngrams if is_top else text.extend_to_the_left(ngrams)
        count = ngrams.count if is_top else continuation_counts(ngrams, extended)
        occurring = np.flatnonzero(ngrams.count)
        first, count = text.first_characters(ngrams)[occurring], count[occurring]
        suffix = number[shorter.number[ngrams.first[occurring]]]
        number = np.full(len(ngrams.first), -1, dtype=np.int32)
        if order == 1:
            number[occurring] = first
            of_all = np.zeros(K, dtype=np.int32)
            of_all[first] = count
            orders.append(Counts(np.zeros(K, dtype=np.int32), np.arange(K, dtype=np.int16), of_all))
        elif len(occurring):
            number[occurring] = np.arange(len(occurring))
            orders.append(Counts(suffix, first, count))
        else:
            break
        shorter, ngrams = ngrams, extended
    return orders


def kneser_ney(orders: Sequence[Counts], vocabulary: np.ndarray) -> BackoffModel:
    """The interpolated modified Kneser-Ney model of these counts as a back-off model. vocabulary: uint8 (K,), rising."""
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


def write_counts(path: Path, orders: Sequence[Counts], vocabulary: np.ndarray) -> None:
    """Write the file of a model, whole or not at all."""
    pairs = itertools.pairwise(orders)
    extensions = [np.bincount(above.suffix, minlength=len(counts.first)) for counts, above in pairs]
    columns = {
        "order": np.repeat(np.arange(1, len(orders) + 1, dtype=np.int16), [len(counts.first) for counts in orders]),
        "byte": vocabulary[np.concatenate([counts.first for counts in orders])],
        "extensions": np.concatenate([*extensions, np.zeros(len(orders[-1].first))]).astype(np.uint16),
        "count": np.concatenate([counts.count for counts in orders]),
    }
    table = pa.table(columns, schema=SCHEMA)
    write_parquet(table.replace_schema_metadata({"rnnscope": _digest(columns)}), path)


def read_counts(path: Path) -> tuple[list[Counts], np.ndarray]:
    """Read what `write_counts` wrote: the counts by order, and the vocabulary, uint8 (K,).

    Raises InputError naming the file when it is missing, truncated, damaged or something else.
    """
    table = read_parquet(path, SCHEMA.names)
    columns = {name: table[name].to_numpy() for name in SCHEMA.names}
    if not table.schema.equals(SCHEMA) or (table.schema.metadata or {}).get(b"rnnscope") != _digest(columns).encode():
        raise InputError(f"{path}: the columns do not fit their SHA-256: no n-gram model, or a damaged one; fit it again")
    bounds = np.flatnonzero(np.diff(columns["order"])) + 1
    byte, extensions, count = (np.split(columns[name], bounds) for name in ("byte", "extensions", "count"))
    vocabulary = byte[0]
    id_of = np.zeros(256, dtype=np.int16)
    id_of[vocabulary] = np.arange(len(vocabulary))
    suffixes = [np.zeros(len(vocabulary), dtype=np.int32)]
    suffixes += [np.repeat(np.arange(len(below), dtype=np.int32), below) for below in extensions[:-1]]
    return [Counts(suffix, id_of[of], c) for suffix, of, c in zip(suffixes, byte, count, strict=True)], vocabulary


def _digest(columns: dict[str, np.ndarray]) -> str:
    """SHA-256 of the columns' values one after another, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in SCHEMA.names:
        digest.update(np.ascontiguousarray(columns[name]).data)
    return digest.hexdigest()


def read_model(path: Path) -> BackoffModel:
    """Read a saved model, ready to score. Raises InputError naming the file when it is not one or is damaged."""
    return kneser_ney(*read_counts(path))


def fit_stage(arguments: argparse.Namespace) -> None:
    """Count the train part of a split."""
    if not 1 <= arguments.horizon <= LONGEST_HORIZON:
        raise InputError(f"--horizon: found {arguments.horizon}, expected 1 to {LONGEST_HORIZON} characters")
    vocabulary = read_vocabulary(arguments.split)
    train = read_characters(arguments.split, "train", len(vocabulary))
    orders = count_ngrams(list(train), len(vocabulary), arguments.horizon)
    write_counts(arguments.out, orders, vocabulary)
    log.info("%s: %s n-grams of the orders 1 to %d", arguments.out, f"{sum(len(c.first) for c in orders):,}", len(orders))


def score_stage(arguments: argparse.Namespace) -> None:
    """Print the mean loss of a text."""
    model = chosen_model(arguments)
    log_prob = model.log_probabilities(model.encode(open_text(arguments.text), str(arguments.text)))
    print(f"{-log_prob.mean():.4f} nats per character, {len(log_prob):,} characters")


def sample_stage(arguments: argparse.Namespace) -> None:
    """Print the prime text and what the model continues it with."""
    if not 0 <= arguments.temperature < math.inf:
        raise InputError(f"--temperature: found {arguments.temperature}, expected a number of at least 0")
    if arguments.length < 0:
        raise InputError(f"--length: found {arguments.length}, expected at least 0 characters")
    model = chosen_model(arguments)
    prime = arguments.prime.encode()
    ids = model.encode(np.frombuffer(prime, dtype=np.uint8), "--prime").tolist()
    drawn = sample(model, ids, arguments.length, arguments.temperature, np.random.default_rng(arguments.seed))
    sys.stdout.buffer.write(prime + model.vocabulary[drawn].tobytes() + b"\n")


def export_stage(arguments: argparse.Namespace) -> None:
    """Write a model as ARPA."""
    write_arpa(arguments.out, read_model(arguments.model))


def chosen_model(arguments: argparse.Namespace) -> BackoffModel:
    """The model that the command line names."""
    return read_arpa(arguments.arpa) if arguments.arpa else read_model(arguments.model)


def main() -> None:
    """Do what the command line's first word says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words = parser.add_subparsers(required=True, metavar="fit | score | sample | export")

    def word(name: str, stage: Callable[[argparse.Namespace], None], description: str) -> argparse.ArgumentParser:
        command = words.add_parser(name, description=description)
        command.set_defaults(stage=stage)
        return command

    fit = word("fit", fit_stage, "Fit the n-gram model of one horizon to the train part of a split.")
    fit.add_argument("--split", type=Path, required=True, help="folder of the split")
    fit.add_argument("--horizon", type=int, required=True, help="characters of context")
    fit.add_argument("--out", type=Path, required=True, help="file of the model to write")
    score = word("score", score_stage, "Print the mean loss of a text, nats per character.")
    draw = word("sample", sample_stage, "Print text drawn from a model.")
    export = word("export", export_stage, "Write a model as ARPA, which other n-gram programs read.")
    for command in (score, draw):
        source = command.add_mutually_exclusive_group(required=True)
        source.add_argument("--model", type=Path, help="file that fit wrote")
        source.add_argument("--arpa", type=Path, help="ARPA file, of this or another program")
    score.add_argument("--text", type=Path, required=True, help="the text, one byte a character")
    draw.add_argument("--prime", default="", help="text that the model reads first (default: none)")
    draw.add_argument("--length", type=int, default=500, help="characters to draw")
    draw.add_argument("--temperature", type=float, default=1.0, help="below 1 is more conservative, 0 takes the most probable")
    draw.add_argument("--seed", type=int, default=1)
    export.add_argument("--model", type=Path, required=True, help="file that fit wrote")
    export.add_argument("--out", type=Path, required=True, help="ARPA file to write")
    arguments = parser.parse_args()
    arguments.stage(arguments)


if __name__ == "__main__":
    run(main)
