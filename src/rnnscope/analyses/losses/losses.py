"""The losses of every recurrent network with their standard deviation: the numbers of table T1 (paper section 4)."""

from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import INDEPENDENT_DEVIATION, loss_standard_deviations
from rnnscope.analyses.losses.run_files import read_evaluated, read_identity, read_object
from rnnscope.cli import run
from rnnscope.settings.predictions import Bootstrap
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import read_accuracy
from rnnscope.storage.tables import Table
from rnnscope.training.summary import read_precision

MODEL_COLUMNS = (
    Column("model", "text", "`<cell>-<layers>-<size>`"),
    Column("cell", "text", "cell of the network"),
    Column("layers", "integer", "depth"),
    Column("size", "integer", "parameter budget: the units of the 1-layer LSTM that has it"),
)
LOSSES = Table(
    "analyses/losses.csv",
    "Table T1: one row a recurrent network.",
    (
        *MODEL_COLUMNS,
        Column("hidden_width", "integer", "units of each layer"),
        Column("parameters", "integer", "weights and biases"),
        Column("dropout", "number", "dropout probability of the selected candidate"),
        Column(
            "precision",
            "text",
            "of the factors of the products in training: float32 or bfloat16; unknown for an imported network",
        ),
        Column("best_epoch", "integer", "epoch whose weights were kept"),
        Column("train_loss", "number", "nats per character, from `evaluation.json`"),
        Column("validation_loss", "number", "nats per character, from `evaluation.json`"),
        Column(
            "test_loss", "number", "nats per character, computed again from `predictions`; within 0.0001 of `evaluation.json`"
        ),
        INDEPENDENT_DEVIATION,
        Column("test_bits_per_character", "number", "`test_loss` in bits: divided by the natural logarithm of 2"),
        Column("test_accuracy", "number", "fraction of the test characters that were the most likely ones under the model"),
    ),
)


def loss_row(folder: Path, predictions: Path, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return the row of one model in `LOSSES`.

    Parameters
    ----------
    folder
        Folder of the model, with summary.json and evaluation.json.
    predictions
        Its predictions of the test characters.
    bootstrap
        Settings of the standard deviation.

    Raises
    ------
    InputError
        If the predictions disagree with evaluation.json, or a file is missing or corrupt.
    """
    summary = read_identity(folder, ("hidden_width", "parameters", "dropout", "best_epoch"))
    summary |= {"precision": read_precision(folder) or "unknown"}
    evaluation = read_object(folder / "evaluation.json", ("train_loss", "validation_loss"))
    log_prob, test_loss = read_evaluated(predictions, folder / "evaluation.json")
    (deviation,) = loss_standard_deviations(log_prob[np.newaxis], bootstrap.samples, bootstrap.seed)
    losses = {"test_loss": test_loss, INDEPENDENT_DEVIATION.name: deviation, "test_bits_per_character": test_loss / log(2)}
    return summary | evaluation | losses | {"test_accuracy": read_accuracy(predictions)}


def main(models_folder: Path, predictions_folder: Path, models: list[str], bootstrap: Bootstrap, out: Path) -> None:
    """Write the table of losses, one row a model in the order given.

    Parameters
    ----------
    models_folder
        Folder that holds <model>/summary.json and <model>/evaluation.json.
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the recurrent networks, such as lstm-2-128.
    bootstrap
        Settings of the standard deviation.
    out
        CSV file to write.
    """
    # One model's predictions at a time: memory does not grow with the number of models.
    rows = [loss_row(models_folder / model, predictions_folder / f"{model}.parquet", bootstrap) for model in models]
    LOSSES.write(pd.DataFrame(rows), out)


if __name__ == "__main__":
    run(main)
