"""Which models err on the same characters: the exact sizes of all intersections (paper section 4, F4).

With any number of models, every test character belongs to exactly one set of models that err on it; the sizes of these sets
add up to the test part. One table compares the best network with an n-gram model and the best n-NN, as in the paper; another
the best network of every cell with these two. A third has all errors of each of the models.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.errors import is_error
from rnnscope.analyses.losses.best_models import NETWORK, NGRAM, NNN, read_roles
from rnnscope.analyses.losses.bootstrap import count_intervals, interval_columns, share_intervals, with_interval
from rnnscope.analyses.losses.clusters import CLUSTERS, Clusters, draw_clusters
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.predictions import MOST_INTERSECTED, Intervals
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import Table

NO_MODEL = "none"
COLUMNS = (
    Column("compared", "text", "names of all models, with spaces between"),
    Column("erring", "text", "names of those in the set; `none` for the empty set"),
    Column("number", "integer", "how many models are in the set"),
    *with_interval(
        Column(
            "characters", "integer", "errors of all models in the set and of no other; over all rows they add up to the test part"
        )
    ),
    *with_interval(Column("fraction", "number", "the same as a fraction of the test characters")),
    Column("disagreement", "yes/no", "whether some models err there and others do not, on at least one character"),
    CLUSTERS,
)
ERROR_OVERLAP = Table(
    "analyses/error_overlap.csv",
    "Figure F4: one row for each set of three models: the best network of `errors: candidates`, the n-gram model of "
    "`comparisons: ngram`, which is not chosen, and the best n-NN (`best_models.csv`). The largest sets first. A character is an "
    "error of a model that gave it a probability below 0.5.",
    COLUMNS,
)
ERROR_INTERSECTIONS = Table(
    "analyses/error_intersections.csv",
    "As `error_overlap.csv`, of other models: the best network of every cell (of all networks of the grid, by validation loss), "
    "the external models, the n-gram model and the best n-NN.",
    COLUMNS,
)
ERROR_COUNTS = Table(
    "analyses/error_counts.csv",
    "All errors of each model of `error_intersections.csv`, one row a model.",
    (
        Column("model", "text", "name of the model"),
        *with_interval(Column("errors", "integer", "its errors, characters")),
        *with_interval(Column("fraction", "number", "the same as a fraction of the test characters")),
        CLUSTERS,
    ),
)


def sets_of(errors: Iterable[np.ndarray]) -> np.ndarray:
    """Return which set of models errs on each character.

    Parameters
    ----------
    errors : iterable of ndarray of bool, all of one shape
        For one model after another, which characters are errors; at most `MOST_INTERSECTED` models.

    Returns
    -------
    sets : ndarray of uint16, of that shape
        The number of the set is binary: the first model counts 1, the second 2, the third 4, ...
    """
    sets: np.ndarray = np.zeros(1, np.uint16)
    for index, wrong in enumerate(errors):
        sets = sets | (wrong.astype(np.uint16) << index)
    return sets


def sets_by_cluster(sets: np.ndarray, models: int, clusters: Clusters) -> np.ndarray:
    """Count the characters of each set in each cluster: uint16 (streams, steps) -> int64 (clusters, 2 ** models)."""
    shape = len(clusters), 2**models
    return np.bincount((clusters.numbers * shape[1] + sets).ravel(), minlength=shape[0] * shape[1]).reshape(shape)


def members(models: list[str], code: int) -> list[str]:
    """Return the models of the set of a number."""
    return [model for index, model in enumerate(models) if code >> index & 1]


def counted(counts: np.ndarray, clusters: Clusters, intervals: Intervals, name: str) -> pd.DataFrame:
    """Return the columns of some counts of characters and of their fractions, with their intervals.

    Parameters
    ----------
    counts : ndarray of int64, shape (clusters, rows)
        Of each row of the table.
    clusters, intervals
        What a resample draws, and the settings.
    name
        Name of the column of the counts.
    """
    characters = clusters.sums(np.ones((clusters.streams, clusters.steps)))[:, np.newaxis]
    total = counts.sum(axis=0)
    columns = {name: total} | interval_columns(name, count_intervals(counts, intervals.samples, intervals.seed))
    ends = share_intervals(counts, characters, intervals.samples, intervals.seed)
    return pd.DataFrame(columns | {"fraction": total / characters.sum()} | interval_columns("fraction", ends))


def table_of_sets(models: list[str], counts: np.ndarray, clusters: Clusters, intervals: Intervals) -> pd.DataFrame:
    """Return a row for each set of models, the largest sets first.

    Parameters
    ----------
    models
        Names of the models.
    counts : ndarray of int64, shape (clusters, 2 ** models)
        As `sets_by_cluster` returns them.
    clusters, intervals
        What a resample draws, and the settings.
    """
    erring = [members(models, code) for code in range(counts.shape[1])]
    number = np.array([len(of_set) for of_set in erring])
    table = counted(counts, clusters, intervals, "characters").assign(
        compared=" ".join(models),
        erring=[" ".join(of_set) or NO_MODEL for of_set in erring],
        number=number,
        disagreement=(number > 0) & (number < len(models)) & (counts.sum(axis=0) > 0),
        clusters=str(clusters),
    )
    return table.sort_values(["characters", "erring"], ascending=[False, True])


def table_of_models(models: list[str], counts: np.ndarray, clusters: Clusters, intervals: Intervals) -> pd.DataFrame:
    """Return a row a model with all its errors; the parameters are those of `table_of_sets`."""
    errs = np.array([[model in members(models, code) for model in models] for code in range(counts.shape[1])])
    return counted(counts @ errs, clusters, intervals, "errors").assign(model=models, clusters=str(clusters))


def overlap(folder: Path, models: list[str], least: int) -> tuple[np.ndarray, Clusters]:
    """Return the counts of `sets_by_cluster` and what is drawn; predictions of one model at a time are in memory."""
    sets = sets_of(is_error(log_prob) for log_prob in read_aligned(folder, models))
    clusters = draw_clusters((sets.shape[0], sets.shape[1]), least)
    return sets_by_cluster(sets, len(models), clusters), clusters


def main(
    predictions_folder: Path,
    best: Path,
    intervals: Intervals,
    out_overlap: Path,
    out_intersections: Path,
    out_counts: Path,
    external: list[str] | None = None,
) -> None:
    """Count which models err on the same characters.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    best
        Table best_models.csv.
    intervals
        Settings of the intervals.
    out_overlap
        CSV file to write: the best network, the n-gram model and the best n-NN, as far as there are any.
    out_intersections
        CSV file to write: the best network of every cell, the external models, the n-gram model and the best n-NN.
    out_counts
        CSV file to write: all errors of each of the latter.
    external
        Names of models of which only the predictions are known.

    Raises
    ------
    InputError
        If a file is missing or corrupt, predictions are of other characters than the first model's, or there are more than
        `MOST_INTERSECTED` models.
    """
    roles = read_roles(best)
    finite = [roles[role] for role in (NGRAM, NNN) if role in roles]
    three = [roles[NETWORK], *finite]
    more = [*(model for role, model in roles.items() if role.startswith("best ")), *(external or []), *finite]
    if len(more) > MOST_INTERSECTED:
        raise InputError(f"--external: found {len(more)} models with those of {best}, expected at most {MOST_INTERSECTED}")
    of_three = table_of_sets(three, *overlap(predictions_folder, three, intervals.clusters), intervals)
    counts, clusters = overlap(predictions_folder, more, intervals.clusters)
    ERROR_OVERLAP.write(of_three, out_overlap)
    ERROR_INTERSECTIONS.write(table_of_sets(more, counts, clusters, intervals), out_intersections)
    ERROR_COUNTS.write(table_of_models(more, counts, clusters, intervals), out_counts)


if __name__ == "__main__":
    run(main)
