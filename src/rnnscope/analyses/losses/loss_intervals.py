"""The test loss of every model with its interval over clusters of characters.

The paper's standard deviation (`losses.csv`, `horizons.csv`) takes the characters for independent: it is several times too small.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import interval, resampled_means
from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.losses.paired_differences import cluster_losses
from rnnscope.cli import run
from rnnscope.settings.predictions import Intervals
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

LOSS_INTERVALS = Table(
    "analyses/loss_intervals.csv",
    "One row a model: all recurrent networks, n-gram models and n-NNs. The interval is the one of 95 % of the resamples of "
    "clusters of characters (`intervals`). The losses of two models rise and fall together: whether they differ is in "
    "`paired_differences.csv`.",
    (
        Column("model", "text", "name of the model"),
        Column("test_loss", "number", "nats per character, from `predictions`"),
        Column("low", "number", "nats per character: lower end of the interval"),
        Column("high", "number", "nats per character: upper end of the interval"),
        CLUSTERS,
    ),
)


def loss_intervals(models: list[str], sums: np.ndarray, samples: int, seed: int) -> pd.DataFrame:
    """Return the rows of `LOSS_INTERVALS` but for `clusters`, one a model in the order given.

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
    low, high = interval(resampled[:, :, 0], len(sums))
    return pd.DataFrame({"model": models, "test_loss": means[:, 0], "low": low, "high": high})


def main(predictions_folder: Path, models: list[str], intervals: Intervals, out: Path) -> None:
    """Write the test loss of every model with its interval.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the models.
    intervals
        Settings of the bootstrap.
    out
        CSV file to write: a row a model.
    """
    clusters, sums = cluster_losses(predictions_folder, models, intervals.clusters)
    table = loss_intervals(models, sums, intervals.samples, intervals.seed)
    LOSS_INTERVALS.write(table.assign(clusters=str(clusters)), out)


if __name__ == "__main__":
    run(main)
