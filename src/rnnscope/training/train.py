"""One training run (paper section 3): truncated back-propagation, the checkpoint of the best validation loss.

    python -m rnnscope.training.train --split DIR --model lstm-2-128 --dropout 0 --out DIR

Writes `checkpoint.safetensors`, `history.csv` (a row an epoch, nats per character) and `summary.json`. While it runs,
`.resume.safetensors` beside them holds all it needs to go on after the last finished epoch; a run that was
killed and started again ends with the bytes of an uninterrupted one.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.models import compiled
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width, parse_model_name
from rnnscope.storage.files import discard, sha256_of, write_json
from rnnscope.training.cross_entropy import mean_loss
from rnnscope.training.optimisation import (
    RESUME,
    Training,
    add_recipe_flags,
    fit,
    recipe_of,
    resume_training,
    start_training,
    write_history,
)
from rnnscope.training.segments import segments, to_device
from rnnscope.training.step import Step


def train_segments(training: Training[Network], characters: Tensor, steps: int, gradient_clip: float) -> Iterator[Tensor]:
    """One pass over the train segments in order, the state carried from each to the next.

    Yields the summed loss (nats) of each segment once the network has learned from it, for the caller to do as it likes in
    between. `characters` are uint8 ids (total steps + 1, streams). The gradient is that of the loss summed over the steps
    of a segment and averaged over its streams.
    """
    training.network.train()
    step = Step(training, steps, characters.shape[1], gradient_clip)
    segments_of_epoch = math.ceil((len(characters) - 1) / steps)
    for inputs, targets in tqdm(segments(characters, steps), total=segments_of_epoch, unit="segment", leave=False, disable=None):
        yield step(inputs, targets)


def train_epoch(training: Training[Network], characters: Tensor, steps: int, gradient_clip: float) -> float:
    """One pass over the train part, as `train_segments` makes it; returns nats per character."""
    total = torch.zeros((), dtype=torch.float64, device=characters.device)
    for loss in train_segments(training, characters, steps, gradient_clip):
        total += loss
    return total.item() / (len(characters) - 1) / characters.shape[1]


def shape_of(model: str, vocabulary: int) -> Shape:
    """The shape of a model on K = `vocabulary` characters. Raises InputError when its name is none."""
    try:
        cell, layers, size = parse_model_name(model)
    except ValueError as error:
        raise InputError(str(error)) from None
    return Shape(cell, layers, matched_hidden_width(cell, layers, size, vocabulary), vocabulary)


def write_run(out: Path, model: str, training: Training[Network], vocabulary: np.ndarray, seed: int) -> None:
    """Write checkpoint, history and summary of a finished run; `vocabulary` is uint8 (K,)."""
    network = training.network
    description = Description(model, network.shape, network.dropout, training.best_epoch, vocabulary.tolist())
    save_checkpoint(out / "checkpoint.safetensors", training.best, description)
    write_history(out / "history.csv", training)
    cell, layers, size = parse_model_name(model)
    summary = {
        "model": model,
        "cell": cell,
        "layers": layers,
        "size": size,
        "hidden_width": network.shape.hidden_width,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "dropout": network.dropout,
        "seed": seed,
        "epochs": len(training.history),
        "best_epoch": training.best_epoch,
        "validation_loss": training.best_validation_loss,
    }
    write_json(out / "summary.json", summary)


def main() -> None:
    """Train one model on one split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--model", required=True, help="<cell>-<layers>-<size>, such as lstm-2-128")
    parser.add_argument("--dropout", type=float, default=0.0, help="probability that a non-recurrent connection is dropped")
    add_recipe_flags(parser)
    add_device_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, history and summary")
    arguments = parser.parse_args()
    recipe, split, out = recipe_of(arguments), arguments.split, arguments.out

    device = prepare_device(arguments.device, arguments.threads)
    vocabulary, steps = read_vocabulary(split), read_steps(split)
    shape = shape_of(arguments.model, len(vocabulary))
    network = Network(shape, arguments.dropout, torch.Generator().manual_seed(recipe.seed)).to(device)
    training = start_training(network, recipe)
    train_part, validation_part = (to_device(read_part(split, part), device) for part in ("train", "validation"))

    texts = [sha256_of(split / f"{part}.npy") for part in ("train", "validation")]
    rounding = compiled.rounding_of(next(network.parameters()))
    key = json.dumps([asdict(recipe), asdict(shape), arguments.dropout, steps, rounding, texts])
    out.mkdir(parents=True, exist_ok=True)
    resume_training(out / RESUME, training, key)
    one_pass = partial(train_epoch, training, train_part, steps, recipe.gradient_clip)
    validate = partial(mean_loss, network, validation_part, steps)
    fit(training, recipe, one_pass, validate, out / RESUME, key)
    write_run(out, arguments.model, training, vocabulary, recipe.seed)
    discard(out / RESUME)


if __name__ == "__main__":
    run(main)
