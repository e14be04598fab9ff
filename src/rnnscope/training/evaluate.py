"""Evaluation of a checkpoint: its losses, and its predictions of every character of the test part."""

from pathlib import Path

import numpy as np
from torch import nn

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import write_json
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


def main(split: Path, checkpoint: Path, computing: Computing, predictions: Path, losses: Path) -> None:
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

    Raises
    ------
    InputError
        If the checkpoint or the split is not readable, or the checkpoint was trained on other characters.
    """
    device = prepare_device(computing)
    network, description = load_checkpoint(checkpoint, device, nn.Module)
    parts = read_split(split)
    check_vocabulary(checkpoint, description, parts.vocabulary)
    procedure, sequence_length = PROCEDURES[description.kind], parts.sequence_length
    loss_of = {}
    for name in procedure.evaluated_parts:
        part = parts.part(name)
        characters = procedure.to_device(part, device)
        if name == "test":
            found, predicted = procedure.predictions(network, characters, sequence_length)
        else:
            found = procedure.log_probabilities(network, characters, sequence_length)
        log_prob = found.cpu().numpy()
        loss_of[f"{name}_loss"] = -float(np.mean(log_prob, dtype=np.float64))
        if name == "test":
            write_predictions(predictions, part, log_prob, predicted.cpu().numpy())
    write_json(losses, loss_of)


if __name__ == "__main__":
    run(main)
