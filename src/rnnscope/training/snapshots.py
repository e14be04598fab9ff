"""Snapshots of a network early in its training (paper section 4, F6).

    python -m rnnscope.training.snapshots --split DIR --checkpoint FILE --epochs 3 --snapshots 20 --out DIR

Trains the first epochs of the checkpoint's run once more, with the same recipe, and keeps the weights at evenly spaced
times, the last one the end of the last epoch: after a whole epoch they are, to the bit, those that the run itself had.
Writes `snapshot-<i>.safetensors`, i from 1, checkpoints like any other, and `snapshots.csv`, which says when each was
taken. Evenly in time and not in its logarithm, because a network spends its first updates on learning how often each
character occurs, and the contexts of one, two, three characters later, one soon after the other.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from rnnscope.command import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.devices import add_device_flags, prepare_device
from rnnscope.errors import InputError
from rnnscope.files import whole_file
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.models.network import Network
from rnnscope.optimisation import Recipe, Training, add_recipe_flags, begin_epoch, recipe_of, start_training
from rnnscope.progress import progress
from rnnscope.training.segments import to_device
from rnnscope.training.train import train_segments


def snapshot_times(segments: int, snapshots: int) -> list[int]:
    """After which of so many segments the snapshots are taken: evenly spaced, the last at the end, int (snapshots,)."""
    return [math.ceil(segments * number / snapshots) for number in range(1, snapshots + 1)]


def train_to_snapshots(
    training: Training[Network], recipe: Recipe, characters: Tensor, steps: int, snapshots: int
) -> Iterator[int]:
    """Train for `recipe.epochs` epochs and stop at the time of each snapshot, for the caller to take it.

    Yields how many steps of every stream have been read. `characters` are uint8 ids (total steps + 1, streams). Raises
    InputError when there are fewer segments than snapshots.
    """
    total_steps = len(characters) - 1
    segments = math.ceil(total_steps / steps)
    if not 1 <= snapshots <= segments * recipe.epochs:
        raise InputError(
            f"--snapshots: found {snapshots}, expected 1 to {segments * recipe.epochs}, the segments of {recipe.epochs} epochs"
        )
    times = set(snapshot_times(segments * recipe.epochs, snapshots))
    with progress("training", segments * recipe.epochs, "segments") as advance:
        for finished in range(recipe.epochs):
            begin_epoch(training, recipe, finished + 1)
            for segment, _ in enumerate(train_segments(training, characters, steps, recipe.gradient_clip), start=1):
                advance(1)
                if finished * segments + segment in times:
                    yield finished * total_steps + min(segment * steps, total_steps)


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
    recipe, split, out = recipe_of(arguments), arguments.split, arguments.out
    device = prepare_device(arguments.device, arguments.threads)
    _, description = load_checkpoint(arguments.checkpoint)
    check_vocabulary(arguments.checkpoint, description, read_vocabulary(split))
    network = Network(description.shape, description.dropout, torch.Generator().manual_seed(recipe.seed)).to(device)
    characters, steps = to_device(read_part(split, "train"), device), read_steps(split)
    training = start_training(network, recipe)
    total_steps, streams = len(characters) - 1, characters.shape[1]
    rows = ["snapshot,characters,epoch"]
    for number, seen in enumerate(train_to_snapshots(training, recipe, characters, steps, arguments.snapshots), start=1):
        path = out / f"snapshot-{number}.safetensors"
        save_checkpoint(path, network.state_dict(), replace(description, epoch=seen // total_steps))
        rows.append(f"{number},{seen * streams},{seen / total_steps}")
    with whole_file(out / "snapshots.csv") as partial:
        partial.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    run(main)
