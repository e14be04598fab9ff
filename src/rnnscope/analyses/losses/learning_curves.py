"""The training histories of all models as one tidy table, a row a model and epoch (paper section 3)."""

import argparse
from pathlib import Path

import pandas as pd

from rnnscope.analyses.losses.summaries import read_summary
from rnnscope.cli import run
from rnnscope.storage.tables import read_csv, write_csv

COLUMNS = ["epoch", "learning_rate", "train_loss", "validation_loss"]  # not `seconds`: it differs from run to run


def history(folder: Path) -> pd.DataFrame:
    """The history of the model in `folder`: its identity (model, cell, layers, size) beside every epoch's row.

    Losses are in nats per character. Raises InputError when summary.json or history.csv is missing or damaged.
    """
    table = read_csv(folder / "history.csv", COLUMNS)[COLUMNS]
    for position, (key, value) in enumerate(read_summary(folder).items()):
        table.insert(position, key, value)
    return table


def main() -> None:
    """Write the histories of the models, one after another in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models-folder", type=Path, required=True, help="holds <model>/summary.json and history.csv")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODEL", help="names such as lstm-2-128")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    write_csv(pd.concat([history(arguments.models_folder / model) for model in arguments.models]), arguments.out)


if __name__ == "__main__":
    run(main)
