"""The loss by position in the stream: what it costs to start without the past (paper section 1).

The evaluation starts every stream of the test part from a zero state, so that a network knows less of the text at the first
characters than later on. The n-gram model starts without the past too: the test characters are scored as one text, stream
after stream, and so its first contexts are the end of another stream. It is shown for comparison: a wrong context costs more
than none.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.best_models import NGRAM, read_roles
from rnnscope.analyses.losses.bootstrap import interval, resampled_means
from rnnscope.analyses.losses.clusters import CLUSTERS, stream_groups
from rnnscope.cli import run
from rnnscope.settings.predictions import Resampling
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import Table

POSITION_LOSS = Table(
    "analyses/position_loss.csv",
    "One row for each range of positions and model: the best network of each cell and the n-gram model of "
    "`comparisons: ngram`. The interval is the one of 95 % of the resamples of whole streams, of which there have to be 10.",
    (
        Column("model", "text", "name of the model"),
        Column("first_position", "integer", "first character of the range; 1 is the first test character of a stream"),
        Column("last_position", "integer", "last character of the range"),
        Column("characters", "integer", "test characters in the range, over all streams"),
        Column("loss", "number", "nats per character: mean loss in the range"),
        Column("low", "number", "nats per character: lower end of the interval"),
        Column("high", "number", "nats per character: upper end of the interval"),
        CLUSTERS,
    ),
)


def range_starts(steps: int) -> np.ndarray:
    """Return the first index of each range of positions, int64: 0, 1, 3, 7, 15, ...: each range is twice as long."""
    starts = 2 ** np.arange(int(np.log2(steps + 1)) + 1) - 1
    return starts[starts < steps]


def position_losses(log_prob: np.ndarray, samples: int, seed: int) -> pd.DataFrame:
    """Return the loss of one model in each range of positions, with its interval over resampled streams.

    Parameters
    ----------
    log_prob
        Float (streams, steps): log-probabilities of the correct characters, nats.
    samples
        Number of resamples.
    seed
        Seed of the draws.

    Returns
    -------
    DataFrame
        The columns of `POSITION_LOSS` but `model` and `clusters`.
    """
    streams, steps = log_prob.shape
    starts = range_starts(steps)
    lengths = np.diff(np.append(starts, steps))
    losses = np.add.reduceat(-log_prob, starts, axis=1, dtype=np.float64)
    counts = np.broadcast_to(lengths.astype(np.float64), losses.shape)
    means, resampled = resampled_means(np.stack([counts, losses], axis=1), samples, seed)
    low, high = interval(resampled[:, 0], streams)
    return pd.DataFrame(
        {
            "first_position": starts + 1,
            "last_position": starts + lengths,
            "characters": lengths * streams,
            "loss": means[0],
            "low": low,
            "high": high,
        }
    )


def main(predictions_folder: Path, best: Path, intervals: Resampling, out: Path) -> None:
    """Write the loss of the best network of each cell by position in the stream.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    best
        best_models.csv.
    intervals
        Settings of the bootstrap, whose clusters are whole streams here.
    out
        CSV file to write.
    """
    roles = read_roles(best)
    models = [*(model for role, model in roles.items() if role.startswith("best ")), *([roles[NGRAM]] if NGRAM in roles else [])]
    predictions = zip(models, read_aligned(predictions_folder, models), strict=True)
    tables = []
    for model, log_prob in predictions:
        table = position_losses(log_prob, intervals.samples, intervals.seed)
        # A block of a stream would not have every position.
        tables.append(table.assign(model=model, clusters=str(stream_groups(log_prob.shape, 1))))
    POSITION_LOSS.write(pd.concat(tables), out)


if __name__ == "__main__":
    run(main)
