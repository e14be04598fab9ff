"""How much of what each oracle removes a real model removes that does a part of the same.

An oracle removes all errors of its class and adds none. Dynamic evaluation and neural caches do a part of what the memory oracle
does, the mixture with an n-gram model a part of what the n-gram oracle does; what a method changes in the other classes is the
control.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.errors.error_changes import COLUMNS, error_changes
from rnnscope.analyses.errors.methods import DYNAMIC_EVALUATION
from rnnscope.analyses.errors.realisable_choices import METHOD, MODEL, REALISABLE_CHOICES, VALUES
from rnnscope.analyses.losses.bootstrap import interval_columns, with_interval
from rnnscope.analyses.losses.clusters import Clusters, stream_groups
from rnnscope.analyses.losses.loss_intervals import loss_intervals
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.predictions import Oracles, Resampling, StreamsTogether
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

NET_SHARE = "net_share"  # of `error_changes`: here with the other sign
REALISABLE = Table(
    "analyses/realisable.csv",
    "What real models remove of the errors that oracles remove: one row a method and class. The first model is the best "
    "network alone, the second one the network with the method. The classes, and their order of removal, are those of "
    "`error_breakdown.csv`; what was chosen is in `realisable_choices.csv`.",
    (
        MODEL,
        METHOD,
        *VALUES,
        *(column for column in COLUMNS if not column.name.startswith(NET_SHARE)),
        *with_interval(
            Column(
                "bound_share",
                "number",
                "`removed` minus `added`, as a fraction of `errors_before`, the bound: the oracle of the class removes these and "
                "adds none; empty where that is 0",
            )
        ),
        Column("test_loss_after_low", "number", "nats per character: lower end of the interval"),
        Column("test_loss_after_high", "number", "nats per character: upper end of the interval"),
    ),
)


def loss_ends(log_prob: np.ndarray, clusters: Clusters, resampling: Resampling) -> dict[str, float]:
    """Return the columns that hold the interval of the loss of log-probabilities, float (streams, steps), nats."""
    sums = np.stack([clusters.sums(np.ones(log_prob.shape)), clusters.sums(-log_prob)], axis=1)
    (row,) = loss_intervals(["second"], sums, resampling.samples, resampling.seed).to_dict("records")
    return {"test_loss_after_low": row["low"], "test_loss_after_high": row["high"]}


def main(
    split: Path,
    predictions_folder: Path,
    choices: Path,
    oracles: Oracles,
    together: StreamsTogether,
    resampling: Resampling,
    out: Path,
) -> None:
    """Compare the best network with each method and without it.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of the best network and of each method, and ngram-<n>.parquet.
    choices
        Table realisable_choices.csv.
    oracles
        The classes of errors.
    together
        Streams of dynamic evaluation that change the same weights, which are one cluster.
    resampling
        Settings of the intervals; clusters are whole streams.
    out
        CSV file to write: a row a method and class.
    """
    chosen = REALISABLE_CHOICES.read(choices)
    chosen = chosen[chosen["chosen"]]
    opened = read_split(split)
    cascade = read_cascade(opened, predictions_folder, oracles)
    tables = []
    for choice in chosen.to_dict("records"):
        before, after = (opened.read_log_prob(predictions_path(predictions_folder, choice[name])) for name in ("model", "method"))
        clusters = stream_groups(before.shape, together.streams if choice["method"] == DYNAMIC_EVALUATION else 1)
        table = error_changes(cascade, before, after, clusters, resampling.samples, resampling.seed)
        share, low, high = (table.pop(f"{NET_SHARE}{end}") for end in ("", "_low", "_high"))
        table = table.assign(bound_share=-share, **interval_columns("bound_share", (-high.to_numpy(), -low.to_numpy())))
        values = {column.name: choice[column.name] for column in (MODEL, METHOD, *VALUES)}
        tables.append(table.assign(**loss_ends(after, clusters, resampling), **values))
    REALISABLE.write(pd.concat(tables), out)


if __name__ == "__main__":
    run(main)
