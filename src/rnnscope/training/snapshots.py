"""Snapshots of a network early in its training (paper section 4, F6).

The first epochs of a checkpoint's run are trained once more, with the same settings, and the weights are saved at evenly
spaced times, the last one the end of the last epoch: after a whole epoch they are, to the bit, those of the run itself. A
killed run resumes after its last finished epoch, like any training; until all snapshots are taken, they have hidden names.

The times are even and not logarithmic, because a network spends its first updates on learning how often each character
occurs, and learns the contexts of one, two, three characters later, soon after one another.
"""

import json
import logging
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.backends import check_precision, rounding_of
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import progress
from rnnscope.settings.training import Computing, Optimisation, Snapshots
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import check_digest, discard, whole_file
from rnnscope.storage.tensors import load_tensors
from rnnscope.training.backpropagation import train_segments
from rnnscope.training.optimisation import (
    RESUME,
    TrainingRun,
    begin_epoch,
    resume_training,
    save_training,
    start_training,
)
from rnnscope.training.segments import to_device
from rnnscope.training.summary import check_precision_of_run

declare(
    "models/<model>/snapshots/snapshot-<i>.safetensors",
    "The weights early in the training of the model that `dynamics: model` in `config.yaml` names, i from 1; written like "
    "`checkpoint.safetensors`, `epoch` being the number of finished epochs.",
)

TABLE = (
    Column("snapshot", "integer", "index of the snapshot, from 1"),
    Column("characters", "integer", "training characters read before it, of all streams together"),
    Column("epoch", "number", "the same in epochs: 1.5 is the middle of the second"),
)
declare("models/<model>/snapshots/snapshots.csv", "One row a snapshot: when it was taken.", TABLE)

log = logging.getLogger(__name__)


def snapshot_times(segments: int, snapshots: int) -> list[int]:
    """Return after how many of the segments each snapshot is taken: evenly spaced, the last at the end."""
    return [math.ceil(segments * index / snapshots) for index in range(1, snapshots + 1)]


def snapshot_steps(total_steps: int, sequence_length: int, epochs: int, snapshots: int) -> list[int]:
    """Return how many steps of every stream have been read at each snapshot.

    Parameters
    ----------
    total_steps
        Steps of an epoch.
    sequence_length
        Steps of a segment.
    epochs, snapshots
        How many there are.

    Raises
    ------
    InputError
        If there are fewer segments than snapshots.
    """
    segments = math.ceil(total_steps / sequence_length)
    if not 1 <= snapshots <= segments * epochs:
        raise InputError(
            f"dynamics.snapshots: found {snapshots}, expected 1 to {segments * epochs}, the segments of {epochs} epochs; "
            "or more dynamics.epochs, or no section dynamics"
        )
    times = (divmod(time, segments) for time in snapshot_times(segments * epochs, snapshots))
    return [finished * total_steps + min(segment * sequence_length, total_steps) for finished, segment in times]


def train_to_snapshots(
    training_run: TrainingRun[SequenceModel],
    optimisation: Optimisation,
    characters: Tensor,
    sequence_length: int,
    snapshots: int,
    resume: Path,
    key: str,
) -> Iterator[tuple[int, int]]:
    """Train to the end and stop at the time of each snapshot, for the caller to take it.

    Parameters
    ----------
    training_run
        Changed in place.
    optimisation
        Epochs, learning rate, gradient clip and seed.
    characters
        uint8 ids (total steps + 1, streams).
    sequence_length
        Steps of a segment.
    snapshots
        How many.
    resume, key
        As in `optimisation.fit`.

    Yields
    ------
    index : int
        Of the snapshot, from 1.
    steps : int
        Steps of every stream that have been read.

    Raises
    ------
    InputError
        If there are fewer segments than snapshots.
    """
    total_steps = len(characters) - 1
    wanted = snapshot_steps(total_steps, sequence_length, optimisation.epochs, snapshots)
    index_at = {seen: index for index, seen in enumerate(wanted, start=1)}
    segments, finished_before = math.ceil(total_steps / sequence_length), len(training_run.history)
    with progress("training", segments * optimisation.epochs, "segments", segments * finished_before) as advance:
        for finished in range(finished_before, optimisation.epochs):
            begin_epoch(training_run, optimisation, finished + 1)
            learned = train_segments(training_run, characters, sequence_length, optimisation.gradient_clip)
            for segment, _ in enumerate(learned, start=1):
                advance(1)
                seen = finished * total_steps + min(segment * sequence_length, total_steps)
                if seen in index_at:
                    yield index_at[seen], seen
            training_run.history.append({"epoch": finished + 1})
            save_training(resume, training_run, key)


def hidden_path(out: Path, index: int) -> Path:
    """Return the path of a snapshot until all have been taken."""
    return out / f".snapshot-{index}.safetensors"


def resume_or_begin(
    out: Path, begin: Callable[[], TrainingRun[SequenceModel]], read: list[int], total_steps: int, key: str
) -> TrainingRun[SequenceModel]:
    """Return a run after the last epoch that an earlier one with the same `key` finished, or one before its first epoch.

    What an earlier run saved is of no use without all its snapshots: those of finished epochs are not taken again. Before
    the first epoch nothing of it is left, so that no later run takes the snapshots of two runs for those of one.

    Parameters
    ----------
    out
        Folder of the snapshots.
    begin
        Returns a run before its first epoch.
    read
        Of `snapshot_steps`.
    total_steps
        Steps of an epoch.
    key
        What the run depends on.
    """
    training_run = begin()
    resume_training(out / RESUME, training_run, key)
    try:
        for index, steps in enumerate(read, start=1):
            if steps <= len(training_run.history) * total_steps:
                load_tensors(hidden_path(out, index))
    except InputError as error:
        log.warning("%s; training starts again", error)
        training_run = begin()
    if not training_run.history:
        discard_unpublished(out)
    return training_run


def discard_unpublished(out: Path) -> None:
    """Remove what an interrupted run would resume from: first its state, which is of no use without its snapshots."""
    for path in (out / RESUME, *out.glob(".snapshot-*.safetensors")):
        discard(path)


def publish(out: Path, snapshots: int) -> None:
    """Give all snapshots their final names; only then remove what an interrupted run would resume from."""
    for index in range(1, snapshots + 1):
        check_digest(hidden_path(out, index))
        with whole_file(out / f"snapshot-{index}.safetensors") as partial:
            shutil.copyfile(hidden_path(out, index), partial)
    discard_unpublished(out)


def main(
    split: Path,
    checkpoint: Path,
    optimisation: Optimisation,
    snapshots: Snapshots,
    computing: Computing,
    out: Path,
    source: str = "",
) -> None:
    """Take snapshots of one recurrent network early in its training.

    Writes `snapshot-<i>.safetensors`, i from 1, checkpoints like any other, and `snapshots.csv`.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    checkpoint
        Checkpoint of the training run: says its model and its dropout; summary.json beside it, its precision.
    optimisation
        As of the training run, with the epochs that are observed.
    snapshots
        How many to take, evenly spaced over the epochs.
    computing
        Device and threads.
    out
        Folder for snapshot-<i>.safetensors and snapshots.csv.
    source
        Digest of the program's source: only what the same source trained is continued. Empty: whatever trained it.

    Raises
    ------
    InputError
        If the checkpoint, its summary or the split is not readable, there are fewer segments than snapshots, the precision is
        not that of the checkpoint's run or cannot be had.
    """
    device, count = prepare_device(computing), snapshots.snapshots
    trained, description = load_checkpoint(checkpoint)
    parts = read_split(split)
    check_vocabulary(checkpoint, description, parts.vocabulary)
    check_precision_of_run(optimisation.precision, checkpoint.parent)

    def begin() -> TrainingRun[SequenceModel]:
        generator = torch.Generator().manual_seed(optimisation.seed)
        return start_training(Network(trained.shape, trained.dropout, generator).to(device), optimisation)

    characters, sequence_length = to_device(parts.part("train"), device), parts.sequence_length
    total_steps, streams = len(characters) - 1, characters.shape[1]
    read = snapshot_steps(total_steps, sequence_length, optimisation.epochs, count)

    weights = next(begin().network.parameters())
    check_precision(optimisation.precision, weights, trained.shape.cell)
    rounding = rounding_of(weights)
    run_of = [asdict(optimisation), asdict(description.shape), description.dropout, sequence_length, rounding, count]
    key = json.dumps([*run_of, parts.digest("train"), source])
    training_run = resume_or_begin(out, begin, read, total_steps, key)
    taken = train_to_snapshots(training_run, optimisation, characters, sequence_length, count, out / RESUME, key)
    for index, seen in taken:
        save_checkpoint(
            hidden_path(out, index), training_run.network.state_dict(), replace(description, epoch=seen // total_steps)
        )
    publish(out, count)
    rows = [f"{index},{seen * streams},{seen / total_steps}" for index, seen in enumerate(read, start=1)]
    with whole_file(out / "snapshots.csv") as partial:
        partial.write_text("\n".join([",".join(column.name for column in TABLE), *rows]) + "\n")


if __name__ == "__main__":
    run(main)
