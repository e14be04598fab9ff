"""Where the errors of the best model come from: how many each oracle removes, and snippets that show them (F7)."""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.errors.snippets import ERROR_SNIPPETS, snippet_table
from rnnscope.analyses.losses.best_models import NETWORK, read_best
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.settings.predictions import READINGS, ErrorSnippets, Oracles
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
        Column(
            "removed",
            "integer",
            "errors that the class removes of those left, characters; of a level, of those that the levels before it leave",
        ),
        Column("removed_share", "number", "the same as a fraction of all errors"),
        Column("alone", "integer", "errors that the class, or the level, would remove if it came first, characters"),
        Column("alone_share", "number", "the same as a fraction of all errors"),
        Column("errors", "integer", "all errors of the model, characters"),
        Column("characters", "integer", "characters of the test part"),
    ),
)


def main(
    split: Path,
    predictions_folder: Path,
    best: Path,
    oracles: Oracles,
    snippets: ErrorSnippets,
    out_breakdown: Path,
    out_snippets: Path,
) -> None:
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
    snippets
        Which snippets of each class are written.
    out_breakdown
        CSV file to write: a row a reading, class and level.
    out_snippets
        CSV file to write: a row a character of a snippet.
    """
    model = read_best(best, NETWORK)
    predictions = predictions_path(predictions_folder, model)
    opened = read_split(split)
    log_prob = opened.read_log_prob(predictions).ravel()
    cascade = read_cascade(opened, predictions_folder, oracles)
    breakdown = cascade.breakdown(log_prob)
    if not breakdown.errors.any():
        raise InputError(f"{predictions}: no errors; expected at least one probability below one half")
    drawn = snippet_table(cascade, breakdown, snippets.snippets, snippets.seed).assign(model=model)
    readings = [oracles.reading, *(reading for reading in READINGS if reading != oracles.reading)]
    table = pd.concat([cascade.under(reading).breakdown(log_prob).table().assign(reading=reading) for reading in readings])
    table = table.assign(model=model, errors=breakdown.errors.sum(), characters=breakdown.errors.size)
    ERROR_BREAKDOWN.write(table, out_breakdown)
    ERROR_SNIPPETS.write(drawn, out_snippets)


if __name__ == "__main__":
    run(main)
