"""The difference in test loss of every two models, with its interval, and the ranking of the models (for table T1).

The losses of two models on the same characters rise and fall together. So their difference is known far better than
either loss. It is known less well than the number of characters suggests, because neighbours are not independent. Each
model is reduced to the sums of its clusters as it is read: memory holds the predictions of one model, however many there are.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import interval, resampled_means
from rnnscope.analyses.losses.clusters import CLUSTERS, Clusters, draw_clusters
from rnnscope.analyses.losses.significance import SIGNIFICANCE, holm, p_values
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.predictions import Intervals
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import Table

ENDS = (
    Column("low", "number", "nats per character: lower end of the interval of this difference alone"),
    Column("high", "number", "nats per character: upper end of the interval"),
)
PAIRED_DIFFERENCES = Table(
    "analyses/paired_differences.csv",
    "One row for every two models: all recurrent networks, the n-NNs, the n-gram models of the same contexts and of "
    "`comparisons: ngram`, and the external models. The interval is the one of 95 % of the resamples of a paired bootstrap over "
    "clusters of characters (`intervals`). The test characters vary; the seeds of the training do not.",
    (
        Column("model", "text", "name of a model"),
        Column("other", "text", "name of another model"),
        Column("difference", "number", "nats per character: test loss of `model` minus that of `other`"),
        *ENDS,
        Column("p", "number", "probability of a difference at least this large, in either direction, if there were none"),
        Column("p_corrected", "number", "the same corrected by Holm's procedure for the number of rows of this table"),
        Column("separated", "yes/no", f"whether `p_corrected` is below {SIGNIFICANCE:g}"),
        CLUSTERS,
    ),
)
RANKING = Table(
    "analyses/ranking.csv",
    "The models of `paired_differences.csv` from the lowest test loss to the highest, one row a model.",
    (
        Column("rank", "integer", "1 is the lowest test loss"),
        Column("model", "text", "name of the model"),
        Column("above_lowest", "number", "nats per character: its test loss minus the lowest"),
        *ENDS,
        Column(
            "run_end",
            "integer",
            "rank of the last model of a run that begins with this one: a run is as long as possible, and none of its models is "
            "`separated` from its first. Empty where no run begins",
        ),
        Column("comparisons", "integer", "pairs of models that Holm's procedure corrects for"),
        CLUSTERS,
    ),
)


def paired_differences(models: list[str], sums: np.ndarray, samples: int, seed: int) -> pd.DataFrame:
    """Return the rows of `PAIRED_DIFFERENCES` but for `clusters`, one for every two models in the order given.

    Parameters
    ----------
    models
        Names of the models.
    sums
        Float64 (clusters, 1 + models): of each cluster its number of characters, then each model's summed loss in nats.
    samples
        Number of resamples.
    seed
        Seed of the draws.
    """
    means, resampled = resampled_means(sums[:, :, np.newaxis], samples, seed)
    losses, draws = means[:, 0], resampled[:, :, 0]
    rows = []
    for index, name in enumerate(models[:-1]):
        others = slice(index + 1, None)
        differences, drawn = losses[index] - losses[others], draws[:, index, np.newaxis] - draws[:, others]
        low, high = interval(drawn, len(sums))
        p = p_values(differences, drawn.std(axis=0, ddof=1), len(sums))
        columns = {"model": name, "other": models[others], "difference": differences, "low": low, "high": high, "p": p}
        rows.append(pd.DataFrame(columns))
    table = pd.concat(rows, ignore_index=True)
    table["p_corrected"] = holm(table["p"].to_numpy())
    return table.assign(separated=table["p_corrected"] < SIGNIFICANCE)


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return every pair in both orders: the difference and its interval change sign."""
    reversed_pairs = pairs.rename(columns={"model": "other", "other": "model"})
    reversed_pairs[["difference", "low", "high"]] = -pairs[["difference", "high", "low"]].to_numpy()
    return pd.concat([pairs, reversed_pairs], ignore_index=True)


def ranking(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `RANKING` but for `clusters`.

    Parameters
    ----------
    pairs
        The rows of `PAIRED_DIFFERENCES`.
    """
    every = both_ways(pairs)
    order = list(every.groupby("model", sort=False)["difference"].mean().sort_values(kind="stable").index)
    from_lowest = every[every["other"] == order[0]].set_index("model").reindex(order)
    ends = {first + 1: last + 1 for first, last in runs_of_neighbours(every, order)}
    table = pd.DataFrame({"rank": range(1, len(order) + 1), "model": order})
    for name, column in (("above_lowest", "difference"), ("low", "low"), ("high", "high")):
        table[name] = from_lowest[column].to_numpy()
    table.loc[0, ["above_lowest", "low", "high"]] = 0.0
    return table.assign(run_end=table["rank"].map(ends).astype("Int64"), comparisons=len(pairs))


def runs_of_neighbours(pairs: pd.DataFrame, order: list[str]) -> list[tuple[int, int]]:
    """Return first and last index of each longest run of models, at least two, of which none is separated from the first.

    Parameters
    ----------
    pairs
        Every pair in both orders, with the column `separated`.
    order
        Names of the models in the order of their losses.
    """
    not_significant = set(pairs[["model", "other"]][~pairs["separated"]].itertuples(index=False, name=None))
    found: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and (order[first], order[last + 1]) in not_significant:
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def cluster_losses(folder: Path, models: list[str], least: int) -> tuple[Clusters, np.ndarray]:
    """Return what is drawn, and of each cluster its number of characters and each model's summed loss in nats.

    Parameters
    ----------
    folder
        Folder of the predictions.
    models
        Names of the models.
    least
        Clusters at least.

    Returns
    -------
    clusters : Clusters
    sums : ndarray
        Float64 (clusters, 1 + models).

    Raises
    ------
    InputError
        If predictions are missing or corrupt, or are of other characters than the first model's.
    """
    columns: list[np.ndarray] = []
    for log_prob in read_aligned(folder, models):
        clusters = draw_clusters(log_prob.shape, least)
        if not columns:
            columns.append(clusters.sums(np.ones(log_prob.shape)))
        columns.append(clusters.sums(-log_prob))
    return clusters, np.stack(columns, axis=1)


def main(predictions_folder: Path, models: list[str], intervals: Intervals, out: Path, out_ranking: Path) -> None:
    """Write the difference in test loss of every two models, and the ranking of the models.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the models, two at least.
    intervals
        Settings of the bootstrap.
    out
        CSV file to write: a row a pair.
    out_ranking
        CSV file to write: a row a model.

    Raises
    ------
    InputError
        If there is one model alone, or predictions are missing or corrupt, or are of other characters than the first model's.
    """
    if len(models) < 2:
        raise InputError(f"--models: found {models[0]} alone, expected at least two models")
    clusters, sums = cluster_losses(predictions_folder, models, intervals.clusters)
    pairs = paired_differences(models, sums, intervals.samples, intervals.seed)
    RANKING.write(ranking(pairs).assign(clusters=str(clusters)), out_ranking)
    PAIRED_DIFFERENCES.write(pairs.assign(clusters=str(clusters)), out)


if __name__ == "__main__":
    run(main)
