"""Train one n-NN of one hidden width with the optimisation of the recurrent networks (paper section 4, T2).

    python -m rnnscope.training.train_neural --split DIR --n 3 --hidden-width 256 --steps 10 --out DIR

A minibatch is `steps` targets of every stream. They may be fewer than the steps through which a recurrent network is
unrolled, since there is no state to carry, and many small updates get further than few large ones: on War and Peace
(n = 6, H = 256), 10 steps come to a validation loss of 1.50 nats in 4 epochs, 100 steps in 12.

Writes `checkpoint.safetensors`, `history.csv` (a row an epoch, nats per character) and `summary.json`; a run that was
killed and started again ends with the bytes of an uninterrupted one.
"""

import argparse
import json
import math
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.feed_forward import (
    Description,
    FeedForwardNetwork,
    Shape,
    mean_loss,
    minibatches,
    save_checkpoint,
    train_windows,
)
from rnnscope.storage.checksums import computing_device
from rnnscope.storage.files import discard, sha256_of, write_json
from rnnscope.training.optimisation import (
    RESUME,
    Training,
    add_recipe_flags,
    fit,
    optimizer_step,
    recipe_of,
    resume_training,
    start_training,
    write_history,
)


def train_epoch(training: Training[FeedForwardNetwork], windows: Tensor, steps: int, gradient_clip: float) -> float:
    """One pass over the train targets, `steps` of every stream an update; returns nats per character.

    `windows` are ids (streams, total steps, n + 1), from `train_windows`. The gradient is, as for the recurrent networks,
    that of the loss summed over the steps of a minibatch and averaged over its streams.
    """
    network = training.network.train()
    streams, total_steps, _ = windows.shape
    total = torch.zeros((), dtype=torch.float64, device=windows.device)
    updates = math.ceil(total_steps / steps)
    for contexts, targets in tqdm(minibatches(windows, steps), total=updates, unit="minibatch", leave=False, disable=None):
        loss = F.cross_entropy(network(contexts).flatten(0, 1), targets.flatten(), reduction="sum") / streams
        optimizer_step(training, loss, gradient_clip)
        total += loss.detach() * streams
    return total.item() / total_steps / streams


def write_run(out: Path, training: Training[FeedForwardNetwork], vocabulary: np.ndarray, seed: int) -> None:
    """Write checkpoint, history and summary of a finished run; `vocabulary` is uint8 (K,)."""
    network = training.network
    description = Description(network.shape, training.best_epoch, vocabulary.tolist())
    save_checkpoint(out / "checkpoint.safetensors", training.best, description)
    write_history(out / "history.csv", training)
    summary = {
        "n": network.shape.n,
        "hidden_width": network.shape.hidden_width,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "seed": seed,
        "epochs": len(training.history),
        "best_epoch": training.best_epoch,
        "validation_loss": training.best_validation_loss,
    }
    write_json(out / "summary.json", summary)


def main() -> None:
    """Train one n-NN on one split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--n", type=int, required=True, help="characters of context")
    parser.add_argument("--hidden-width", type=int, required=True, help="units of the tanh layer")
    parser.add_argument("--steps", type=int, required=True, help="targets of every stream that make a minibatch")
    add_recipe_flags(parser)
    add_device_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, history and summary")
    arguments = parser.parse_args()
    for flag in ("n", "hidden_width", "steps"):
        if getattr(arguments, flag) < 1:
            raise InputError(f"--{flag.replace('_', '-')}: found {getattr(arguments, flag)}, expected at least 1")
    recipe, split, out = recipe_of(arguments), arguments.split, arguments.out

    device = prepare_device(arguments.device, arguments.threads)
    vocabulary, steps = read_vocabulary(split), arguments.steps
    shape = Shape(arguments.n, arguments.hidden_width, len(vocabulary))
    train_part, validation_part = (torch.from_numpy(np.array(read_part(split, part))) for part in ("train", "validation"))
    if shape.n >= train_part.shape[1]:
        raise InputError(f"--n: found {shape.n}, expected less than {train_part.shape[1]}, the characters of a train stream")
    windows = train_windows(train_part.to(device), shape.n)
    network = FeedForwardNetwork(shape, torch.Generator().manual_seed(recipe.seed)).to(device)
    training = start_training(network, recipe)

    texts = [sha256_of(split / f"{part}.npy") for part in ("train", "validation")]
    key = json.dumps([asdict(recipe), asdict(shape), steps, computing_device(), texts])
    out.mkdir(parents=True, exist_ok=True)
    resume_training(out / RESUME, training, key)
    one_pass = partial(train_epoch, training, windows, steps, recipe.gradient_clip)
    validate = partial(mean_loss, network, validation_part.to(device))
    fit(training, recipe, one_pass, validate, out / RESUME, key)
    write_run(out, training, vocabulary, recipe.seed)
    discard(out / RESUME)


if __name__ == "__main__":
    run(main)
