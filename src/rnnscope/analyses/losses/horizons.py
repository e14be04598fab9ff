"""Finite horizons: what the last n characters alone predict, counted (n-gram) or learned (n-NN), and what it costs.

Table T2 of paper section 4. The cost of a model is how many numbers it is made of: the parameters of an n-NN, the
distinct n-grams that an n-gram model has to store.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import bootstrap_standard_deviations
from rnnscope.analyses.losses.evaluations import read_evaluated
from rnnscope.analyses.losses.summaries import read_object
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest
from rnnscope.storage.tables import read_csv, write_csv

LOSSES = ["test_loss", "test_loss_standard_deviation"]


def ngram_rows(path: Path) -> pd.DataFrame:
    """The rows of the n-gram models, from the table that fitting them wrote. Raises InputError when it is damaged."""
    ngrams = read_csv(path, ["n", *LOSSES, "ngrams"])
    table = ngrams[["n", *LOSSES]].assign(cost=ngrams["ngrams"])
    table.insert(0, "kind", "n-gram")
    return table


def nnn_row(folder: Path, predictions_folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The row of the n-NN in `folder`, `nnn-<n>`, and its log-probabilities of the test characters, float32 (characters,).

    Raises InputError when the predictions disagree with evaluation.json, or when a file is missing or damaged.
    """
    summary = read_object(folder / "summary.json", ("n", "parameters"))
    log_prob, test_loss = read_evaluated(predictions_folder / f"{folder.name}.parquet", folder / "evaluation.json")
    checkpoint = folder / "checkpoint.safetensors"
    check_digest(checkpoint)  # only its size is read, which a truncated file has wrong
    size = checkpoint.stat().st_size
    row = {"kind": "n-NN", "n": summary["n"], "test_loss": test_loss, "cost": summary["parameters"], "bytes": size}
    return row, log_prob


def nnn_rows(folders: list[Path], predictions_folder: Path, bootstrap_samples: int, seed: int) -> pd.DataFrame:
    """The rows of the n-NNs. Raises InputError as `nnn_row` does."""
    rows, log_prob = zip(*(nnn_row(folder, predictions_folder) for folder in folders), strict=True)
    deviations = bootstrap_standard_deviations(np.stack(log_prob), bootstrap_samples, seed)
    return pd.DataFrame(rows).assign(test_loss_standard_deviation=deviations)


def main() -> None:
    """Write the table of finite-horizon models: the n-grams, then the n-NNs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ngram-losses", type=Path, required=True, help="table written by rnnscope.ngrams.kneser_ney")
    parser.add_argument(
        "--nnn", type=Path, action="append", required=True, metavar="FOLDER", help="nnn-<n>/; give it once an n-NN"
    )
    parser.add_argument("--predictions-folder", type=Path, required=True, help="holds nnn-<n>.parquet")
    parser.add_argument("--bootstrap-samples", type=int, required=True, help="resamples of the test characters")
    parser.add_argument("--seed", type=int, required=True, help="seed of the bootstrap")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    if arguments.bootstrap_samples < 2:
        raise InputError(f"--bootstrap-samples: found {arguments.bootstrap_samples}, expected at least 2")
    ngrams = ngram_rows(arguments.ngram_losses)
    nnns = nnn_rows(arguments.nnn, arguments.predictions_folder, arguments.bootstrap_samples, arguments.seed)
    table = pd.concat([ngrams, nnns])[["kind", "n", *LOSSES, "cost", "bytes"]]
    write_csv(table.astype({"bytes": "Int64"}), arguments.out)  # a missing one would make them all fractions


if __name__ == "__main__":
    run(main)
