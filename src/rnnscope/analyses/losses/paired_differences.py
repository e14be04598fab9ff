"""The difference in test loss of every two models, with the interval of a paired block bootstrap (for table T1).

The losses of two models on the same characters rise and fall together. So their difference is known far better than
either loss. It is known less well than the number of characters suggests, because neighbours are not independent. Each
model is reduced to the sums of its blocks as it is read: memory holds the predictions of one model, however many there are.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import block_sums, interval, resampled_means
from rnnscope.cli import run
from rnnscope.settings.predictions import Intervals
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import Table

PAIRED_DIFFERENCES = Table(
    "analyses/paired_differences.csv",
    "One row for every two models: all recurrent networks, the n-NNs, the n-gram models of the same contexts and of "
    "`comparisons: ngram`, and the external models. The interval is the one of 95 % of the resamples of a paired bootstrap over "
    "blocks of characters (`intervals: block`).",
    (
        Column("model", "text", "name of a model"),
        Column("other", "text", "name of another model"),
        Column("difference", "number", "nats per character: test loss of `model` minus that of `other`"),
        Column("low", "number", "nats per character: lower end of the interval"),
        Column("high", "number", "nats per character: upper end of the interval"),
        Column("separated", "yes/no", "whether the interval excludes zero"),
    ),
)


def paired_differences(models: list[str], sums: np.ndarray, samples: int, seed: int) -> pd.DataFrame:
    """Return the rows of `PAIRED_DIFFERENCES`, one for every two models in the order given.

    Parameters
    ----------
    models
        Names of the models.
    sums
        Float64 (blocks, 1 + models): of each block its number of characters, then each model's summed loss in nats.
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
        low, high = interval(draws[:, index, np.newaxis] - draws[:, others])
        columns = {"model": name, "other": models[others], "difference": losses[index] - losses[others], "low": low, "high": high}
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows).assign(separated=lambda table: (table["low"] > 0) | (table["high"] < 0))


def block_losses(folder: Path, models: list[str], length: int) -> np.ndarray:
    """Return the number of characters of each block and each model's summed loss on it, in nats.

    Parameters
    ----------
    folder
        Folder of the predictions.
    models
        Names of the models.
    length
        Characters of a block at most.

    Returns
    -------
    ndarray
        Float64 (blocks, 1 + models).

    Raises
    ------
    InputError
        If predictions are missing or corrupt, or are of other characters than the first model's.
    """
    columns: list[np.ndarray] = []
    for log_prob in read_aligned(folder, models):
        if not columns:
            columns.append(block_sums(np.ones(log_prob.shape), length))
        columns.append(block_sums(-log_prob, length))
    return np.stack(columns, axis=1)


def main(predictions_folder: Path, models: list[str], intervals: Intervals, out: Path) -> None:
    """Write the difference in test loss of every two models.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the models, two at least.
    intervals
        Settings of the block bootstrap.
    out
        CSV file to write.
    """
    sums = block_losses(predictions_folder, models, intervals.block)
    PAIRED_DIFFERENCES.write(paired_differences(models, sums, intervals.samples, intervals.seed), out)


if __name__ == "__main__":
    run(main)
