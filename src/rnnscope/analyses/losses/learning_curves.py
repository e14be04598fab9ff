"""The learning curves of all recurrent networks in one table (paper section 3)."""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.losses.losses import MODEL_COLUMNS
from rnnscope.analyses.losses.run_files import read_identity
from rnnscope.cli import run
from rnnscope.storage.tables import Table, read_csv
from rnnscope.training.history import HISTORY, HISTORY_COLUMNS

LEARNING_CURVES = Table(
    "analyses/learning_curves.csv",
    "The histories of all recurrent networks: one row a model and epoch.",
    (*MODEL_COLUMNS, *HISTORY),
)


def learning_curve(folder: Path) -> pd.DataFrame:
    """Return the rows of one model in `LEARNING_CURVES`, from its history.csv and summary.json.

    Raises
    ------
    InputError
        If one of the files is missing or corrupt.
    """
    columns = list(HISTORY_COLUMNS)  # a history of an earlier version has more: seconds, which differ from run to run
    return read_csv(folder / "history.csv", columns)[columns].assign(**read_identity(folder))


def main(models_folder: Path, models: list[str], out: Path) -> None:
    """Write the learning curves of the models, one model after another in the order given.

    Parameters
    ----------
    models_folder
        Folder that holds <model>/summary.json and <model>/history.csv.
    models
        Names of the recurrent networks, such as lstm-2-128.
    out
        CSV file to write.
    """
    LEARNING_CURVES.write(pd.concat([learning_curve(models_folder / model) for model in models]), out)


if __name__ == "__main__":
    run(main)
