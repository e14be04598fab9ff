"""Snapshots of a network early in its training (paper section 4, F6).

    python -m rnnscope.training.snapshots --split DIR --checkpoint FILE --epochs 3 --snapshots 20 --out DIR

Trains the first epochs of the checkpoint's run once more, with the same recipe, and keeps the weights at evenly spaced
times, the last one the end of the last epoch: after a whole epoch they are, to the bit, those that the run itself had.
Writes `snapshot-<i>.safetensors`, i from 1, checkpoints like any other, and `snapshots.csv`, which says when each was
taken. A run that is killed goes on after its last finished epoch, like any training; the snapshots that it has taken lie
in the folder under hidden names until all are there.

Evenly in time and not in its logarithm, because a network spends its first updates on learning how often each character
occurs, and the contexts of one, two, three characters later, one soon after the other.
"""

import argparse
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.models import compiled
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.network import Network
from rnnscope.progress import progress
from rnnscope.storage.files import check_digest, discard, sha256_of, whole_file
from rnnscope.training.optimisation import (
    RESUME,
    Recipe,
    Training,
    add_recipe_flags,
    begin_epoch,
    recipe_of,
    resume_training,
    save_training,
    start_training,
)
from rnnscope.training.segments import to_device
from rnnscope.training.train import train_segments


def snapshot_times(segments: int, snapshots: int) -> list[int]:
    """After which of so many segments the snapshots are taken: evenly spaced, the last at the end, int (snapshots,)."""
    return [math.ceil(segments * number / snapshots) for number in range(1, snapshots + 1)]


def snapshot_steps(total_steps: int, steps: int, epochs: int, snapshots: int) -> list[int]:
    """How many steps of every stream have been read at each snapshot, int (snapshots,).

    An epoch has `total_steps`, in segments of `steps`. Raises InputError when there are fewer segments than snapshots.
    """
    segments = math.ceil(total_steps / steps)
    if not 1 <= snapshots <= segments * epochs:
        raise InputError(f"--snapshots: found {snapshots}, expected 1 to {segments * epochs}, the segments of {epochs} epochs")
    places = (divmod(time, segments) for time in snapshot_times(segments * epochs, snapshots))
    return [finished * total_steps + min(segment * steps, total_steps) for finished, segment in places]


def train_to_snapshots(
    training: Training[Network], recipe: Recipe, characters: Tensor, steps: int, snapshots: int, resume: Path, key: str
) -> Iterator[tuple[int, int]]:
    """Train on to `recipe.epochs` epochs and stop at the time of each snapshot, for the caller to take it.

    Yields its number, from 1, and how many steps of every stream have been read. After every epoch, `resume` holds what a
    later run with the same `key` needs to go on. `characters` are uint8 ids (total steps + 1, streams). Raises InputError
    when there are fewer segments than snapshots.
    """
    total_steps = len(characters) - 1
    wanted = snapshot_steps(total_steps, steps, recipe.epochs, snapshots)
    number_of = {seen: number for number, seen in enumerate(wanted, start=1)}
    segments, finished_before = math.ceil(total_steps / steps), len(training.history)
    with progress("training", segments * recipe.epochs, "segments", segments * finished_before) as advance:
        for finished in range(finished_before, recipe.epochs):
            begin_epoch(training, recipe, finished + 1)
            for segment, _ in enumerate(train_segments(training, characters, steps, recipe.gradient_clip), start=1):
                advance(1)
                seen = finished * total_steps + min(segment * steps, total_steps)
                if seen in number_of:
                    yield number_of[seen], seen
            training.history.append({"epoch": finished + 1})
            save_training(resume, training, key)


def hidden_path(out: Path, number: int) -> Path:
    """Where a snapshot lies until all have been taken."""
    return out / f".snapshot-{number}.safetensors"


def publish(out: Path, snapshots: int) -> None:
    """Give all snapshots their final names; only then remove what an interrupted run would go on from."""
    for number in range(1, snapshots + 1):
        check_digest(hidden_path(out, number))
        with whole_file(out / f"snapshot-{number}.safetensors") as partial:
            shutil.copyfile(hidden_path(out, number), partial)
    for path in (out / RESUME, *out.glob(".snapshot-*.safetensors")):
        discard(path)


def main() -> None:
    """Take the snapshots of one model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the training run: says its model and its dropout")
    parser.add_argument("--snapshots", type=int, required=True, help="how many to take, evenly spaced over the epochs")
    add_recipe_flags(parser)
    add_device_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for snapshot-<i>.safetensors and snapshots.csv")
    arguments = parser.parse_args()
    recipe, split, out, snapshots = recipe_of(arguments), arguments.split, arguments.out, arguments.snapshots
    device = prepare_device(arguments.device, arguments.threads)
    _, description = load_checkpoint(arguments.checkpoint)
    check_vocabulary(arguments.checkpoint, description, read_vocabulary(split))
    network = Network(description.shape, description.dropout, torch.Generator().manual_seed(recipe.seed)).to(device)
    characters, steps = to_device(read_part(split, "train"), device), read_steps(split)
    total_steps, streams = len(characters) - 1, characters.shape[1]
    read = snapshot_steps(total_steps, steps, recipe.epochs, snapshots)

    rounding = compiled.rounding_of(next(network.parameters()))
    run_of = [asdict(recipe), asdict(description.shape), description.dropout, steps, rounding, snapshots]
    key = json.dumps([*run_of, sha256_of(split / "train.npy")])
    training = start_training(network, recipe)
    resume_training(out / RESUME, training, key)
    for number, seen in train_to_snapshots(training, recipe, characters, steps, snapshots, out / RESUME, key):
        save_checkpoint(hidden_path(out, number), network.state_dict(), replace(description, epoch=seen // total_steps))
    publish(out, snapshots)
    rows = [f"{number},{seen * streams},{seen / total_steps}" for number, seen in enumerate(read, start=1)]
    with whole_file(out / "snapshots.csv") as partial:
        partial.write_text("\n".join(["snapshot,characters,epoch", *rows]) + "\n")


if __name__ == "__main__":
    run(main)
