"""How much two characters of a text at some distance depend on each other, whatever is between them.

The mutual information of the characters at distance d is the sum over pairs of p(x, y) log(p(x, y) / (p(x) p(y))), in nats.
Estimated from counts it is too high, the more pairs of kinds there are for the length of the text. The control is the same
estimate after the second characters of all pairs were shuffled, which leaves nothing but this bias; it is subtracted.

Source: Lin and Tegmark 2017, "Critical behavior in physics and probabilistic formal languages" (arXiv:1606.06737).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.context.sampling import log_spaced
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.progress import progress
from rnnscope.settings.context import Timescales
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

SHUFFLES = 3
COUNTED = 2**22  # pairs of kinds: more than these are sorted in place of being counted in an array

MUTUAL_INFORMATION = Table(
    "analyses/mutual_information.csv",
    "How much two characters of the text at some distance depend on each other: one row a distance. It is of the whole text "
    "as it is laid out in streams, all parts, and has no interval; that of a text without any dependence is `shuffled`.",
    (
        Column("distance", "integer", "characters from the first to the second"),
        Column("pairs", "integer", "pairs of characters at this distance"),
        Column("plug_in", "number", "nats: mutual information of the counted frequencies, which is too high"),
        Column("shuffled", "number", f"nats: the same after the second characters were shuffled, mean of {SHUFFLES} times"),
        Column("shuffled_highest", "number", "nats: the highest of these"),
        Column("information", "number", "nats: `plug_in` minus `shuffled`"),
    ),
)


def entropy(counts: np.ndarray) -> float:
    """Return the entropy of counted frequencies, nats; counts of 0 add nothing."""
    counts = counts[counts > 0].astype(np.float64)
    total = counts.sum()
    return float(np.log(total) - (counts * np.log(counts)).sum() / total)


def pair_counts(first: np.ndarray, second: np.ndarray, kinds: int) -> np.ndarray:
    """Return how often each pair occurs, int64, of pairs of ids below `kinds`; pairs that do not occur may be left out."""
    codes = first.astype(np.int64) * kinds + second
    return np.bincount(codes) if kinds**2 <= COUNTED else np.unique(codes, return_counts=True)[1]


def mutual_information(first: np.ndarray, second: np.ndarray, kinds: int) -> float:
    """Return the mutual information of pairs of ids below `kinds`, integers (pairs,) each, from their frequencies, nats."""
    marginals = entropy(np.bincount(first)) + entropy(np.bincount(second))
    return marginals - entropy(pair_counts(first, second, kinds))


def main(split: Path, timescales: Timescales, out: Path) -> None:
    """Write the mutual information of the characters of a text by their distance.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    timescales
        The largest distance.
    out
        CSV file to write.
    """
    opened, random = read_split(split), np.random.default_rng(timescales.choice_seed)
    ids, kinds = np.searchsorted(opened.vocabulary, opened.text.characters), len(opened.vocabulary)
    rows = []
    distances = log_spaced(min(timescales.longest, len(ids) - 1))
    with progress("mutual information", len(distances), "distances") as advance:
        for distance in distances:
            first, second = ids[:-distance], ids[distance:]
            plug_in = mutual_information(first, second, kinds)
            shuffled = [mutual_information(first, random.permutation(second), kinds) for _ in range(SHUFFLES)]
            mean = float(np.mean(shuffled))
            rows.append([distance, len(first), plug_in, mean, max(shuffled), plug_in - mean])
            advance(1)
    MUTUAL_INFORMATION.write(pd.DataFrame(rows, columns=MUTUAL_INFORMATION.names), out)


if __name__ == "__main__":
    run(main)
