"""The difference in test loss of every two models, with the interval of a paired block bootstrap (for table T1).

    python -m rnnscope.analyses.losses.paired_differences --predictions-folder DIR --models MODEL ... --block 500
        --bootstrap-samples 1000 --seed 1 --out FILE.csv

The losses of two models on the same characters rise and fall together, so that their difference is known far better than
either loss; and it is known less well than the number of characters suggests, for neighbours are not independent. Each
model is reduced to the sums of its blocks as it is read: memory holds the predictions of one model, whatever their number.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.aligned import read_aligned
from rnnscope.analyses.losses import block_bootstrap
from rnnscope.cli import run
from rnnscope.storage.tables import write_csv


def paired_differences(models: list[str], sums: np.ndarray, samples: int, seed: int) -> pd.DataFrame:
    """A row for each two models, in the order given: model, other, difference, low, high (nats per character), separated.

    sums: float64 (blocks, 1 + models), of each block its number of characters and each model's summed loss (nats).
    The difference is the loss of `model` minus that of `other`; `separated` says that its interval leaves out zero.
    """
    means, resampled = block_bootstrap.resampled_means(sums[:, :, np.newaxis], samples, seed)
    losses, draws = means[:, 0], resampled[:, :, 0]
    rows = []
    for model, name in enumerate(models[:-1]):
        others = slice(model + 1, None)
        low, high = block_bootstrap.interval(draws[:, model, np.newaxis] - draws[:, others])
        columns = {"model": name, "other": models[others], "difference": losses[model] - losses[others], "low": low, "high": high}
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows).assign(separated=lambda table: (table["low"] > 0) | (table["high"] < 0))


def block_losses(folder: Path, models: list[str], length: int) -> np.ndarray:
    """Of each block its number of characters and each model's summed loss (nats): float64 (blocks, 1 + models).

    Raises InputError when predictions are missing or damaged, or speak of other characters than the first model's.
    """
    columns: list[np.ndarray] = []
    for log_prob in read_aligned(folder, models):
        if not columns:
            columns.append(block_bootstrap.block_sums(np.ones(log_prob.shape), length))
        columns.append(block_bootstrap.block_sums(-log_prob, length))
    return np.stack(columns, axis=1)


def main() -> None:
    """Write a row for every two models."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--predictions-folder", type=Path, required=True, help="holds <model>.parquet")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODEL", help="two at least")
    block_bootstrap.add_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    sums = block_losses(arguments.predictions_folder, arguments.models, arguments.block)
    write_csv(paired_differences(arguments.models, sums, arguments.bootstrap_samples, arguments.seed), arguments.out)


if __name__ == "__main__":
    run(main)
