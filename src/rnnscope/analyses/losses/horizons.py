"""Finite contexts: how well the last n characters alone predict, counted (n-gram) or learned (n-NN), and at what cost.

Table T2 of paper section 4. The cost of a model is how many numbers it consists of: the parameters of an n-NN, the
distinct n-grams that an n-gram model has to store.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import INDEPENDENT_DEVIATION, loss_standard_deviations
from rnnscope.analyses.losses.run_files import parse_name, read_evaluated, read_object, read_test_loss
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.predictions import Bootstrap
from rnnscope.storage.declarations import Column
from rnnscope.storage.files import check_digest
from rnnscope.storage.tables import Table, read_csv

HORIZONS = Table(
    "analyses/horizons.csv",
    "Table T2: one row a model of finite context, the n-gram models and then the n-NNs.",
    (
        Column("kind", "text", "`n-gram` or `n-NN`"),
        Column("n", "integer", "characters of context"),
        Column(
            "test_loss", "number", "nats per character, from `predictions`; of an n-NN within 0.0001 of its `evaluation.json`"
        ),
        INDEPENDENT_DEVIATION,
        Column(
            "cost",
            "integer",
            "parameters of an n-NN; of an n-gram model the distinct n-grams of the orders 1 to n + 1 in the train part",
        ),
        Column("fall_back_orders", "integer", "of an n-gram model, as in `ngram_counts.csv`; empty for an n-NN"),
        Column("bytes", "integer", "of an n-NN's checkpoint file; empty for an n-gram model, which is not stored"),
    ),
)

Evaluated = tuple[dict[str, Any], np.ndarray]


def ngram_rows(counts: Path, predictions_folder: Path) -> list[Evaluated]:
    """Return the row of every n-gram model without its deviation, and its log-probabilities, float32 (characters,).

    Raises
    ------
    InputError
        If the table of counts or predictions are missing or corrupt.
    """
    rows = []
    names = ["n", "ngrams", "fall_back_orders"]
    for n, ngrams, fall_back in read_csv(counts, names)[names].itertuples(index=False):
        log_prob, test_loss = read_test_loss(predictions_folder / f"ngram-{n}.parquet")
        row = {"kind": "n-gram", "n": n, "test_loss": test_loss, "cost": ngrams, "fall_back_orders": fall_back}
        rows.append((row, log_prob))
    return rows


def nnn_row(folder: Path, predictions_folder: Path) -> Evaluated:
    """Return the row of an n-NN without its deviation, and its log-probabilities, float32 (characters,).

    Raises
    ------
    InputError
        If the predictions disagree with evaluation.json, or a file is missing or corrupt.
    """
    parameters = read_object(folder / "summary.json", ("parameters",))["parameters"]
    log_prob, test_loss = read_evaluated(predictions_folder / f"{folder.name}.parquet", folder / "evaluation.json")
    checkpoint = folder / "checkpoint.safetensors"
    check_digest(checkpoint)  # only its size is read, which a truncated file has wrong
    row = {"kind": "n-NN", "n": parse_name(folder.name).context, "test_loss": test_loss, "cost": parameters}
    return row | {"bytes": checkpoint.stat().st_size}, log_prob


def main(
    ngram_counts: Path, models_folder: Path, predictions_folder: Path, nnns: list[str], bootstrap: Bootstrap, out: Path
) -> None:
    """Write the table of the models of finite context: the n-gram models, then the n-NNs.

    Parameters
    ----------
    ngram_counts
        Table of the n-gram models, ngram_counts.csv.
    models_folder
        Folder that holds <n-NN>/summary.json, <n-NN>/evaluation.json and <n-NN>/checkpoint.safetensors.
    predictions_folder
        Folder that holds ngram-<n>.parquet and nnn-<n>.parquet.
    nnns
        Names of the n-NNs, such as nnn-3.
    bootstrap
        Settings of the standard deviation.
    out
        CSV file to write.
    """
    ngrams = ngram_rows(ngram_counts, predictions_folder)
    rows, log_prob = zip(*ngrams, *(nnn_row(models_folder / nnn, predictions_folder) for nnn in nnns), strict=True)
    if len({len(values) for values in log_prob}) > 1:
        found = sorted({len(values) for values in log_prob})
        raise InputError(f"{predictions_folder}: found predictions of {found[0]} and of {found[-1]} characters; some are stale")
    # All models at once: to draw the resamples is the slow part.
    deviations = loss_standard_deviations(np.stack(log_prob), bootstrap.samples, bootstrap.seed)
    table = pd.DataFrame(rows).assign(independent_standard_deviation=deviations)
    HORIZONS.write(
        table.astype({"bytes": "Int64", "fall_back_orders": "Int64"}), out
    )  # as floats, because some are missing, all would be fractions


if __name__ == "__main__":
    run(main)
