"""Evaluation of a checkpoint: its losses, and its predictions of every character of the test part."""

from pathlib import Path

import numpy as np
from torch import nn

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.settings.base import is_number
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import from_elsewhere, read_json, write_json
from rnnscope.storage.predictions import write_predictions
from rnnscope.training.procedures import PROCEDURES

declare(
    "models/<model>/evaluation.json",
    "Losses of the checkpoint, without dropout.",
    (
        Column("train_loss", "number", "on the train part, nats per character; of recurrent networks alone"),
        Column("validation_loss", "number", "on the validation part, nats per character"),
        Column("test_loss", "number", "on the test part, nats per character"),
    ),
)


TOLERANCE = 1e-4  # nats per character: other kinds of processors round differently, which in a mean is far less


def read_kept(path: Path) -> dict[str, float]:
    """Read the losses of an evaluation.json.

    Raises
    ------
    InputError
        If it is missing or corrupt, or a loss is no finite number.
    """
    with from_elsewhere(path):
        kept = read_json(path)
    if not isinstance(kept, dict) or not {"validation_loss", "test_loss"} <= kept.keys():
        raise InputError(f"{path}: expected the losses of an evaluation, validation_loss and test_loss")
    for name, loss in kept.items():
        if not is_number(loss):
            raise InputError(f"{path}: {name!r} is {loss!r}, expected a finite number")
    return kept


def check_kept(path: Path, kept: dict[str, float], found: dict[str, float]) -> None:
    """Compare the losses of a kept evaluation with those found now, as far as it has them; nats per character, by name.

    Raises
    ------
    InputError
        If one differs by more than `TOLERANCE`.
    """
    for name, loss in found.items():
        if name in kept and not abs(loss - kept[name]) <= TOLERANCE:  # in this form NaN is refused too
            raise InputError(f"{path}: {name} {kept[name]:.6f}, found {loss:.6f} on this text; one of them is of another text")


def main(split: Path, checkpoint: Path, computing: Computing, predictions: Path, losses: Path, kept: Path | None = None) -> None:
    """Evaluate one network, recurrent or n-NN, on the parts of its split.

    An n-NN is not evaluated on the train part: its training leaves out the first targets of every stream.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    checkpoint
        Checkpoint written by rnnscope.training.select.
    computing
        Device and threads.
    predictions
        Parquet file to write: a row a test character.
    losses
        JSON file to write: nats per character of each part.
    kept
        evaluation.json of the same checkpoint from another time. Its loss on the train part, the longest, is taken from there
        if it has one; the others have to be found again.

    Raises
    ------
    InputError
        If the checkpoint or the split is not readable, the checkpoint was trained on other characters, or a loss is not the
        one that was kept.
    """
    device = prepare_device(computing)
    network, description = load_checkpoint(checkpoint, device, nn.Module)
    parts = read_split(split)
    check_vocabulary(checkpoint, description, parts.vocabulary)
    procedure, sequence_length = PROCEDURES[description.kind], parts.sequence_length
    known = read_kept(kept) if kept else {}
    taken_over = {"train_loss": known["train_loss"]} if "train_loss" in known else {}
    loss_of: dict[str, float] = {}
    for name in procedure.evaluated_parts:
        if f"{name}_loss" in taken_over:
            continue
        part = parts.part(name)
        characters = procedure.to_device(part, device)
        if name == "test":
            found, predicted = procedure.predictions(network, characters, sequence_length)
        else:
            found = procedure.log_probabilities(network, characters, sequence_length)
        log_prob = found.cpu().numpy()
        loss_of[f"{name}_loss"] = -float(np.mean(log_prob, dtype=np.float64))
        if name == "test":
            tested = part, log_prob, predicted.cpu().numpy()
    if kept:
        check_kept(kept, known, loss_of)
    # At the end, when all parts are found to be readable.
    write_predictions(predictions, *tested)
    write_json(losses, taken_over | loss_of)


if __name__ == "__main__":
    run(main)
