"""The losses of every model with the bootstrap's standard deviation: the numbers of table T1 (paper section 4)."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from rnnscope.analyses.losses.bootstrap import bootstrap_standard_deviation
from rnnscope.analyses.losses.evaluations import read_evaluated
from rnnscope.analyses.losses.summaries import read_object, read_summary
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.tables import write_csv


def loss_row(models_folder: Path, predictions_folder: Path, model: str, bootstrap_samples: int, seed: int) -> dict[str, Any]:
    """The table's row of one model.

    The test loss, minus the mean of the log-probabilities of the correct characters (nats per character), is
    recomputed in float64 from `<predictions_folder>/<model>.parquet`. Raises InputError when it disagrees with
    the model's evaluation.json, or when a file is missing or damaged.
    """
    folder = models_folder / model
    summary = read_summary(folder, ("hidden_width", "parameters", "dropout", "best_epoch"))
    evaluation = read_object(folder / "evaluation.json", ("train_loss", "validation_loss", "test_loss"))
    log_prob, test_loss = read_evaluated(predictions_folder / f"{model}.parquet", folder / "evaluation.json")
    deviation = float(loss_standard_deviations(log_prob[np.newaxis], bootstrap_samples, seed).item())
    return summary | evaluation | {"test_loss": test_loss, "test_loss_standard_deviation": deviation}


def main() -> None:
    """Write the table of losses, a row a model in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models-folder", type=Path, required=True, help="holds <model>/summary.json and evaluation.json")
    parser.add_argument("--predictions-folder", type=Path, required=True, help="holds <model>.parquet")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODEL", help="names such as lstm-2-128")
    parser.add_argument("--bootstrap-samples", type=int, required=True, help="resamples of the test characters")
    parser.add_argument("--seed", type=int, required=True, help="seed of the bootstrap")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    if arguments.bootstrap_samples < 2:
        raise InputError(f"--bootstrap-samples: found {arguments.bootstrap_samples}, expected at least 2")
    # One model's predictions at a time: memory does not grow with the number of models.
    rows = [
        loss_row(arguments.models_folder, arguments.predictions_folder, model, arguments.bootstrap_samples, arguments.seed)
        for model in arguments.models
    ]
    write_csv(pd.DataFrame(rows), arguments.out)


if __name__ == "__main__":
    run(main)
