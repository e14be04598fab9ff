"""The n-grams that a Kneser-Ney model of one context length counts, and the file that holds them.

The file is a parquet table with a row an n-gram that occurs in training (and one for each character that does not), lower
orders first. Within an order, n-grams are sorted by their last character, then the one before it, and so on. Columns:

    order       int16   characters of the n-gram
    byte        uint8   its first byte; the n-gram without it is its suffix, a row of the order below. In place of it
    code_point  uint32  its first code point, where a character is one
    extensions  uint16  rows of the next order that have this n-gram as their suffix; they are consecutive, in this order
    count       int32   in the top order occurrences, in the others the number of distinct characters that precede the n-gram

Only the counts are stored: probabilities follow from them, and are computed when the file is read. The metadata key
`rnnscope` holds the SHA-256 of the columns, so that damage is found in any part of the file.
"""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.errors import InputError
from rnnscope.ngrams.sorted_text import SortedText, continuation_counts
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet

FIRST = {"byte": pa.uint8(), "code_point": pa.uint32()}


def schema_of(first: str) -> pa.Schema:
    """Return the schema of a file whose characters are bytes or code points; `first` is a key of `FIRST`."""
    return pa.schema([("order", pa.int16()), (first, FIRST[first]), ("extensions", pa.uint16()), ("count", pa.int32())])


@dataclass(frozen=True)
class Counts:
    """The n-grams of one order, sorted as the rows of the file; an n-gram's number is its index.

    Order 1 holds all K characters, seen or not, and its only suffix is the empty n-gram, number 0.

    Parameters
    ----------
    suffix
        Number of the n-gram without its first character, in the order below: int32 (n-grams,), increasing.
    first
        Id of the first character: integer (n-grams,).
    count
        Occurrences in the top order, distinct characters before it in the others: int32 (n-grams,).
    """

    suffix: np.ndarray
    first: np.ndarray
    count: np.ndarray


def count_ngrams(train: Sequence[np.ndarray], K: int, context: int) -> list[Counts]:
    """Count the n-grams of the model of one context length.

    Parameters
    ----------
    train
        Character ids, an integer array of one dimension for each stream.
    K
        Size of the vocabulary; every id is below it.
    context
        Characters of context.

    Returns
    -------
    list of Counts
        By order, from 1; orders beyond the longest stream are left out.
    """
    text = SortedText(train, [], context + 1)
    shorter = text.empty_ngram()
    ngrams = text.extend_to_the_left(shorter)
    number = np.zeros(1, dtype=np.int32)  # of each n-gram of the order below among those that are kept
    orders: list[Counts] = []
    for order in range(1, context + 2):
        is_top = order > context
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
            orders.append(Counts(np.zeros(K, dtype=np.int32), np.arange(K, dtype=first.dtype), of_all))
        elif len(occurring):
            number[occurring] = np.arange(len(occurring))
            orders.append(Counts(suffix, first, count))
        else:
            break
        shorter, ngrams = ngrams, extended
    return orders


def write_counts(path: Path, orders: Sequence[Counts], vocabulary: np.ndarray) -> None:
    """Write the file of a model, whole or not at all; `vocabulary` are bytes, uint8, or code points, uint32 (K,)."""
    character = "byte" if vocabulary.dtype == np.uint8 else "code_point"
    pairs = itertools.pairwise(orders)
    extensions = [np.bincount(above.suffix, minlength=len(counts.first)) for counts, above in pairs]
    columns = {
        "order": np.repeat(np.arange(1, len(orders) + 1, dtype=np.int16), [len(counts.first) for counts in orders]),
        character: vocabulary[np.concatenate([counts.first for counts in orders])],
        "extensions": np.concatenate([*extensions, np.zeros(len(orders[-1].first))]).astype(np.uint16),
        "count": np.concatenate([counts.count for counts in orders]),
    }
    table = pa.table(columns, schema=schema_of(character))
    write_parquet(table.replace_schema_metadata({"rnnscope": _digest(columns)}), path)


def read_counts(path: Path) -> tuple[list[Counts], np.ndarray]:
    """Read what `write_counts` wrote.

    Returns
    -------
    orders : list of Counts
        By order, from 1.
    vocabulary : ndarray
        uint8 (K,) of bytes, uint32 (K,) of code points.

    Raises
    ------
    InputError
        If the file is missing, truncated, corrupt or something else.
    """
    with open_parquet(path, ["order"]) as file:
        character = next((name for name in FIRST if name in file.schema_arrow.names), "byte")
    schema = schema_of(character)
    table = read_parquet(path, schema.names)
    columns = {name: table[name].to_numpy() for name in schema.names}
    if not table.schema.equals(schema) or (table.schema.metadata or {}).get(b"rnnscope") != _digest(columns).encode():
        raise InputError(f"{path}: the columns do not fit their SHA-256: no n-gram model, or a damaged one; fit it again")
    bounds = np.flatnonzero(np.diff(columns["order"])) + 1
    firsts, extensions, count = (np.split(columns[name], bounds) for name in (character, "extensions", "count"))
    vocabulary = firsts[0]
    id_of = np.zeros(int(vocabulary[-1]) + 1, dtype=np.int32)
    id_of[vocabulary] = np.arange(len(vocabulary))
    suffixes = [np.zeros(len(vocabulary), dtype=np.int32)]
    suffixes += [np.repeat(np.arange(len(below), dtype=np.int32), below) for below in extensions[:-1]]
    return [Counts(suffix, id_of[of], c) for suffix, of, c in zip(suffixes, firsts, count, strict=True)], vocabulary


def _digest(columns: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 of the columns' values one after another, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for values in columns.values():
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
