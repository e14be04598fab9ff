"""Take over a model that was trained and kept elsewhere: write the files that training and selection would have written.

Nothing is trained. What the kept files say of each other and of the text is compared instead. That the weights are those of
this text is seen when they are evaluated (`rnnscope.training.evaluate`, `--kept`).
"""

import csv
import shutil
from pathlib import Path
from typing import Any

from torch import nn

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.storage.files import (
    check_digest,
    check_is_file,
    corrupt_file_error,
    from_elsewhere,
    read_json,
    whole_file,
    write_json,
)
from rnnscope.training.history import HISTORY_COLUMNS
from rnnscope.training.optimisation import History
from rnnscope.training.select import FILES
from rnnscope.training.summary import read_precision
from rnnscope.training.train import identity_of

CHECKPOINT, HISTORY, SUMMARY = FILES
TEXT_KEY = "text"
# What a summary says of the training, beside what follows from the network, in its order.
TRAINING_KEYS = ("seed", "precision", "epochs", "best_epoch", "validation_loss", TEXT_KEY)
LATER_KEYS = ("precision", TEXT_KEY)  # those that earlier versions did not write


def read_history(path: Path) -> History:
    """Read a history of losses: a row an epoch.

    Raises
    ------
    InputError
        If it is missing, damaged or not written by training.
    """
    check_is_file(path, "a history written by training")
    check_digest(path)
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        try:
            rows = [{name: float(row[name]) for name in HISTORY_COLUMNS} for row in reader]
        except (KeyError, TypeError, ValueError):
            rows = []
    if not rows or [row["epoch"] for row in rows] != list(range(1, len(rows) + 1)):
        raise corrupt_file_error(path, f"expected the columns {', '.join(HISTORY_COLUMNS)} and a row for each epoch, from 1")
    return rows


def check_summary(path: Path, summary: dict[str, Any], expected: dict[str, tuple[Any, str]]) -> None:
    """Compare what a summary says with what is known.

    Parameters
    ----------
    path
        Of the summary.
    summary
        Its content.
    expected
        By key the value and where it is known from. Summaries of n-NNs of earlier versions have fewer keys.

    Raises
    ------
    InputError
        At the first key of another value.
    """
    for key, (value, source) in expected.items():
        if key in summary and summary[key] != value:
            raise InputError(f"{path}: {key!r} is {summary[key]!r}, expected {value!r} as {source}")


def main(kept: Path, split: Path, out: Path) -> None:
    """Take over a kept model's checkpoint, history and summary.

    Files of earlier versions are written as this version would.

    Parameters
    ----------
    kept
        Folder of the kept model, named like it.
    split
        Folder written by rnnscope.corpus.split, of the text that the model was trained on.
    out
        Folder of the model.

    Raises
    ------
    InputError
        If a file is missing or corrupt, the files are of another model, of another text or of different runs, or the precision is
        none that this version has.
    """
    checkpoint, text = kept / CHECKPOINT, read_split(split)
    with from_elsewhere(kept):
        network, description = load_checkpoint(checkpoint, "cpu", nn.Module)
        history, summary = read_history(kept / HISTORY), read_json(kept / SUMMARY)
        read_precision(kept)
    check_vocabulary(checkpoint, description, text.vocabulary)
    if description.model != kept.name:
        raise InputError(f"{checkpoint}: found {description.model}, expected {kept.name}, the folder's name")
    if missing := [key for key in TRAINING_KEYS if key not in (*summary, *LATER_KEYS)]:
        raise InputError(f"{kept / SUMMARY}: no key {missing[0]!r}, expected a summary written by training")
    best = min(history, key=lambda row: row["validation_loss"])
    if description.epoch != best["epoch"]:
        raise InputError(f"{checkpoint}: of epoch {description.epoch}, expected the best of {HISTORY}, {best['epoch']:.0f}")
    identity = identity_of(ModelName.parse(description.model), network)
    known = {key: (value, f"in {CHECKPOINT}") for key, value in identity.items()}
    known |= {"epochs": (len(history), f"in {HISTORY}"), "best_epoch": (description.epoch, f"in {CHECKPOINT}")}
    known |= {"validation_loss": (best["validation_loss"], f"in {HISTORY}"), TEXT_KEY: (text.digest("train"), f"in {split}")}
    check_summary(kept / SUMMARY, summary, known)

    save_checkpoint(out / CHECKPOINT, network.state_dict(), description)
    with whole_file(out / HISTORY) as partial:
        shutil.copyfile(kept / HISTORY, partial)
    of_training = {key: summary[key] for key in TRAINING_KEYS if key in summary}
    write_json(out / SUMMARY, identity | of_training)


if __name__ == "__main__":
    run(main)
