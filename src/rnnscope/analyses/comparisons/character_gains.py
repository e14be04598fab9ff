"""Which characters a network predicts better than an n-gram model does, character by character (paper section 4, F4)."""

import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.best_models import NETWORK, NGRAM, read_best
from rnnscope.analyses.losses.bootstrap import grouped_sums, interval, interval_columns, resampled_means
from rnnscope.analyses.losses.clusters import CLUSTERS, Clusters, draw_clusters
from rnnscope.analyses.losses.significance import SIGNIFICANCE, holm, p_values
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.predictions import Intervals
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

CHARACTER_GAINS = Table(
    "analyses/character_gains.csv",
    "Figure F4: one row for each character of the test part, the largest difference first. Intervals hold 95 % of the resamples "
    "of a bootstrap over clusters of characters (`intervals`).",
    (
        Column("network_model", "text", "name of the best network of `errors: candidates`, by validation loss"),
        Column("ngram_model", "text", "name of the n-gram model that it is compared with"),
        Column(
            "character",
            "text",
            "as itself; `space`, `LF` and the like where it would not be visible; its number, `<E9>` or `<U+0301>`, if it is a "
            "byte beyond ASCII or a code point that is not visible",
        ),
        Column("count", "integer", "how often it occurs in the test part"),
        Column("network", "number", "mean of the probabilities that the network gave to it where it occurred"),
        Column("network_low", "number", "lower end of the interval of that mean"),
        Column("network_high", "number", "upper end of it"),
        Column("ngram", "number", "the mean under the n-gram model"),
        Column("ngram_low", "number", "lower end of the interval of that mean"),
        Column("ngram_high", "number", "upper end of it"),
        Column("difference", "number", "`network` minus `ngram`"),
        Column("difference_low", "number", "lower end of the interval of the difference, resampled in pairs"),
        Column("difference_high", "number", "upper end of it"),
        Column(
            "separated",
            "yes/no",
            f"whether the difference is significant at {SIGNIFICANCE:g} after Holm's correction for the number of rows",
        ),
        CLUSTERS,
    ),
)

# ASCII abbreviations of the control characters, by their number.
CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE"),
    *("DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US", "space"),
)
DELETE = 127


def name_of(character: int, is_byte: bool = True) -> str:
    """Return a visible name of a byte or a code point.

    It is itself, its abbreviation (`CR`), or its number: of a byte beyond ASCII (`<E9>`), of a code point that is not visible
    by itself, such as a mark that combines with another letter (`<U+0301>`).
    """
    if character < len(CONTROLS):
        return CONTROLS[character]
    if character == DELETE:
        return "DEL"
    if character < DELETE:
        return chr(character)
    if is_byte:
        return f"<{character:02X}>"
    return chr(character) if unicodedata.category(chr(character))[0] in "LNPS" else f"<U+{character:04X}>"


def character_gains(targets: np.ndarray, log_prob: list[np.ndarray], clusters: Clusters, samples: int, seed: int) -> pd.DataFrame:
    """Return the mean probabilities of each character under two models, the largest difference first.

    Parameters
    ----------
    targets : ndarray of uint8, shape (streams, steps)
        Ids of the correct characters.
    log_prob : two ndarrays of float, shape (streams, steps)
        Their log-probabilities under the network and under the n-gram model, nats.
    clusters, samples, seed
        What a resample draws, how many there are, and their seed.

    Returns
    -------
    table : DataFrame
        Columns id, count, for `network`, `ngram` and their `difference` the mean probability of the correct character
        and its interval, `<column>_low` and `<column>_high`, and `separated`.
    """
    network, ngram = (np.exp(values.ravel(), dtype=np.float64) for values in log_prob)
    shape = len(clusters), int(targets.max()) + 1
    sums = grouped_sums(np.stack([network, ngram, network - ngram]), targets.ravel(), clusters.numbers.ravel(), shape)
    counts = sums[:, 0].sum(axis=0).astype(np.int64)
    ids = np.flatnonzero(counts)
    means, resampled = resampled_means(sums[:, :, ids], samples, seed)
    inside = np.count_nonzero(sums[:, 0, ids], axis=0)  # clusters in which each character occurs
    columns = {"id": ids, "count": counts[ids]}
    for row, name in enumerate(("network", "ngram", "difference")):
        columns |= {name: means[row]} | interval_columns(name, interval(resampled[:, row], inside))
    columns["separated"] = holm(p_values(means[2], np.nanstd(resampled[:, 2], axis=0, ddof=1), inside)) < SIGNIFICANCE
    return pd.DataFrame(columns).sort_values(["difference", "id"], ascending=[False, True])


def main(split: Path, predictions_folder: Path, best: Path, intervals: Intervals, out: Path) -> None:
    """Compare the best network with the n-gram model on each character.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet.
    best
        Table best_models.csv.
    intervals
        Settings of the bootstrap.
    out
        CSV file to write.
    """
    opened = read_split(split)
    network, ngram = read_best(best, NETWORK), read_best(best, NGRAM)
    log_prob = [opened.read_log_prob(predictions_path(predictions_folder, model)) for model in (network, ngram)]
    targets = opened.part("test")[:, 1:]
    clusters = draw_clusters(targets.shape, intervals.clusters)
    table = character_gains(targets, log_prob, clusters, intervals.samples, intervals.seed)
    is_byte = opened.vocabulary.dtype == np.uint8
    names = [name_of(character, is_byte) for character in opened.vocabulary[table.pop("id")].tolist()]
    CHARACTER_GAINS.write(table.assign(network_model=network, ngram_model=ngram, character=names, clusters=str(clusters)), out)


if __name__ == "__main__":
    run(main)
