"""Which models err on the same characters: the exact sizes of all intersections (paper section 4, F4).

With any number of models, every test character belongs to exactly one set of models that err on it; the sizes of these sets
add up to the test part. One table compares the best network with an n-gram model and the best n-NN, as in the paper; the
other adds the best network of every other cell.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.errors import is_error
from rnnscope.analyses.losses.best_models import NETWORK, NGRAM, NNN, read_roles
from rnnscope.cli import run
from rnnscope.models.cells import ModelName
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import Table

NO_MODEL = "none"
COLUMNS = (
    Column("compared", "text", "names of all models, with spaces between"),
    Column("erring", "text", "names of those in the set; `none` for the empty set"),
    Column("number", "integer", "how many models are in the set"),
    Column(
        "characters", "integer", "errors of all models in the set and of no other; over all rows they add up to the test part"
    ),
    Column("fraction", "number", "the same as a fraction of the test characters"),
)
ERROR_OVERLAP = Table(
    "analyses/error_overlap.csv",
    "Figure F4: one row for each set of three models: the best network of `errors: candidates`, the n-gram model of "
    "`comparisons: ngram` and the best n-NN, by validation loss. A character is an error of a model that gave it a probability "
    "below 0.5.",
    COLUMNS,
)
ERROR_INTERSECTIONS = Table(
    "analyses/error_intersections.csv",
    "As `error_overlap.csv`, with the best network of every other cell and the external models added.",
    COLUMNS,
)


def count_sets(errors: Iterable[np.ndarray]) -> np.ndarray:
    """Count on how many characters each set of models errs.

    Parameters
    ----------
    errors : iterable of ndarray of bool, all of one shape
        For one model after another, which characters are errors; at most 16 models.

    Returns
    -------
    counts : ndarray of int64, shape (2 ** models,)
        The index of a set is a binary number: the first model counts 1, the second 2, the third 4, ...
    """
    models = 0
    sets: np.ndarray = np.zeros(1, np.uint16)
    for models, wrong in enumerate(errors, start=1):
        sets = sets | (wrong.astype(np.uint16) << (models - 1))
    return np.bincount(sets.ravel(), minlength=2**models)


def table_of_sets(models: list[str], counts: np.ndarray) -> pd.DataFrame:
    """Return a row for each set of models, the largest sets first.

    Parameters
    ----------
    models
        Names of the models.
    counts : ndarray of int64, shape (2 ** models,)
        As `count_sets` returns them.
    """
    sets = [[model for index, model in enumerate(models) if code >> index & 1] for code in range(len(counts))]
    table = pd.DataFrame(
        {
            "compared": " ".join(models),
            "erring": [" ".join(erring) or NO_MODEL for erring in sets],
            "number": [len(erring) for erring in sets],
            "characters": counts,
            "fraction": counts / counts.sum(),
        }
    )
    return table.sort_values(["characters", "erring"], ascending=[False, True])


def best_of_other_cells(roles: dict[str, str]) -> list[str]:
    """Return the best network of every cell but that of the best network, in the order of the roles."""
    own = ModelName.parse(roles[NETWORK]).kind
    best = [model for role, model in roles.items() if role.startswith("best ")]
    return [model for model in best if ModelName.parse(model).kind != own]


def overlap(folder: Path, models: list[str]) -> pd.DataFrame:
    """Return the table of the sets of models that err; predictions of one model at a time are in memory."""
    return table_of_sets(models, count_sets(is_error(log_prob) for log_prob in read_aligned(folder, models)))


def main(
    predictions_folder: Path, best: Path, out_overlap: Path, out_intersections: Path, external: list[str] | None = None
) -> None:
    """Count which models err on the same characters.

    Parameters
    ----------
    predictions_folder
        Folder that holds <model>.parquet.
    best
        Table best_models.csv.
    out_overlap
        CSV file to write: the best network, the n-gram model and the best n-NN.
    out_intersections
        CSV file to write: the same, the best network of every other cell, and the external models.
    external
        Names of models of which only the predictions are known.
    """
    roles = read_roles(best)
    network, finite = roles[NETWORK], [roles[NGRAM], roles[NNN]]
    of_three = overlap(predictions_folder, [network, *finite])
    of_more = overlap(predictions_folder, [network, *best_of_other_cells(roles), *(external or []), *finite])
    ERROR_OVERLAP.write(of_three, out_overlap)
    ERROR_INTERSECTIONS.write(of_more, out_intersections)


if __name__ == "__main__":
    run(main)
