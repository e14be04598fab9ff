"""The choice between training runs that differ in one value: the lowest validation loss wins (paper section 3).

So are chosen the dropout of a recurrent network and the hidden width of an n-NN.

python -m rnnscope.training.select --candidate DIR [--candidate DIR ...] --out DIR
"""

import argparse
import logging
import shutil
from pathlib import Path

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.files import check_digest, read_json, whole_file

FILES = ("checkpoint.safetensors", "history.csv", "summary.json")

log = logging.getLogger(__name__)


def best_candidate(candidates: list[Path]) -> Path:
    """The training folder of the lowest validation loss (nats per character); the first of equals."""
    losses = {}
    for folder in candidates:
        summary = read_json(folder / "summary.json")
        if "validation_loss" not in summary:
            raise InputError(f"{folder / 'summary.json'}: no validation_loss; expected a summary written by training")
        losses[folder] = summary["validation_loss"]
        log.info("%s: validation loss %.4f nats per character", folder, losses[folder])
    return min(candidates, key=losses.__getitem__)


def main() -> None:
    """Copy the best candidate's checkpoint, history and summary to the model's own folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--candidate", type=Path, action="append", required=True, help="a training run's folder; repeat")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    best = best_candidate(arguments.candidate)
    log.info("chosen: %s", best)
    for name in FILES:
        check_digest(best / name)  # a damaged file would get a record of its own as a copy, and pass for whole
        with whole_file(arguments.out / name) as partial:
            shutil.copyfile(best / name, partial)


if __name__ == "__main__":
    run(main)
