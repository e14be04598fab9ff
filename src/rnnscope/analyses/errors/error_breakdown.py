"""Where the errors of the best model come from: how many each oracle removes (F7)."""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.losses.best_models import NETWORK, read_best
from rnnscope.analyses.losses.bootstrap import with_interval
from rnnscope.analyses.losses.clusters import CLUSTERS, draw_clusters
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.predictions import READINGS, Intervals, Oracles
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

ERROR_BREAKDOWN = Table(
    "analyses/error_breakdown.csv",
    "Figure F7: the errors of the best model of `errors: candidates`, one row a reading, class and level. An error is a "
    "character that the model gave a probability below 0.5. A class is what one oracle removes of the errors that those before "
    "it have left. The classes are in the order of removal, and their errors add up to all errors. "
    "`rnnscope.analyses.errors.oracles` says what the oracles know, and what a word and punctuation are.",
    (
        Column("model", "text", "name of the model"),
        Column(
            "reading",
            "text",
            "`paper` or `strict`, what the oracles `memory` and `word_model` know; first the one of `error_breakdown: reading`, "
            "which all other tables of errors have",
        ),
        Column(
            "class",
            "text",
            "`n-gram`, `memory`, `rare_words`, `word_model`, `punctuation`, `boost`; `remaining` is what none of them removes",
        ),
        Column(
            "level",
            "text",
            "`all` for the whole class; else n (`n-gram`, `memory`), k (`rare_words`), `space or quote` and `newline` "
            "(`word_model`) or the amount (`boost`)",
        ),
        *with_interval(
            Column(
                "removed",
                "integer",
                "errors that the class removes of those left, characters; of a level, of those that the levels before it leave",
            )
        ),
        *with_interval(Column("removed_share", "number", "the same as a fraction of all errors")),
        Column("alone", "integer", "errors that the class, or the level, would remove if it came first, characters"),
        *with_interval(Column("alone_share", "number", "the same as a fraction of all errors")),
        *with_interval(Column("errors", "integer", "all errors of the model, characters")),
        Column("characters", "integer", "characters of the test part"),
        CLUSTERS,
    ),
)


def main(split: Path, predictions_folder: Path, best: Path, oracles: Oracles, intervals: Intervals, out: Path) -> None:
    """Break down the errors of the best network by the oracle that removes them.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of the best network and ngram-<n>.parquet.
    best
        Table best_models.csv.
    oracles
        The classes of errors.
    intervals
        Settings of the intervals.
    out
        CSV file to write: a row a reading, class and level.
    """
    model = read_best(best, NETWORK)
    opened = read_split(split)
    log_prob = opened.read_log_prob(predictions_path(predictions_folder, model))
    cascade = read_cascade(opened, predictions_folder, oracles)
    clusters = draw_clusters(log_prob.shape, intervals.clusters)
    tables = []
    for reading in (oracles.reading, *(reading for reading in READINGS if reading != oracles.reading)):
        breakdown = cascade.under(reading).breakdown(log_prob.ravel())
        ends = breakdown.intervals(clusters, intervals.samples, intervals.seed)
        tables.append(pd.concat([breakdown.table(), ends], axis=1).assign(reading=reading))
    errors, characters = breakdown.errors.sum(), breakdown.errors.size
    table = pd.concat(tables).assign(model=model, errors=errors, characters=characters, clusters=str(clusters))
    ERROR_BREAKDOWN.write(table, out)


if __name__ == "__main__":
    run(main)
