"""How surely models close what was opened, by the distance to the opening delimiter (paper section 4, F5).

An n-gram model or n-NN sees the opening delimiter only where it is at most n characters back; a network may remember it.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.delimiters import STATES, closings
from rnnscope.analyses.losses.best_models import NETWORK, NGRAM, NNN, read_best, read_roles
from rnnscope.analyses.losses.bootstrap import grouped_sums, interval, resampled_means
from rnnscope.analyses.losses.clusters import CLUSTERS, Clusters, draw_clusters
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.settings.predictions import Intervals, MinimumCount, Resampling
from rnnscope.storage.declarations import Column
from rnnscope.storage.parquet import open_parquet, read_parquet
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

PAPER_EDGES = (0, 20, 40, 60, 80, 100, 125, 150, 200, 250, 300)  # characters: the bins of the paper's figure
BUCKETS_A_DECADE = 5
CLOSING_DELIMITERS = Table(
    "analyses/closing_delimiters.csv",
    "Figure F5: one row for each way to bin distances, closing delimiter, bucket and model (those of `error_overlap.csv`), where "
    "the bucket has at least `comparisons: minimum_count` cases; no row at all for a text with too few. A case is a closing "
    "delimiter of the test part whose opening one is in the same stream of the test part, but for the last character of a "
    "stream, which is predicted and never read. Comments, literals and quotations "
    "are read from `features.parquet`, if these features are among those of the corpus: with `inside_string`, double quotes "
    "are those of string literals, else those of `inside_quotes`; `*/` needs `inside_comment`; a bracket in a comment or "
    "literal does not count.",
    (
        Column(
            "bins",
            "text",
            "`paper`: the ten buckets of the paper's figure, below 300 characters; `decades`: five a decade",
        ),
        Column("delimiter", "text", '`}`, `)`, `]`, `"` or `*/`'),
        Column("model", "text", "name of the model"),
        Column(
            "least_distance",
            "integer",
            "least distance of the bucket, characters from the last one of the opening delimiter to the last of the closing one",
        ),
        Column("most_distance", "integer", "largest distance of the bucket, characters"),
        Column("mean_distance", "number", "mean of the cases, characters"),
        Column("count", "integer", "number of cases"),
        Column(
            "mean_probability",
            "number",
            "mean probability of the closing delimiter, of both its characters if it has two",
        ),
        Column("low", "number", "lower end of the interval that holds 95 % of the resamples"),
        Column("high", "number", "upper end of it"),
        CLUSTERS,
    ),
)


def decade_edges(largest: int) -> np.ndarray:
    """Return the least distance of each bucket: 1, 2, 3, 4, 6, 10, 16, 25, ..., five a decade, up to the first > `largest`."""
    edges = [round(10 ** (step / BUCKETS_A_DECADE)) for step in range(BUCKETS_A_DECADE * len(str(largest)) + 1)]
    return np.array(edges[: int(np.searchsorted(edges, largest, side="right")) + 1])


def probabilities(log_prob: np.ndarray, found: pd.DataFrame) -> np.ndarray:
    """Return the probability of each closing delimiter, which is that of all its characters.

    Parameters
    ----------
    log_prob : ndarray of float, shape (streams, steps)
        In nats; step t predicts column t + 1.
    found
        Closing delimiters as of `delimiters.closings`.

    Returns
    -------
    probabilities : ndarray of float64, shape (delimiters,)
    """
    streams, steps = found["stream"].to_numpy(), found["column"].to_numpy() - 1
    total = log_prob[streams, steps].astype(np.float64)
    longer = (found["delimiter"].str.len() > 1).to_numpy()
    total[longer] += log_prob[streams[longer], steps[longer] - 1]
    return np.exp(total)


def frequent_groups(found: pd.DataFrame, edges: np.ndarray, minimum_count: int) -> pd.DataFrame:
    """Return the rows of `found` whose delimiter is frequent at about this distance, with the indices `bucket` and `group`.

    `edges` are the least distance of each bucket, int64, and after them the first distance that is in no bucket.
    """
    found = found[found["distance"] < edges[-1]]
    found = found.assign(bucket=np.searchsorted(edges, found["distance"], side="right") - 1)
    groups = found.groupby(["delimiter", "bucket"], sort=False)
    kept = found[groups["bucket"].transform("size") >= minimum_count]
    kept = kept.assign(group=kept.groupby(["delimiter", "bucket"], sort=False).ngroup())
    return kept.assign(least_distance=edges[kept["bucket"]], most_distance=edges[kept["bucket"] + 1] - 1)


def closing_probabilities(
    found: pd.DataFrame,
    log_prob: dict[str, np.ndarray],
    edges: np.ndarray,
    clusters: Clusters,
    intervals: Resampling,
    minimum_count: int,
) -> pd.DataFrame:
    """Return a row for each delimiter, bucket of distances and model where the bucket has enough cases.

    Parameters
    ----------
    found
        Closing delimiters as of `delimiters.closings`.
    log_prob : dict of str to ndarray of float, shape (streams, steps)
        Log-probabilities of the test characters by model, nats.
    edges
        The buckets, as for `frequent_groups`.
    clusters, intervals
        What a resample draws, how many there are, and their seed.
    minimum_count
        Cases of a bucket, at least.

    Returns
    -------
    table : DataFrame
        The columns of `CLOSING_DELIMITERS` but `bins`.
    """
    names = [name for name in CLOSING_DELIMITERS.names if name != "bins"]
    found = frequent_groups(found, edges, minimum_count)
    if found.empty:
        return pd.DataFrame(columns=names)
    shape = len(clusters), int(found["group"].max()) + 1
    values = np.stack([probabilities(of_model, found) for of_model in log_prob.values()])
    sums = grouped_sums(values, found["group"].to_numpy(), clusters.numbers[found["stream"], found["column"] - 1], shape)
    means, resampled = resampled_means(sums, intervals.samples, intervals.seed)
    low, high = interval(resampled, np.count_nonzero(sums[:, 0], axis=0))
    groups = found.groupby("group").agg(
        delimiter=("delimiter", "first"),
        least_distance=("least_distance", "first"),
        most_distance=("most_distance", "first"),
        mean_distance=("distance", "mean"),
        count=("distance", "size"),
    )
    rows = [
        groups.assign(model=model, mean_probability=means[row], low=low[row], high=high[row], clusters=str(clusters))
        for row, model in enumerate(log_prob)
    ]
    order = {delimiter: rank for rank, delimiter in enumerate(found["delimiter"].unique())}
    table = pd.concat(rows)[names]
    return table.sort_values(["delimiter", "least_distance"], key=lambda column: column.replace(order), kind="stable")


def read_states(path: Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Read those features of the test characters that identify delimiters.

    Parameters
    ----------
    path
        The file features.parquet.
    shape
        Streams and steps of the test part.

    Returns
    -------
    states : dict of str to ndarray of bool, shape (streams, steps)
        By name, of `STATES` those that the file has.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or has another number of characters.
    """
    with open_parquet(path, []) as file:
        names = [name for name in STATES if name in file.schema_arrow.names]
        rows = file.metadata.num_rows
    if rows != shape[0] * shape[1]:
        raise InputError(f"{path}: found {rows:,} rows, expected {shape[0] * shape[1]:,}, a row a test character")
    table = read_parquet(path, names)
    return {name: table[name].to_numpy().reshape(shape) for name in names}


def main(
    split: Path,
    features: Path,
    predictions_folder: Path,
    best: Path,
    minimum_count: MinimumCount,
    intervals: Intervals,
    out: Path,
) -> None:
    """Compare how surely the best network, the n-gram model and the best n-NN close delimiters.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    features
        features.parquet, of the test characters.
    predictions_folder
        Folder that holds <model>.parquet.
    best
        Table best_models.csv.
    minimum_count
        Buckets with fewer cases are left out.
    intervals
        Settings of the bootstrap.
    out
        CSV file to write: a row a way to bin, delimiter, bucket and model.
    """
    opened = read_split(split)
    test = opened.vocabulary[opened.part("test")[:, :-1]]
    found = closings(test, read_states(features, test.shape))
    roles = read_roles(best)
    models = [read_best(best, NETWORK), read_best(best, NGRAM), *([roles[NNN]] if NNN in roles else [])]
    log_prob = {model: opened.read_log_prob(predictions_path(predictions_folder, model)) for model in models}
    bins = {"paper": np.array(PAPER_EDGES), "decades": decade_edges(int(found["distance"].max()) if len(found) else 1)}
    clusters = draw_clusters((test.shape[0], test.shape[1]), intervals.clusters)
    tables = [
        closing_probabilities(found, log_prob, edges, clusters, intervals, minimum_count.minimum_count).assign(bins=name)
        for name, edges in bins.items()
    ]
    CLOSING_DELIMITERS.write(pd.concat([table for table in tables if len(table)] or tables[:1]), out)


if __name__ == "__main__":
    run(main)
