"""What the best model gets right when it goes on learning from the test text, by the class of error.

Dynamic evaluation is what a real model can do of that which the memory oracle does: learn from the text it has just read.
Whether it does shows in the class `memory`.
"""

import argparse
from pathlib import Path

import numpy as np

from rnnscope.analyses.errors.cascade import add_settings_flags, read_cascade
from rnnscope.analyses.errors.error_changes import error_changes
from rnnscope.analyses.errors.errors import best_model
from rnnscope.analyses.errors.whole_text import read_aligned
from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.storage.predictions import write_predictions
from rnnscope.storage.tables import read_csv, write_csv
from rnnscope.training.dynamic_evaluation import dynamic_log_probabilities
from rnnscope.training.segments import to_device


def main() -> None:
    """Evaluate the candidate of the lowest validation loss while it learns; write its predictions, and a row a class."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_settings_flags(parser)
    parser.add_argument("--losses", type=Path, required=True, help="table written by rnnscope.analyses.losses.losses")
    parser.add_argument("--candidates", nargs="+", required=True, metavar="MODEL", help="the one of the lowest validation loss")
    parser.add_argument("--models-folder", type=Path, required=True, help="holds <model>/checkpoint.safetensors")
    parser.add_argument("--learning-rate", type=float, required=True, help="of plain gradient descent")
    parser.add_argument("--steps", type=int, required=True, help="characters of every stream between two updates")
    parser.add_argument(
        "--streams", type=int, required=True, help="streams that are read side by side, and change the same weights"
    )
    add_device_flags(parser)
    parser.add_argument("--out-predictions", type=Path, required=True, help="parquet file to write: a row a test character")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    for name in ("steps", "streams"):
        if getattr(arguments, name) < 1:
            raise InputError(f"--{name}: found {getattr(arguments, name)}, expected at least 1")
    device = prepare_device(arguments.device, arguments.threads)
    model = best_model(read_csv(arguments.losses, ["model", "validation_loss"]), arguments.candidates)
    before = read_aligned(arguments.predictions_folder / f"{model}.parquet", arguments.split)
    cascade = read_cascade(arguments)
    checkpoint = arguments.models_folder / model / "checkpoint.safetensors"
    network, description = load_checkpoint(checkpoint, device)
    check_vocabulary(checkpoint, description, read_vocabulary(arguments.split))

    test = read_part(arguments.split, "test")
    how = {name: getattr(arguments, name) for name in ("steps", "learning_rate", "streams")}
    log_prob = dynamic_log_probabilities(network, to_device(test, device), **how).cpu().numpy().T
    if not np.isfinite(log_prob).all():
        raise InputError(f"--learning-rate: {arguments.learning_rate} makes the loss of {model} infinite; expected a lower one")
    table = error_changes(cascade, before, log_prob.ravel())
    table.insert(0, "model", model)
    write_predictions(arguments.out_predictions, test, log_prob)
    write_csv(table, arguments.out)


if __name__ == "__main__":
    run(main)
