"""The optimisation of paper section 3, shared by every network: RMSProp, its decaying rate, the best validation loss.

What differs between networks, one pass over the train part and the loss on the validation part, is handed in.
"""

import argparse
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from rnnscope.errors import InputError
from rnnscope.progress import duration
from rnnscope.storage.files import whole_file
from rnnscope.storage.tensors import load_tensors, save_tensors

RESUME = ".resume.safetensors"  # in the folder of a run, until it ends
HISTORY_COLUMNS = ("epoch", "learning_rate", "train_loss", "validation_loss")

log = logging.getLogger(__name__)

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


@dataclass(frozen=True)
class Recipe:
    """The values of paper section 3; these are its own."""

    epochs: int = 50  # passes over the train part
    learning_rate: float = 2e-3  # of the first epochs
    smoothing: float = 0.95  # RMSProp's, of the squared gradient
    decay: float = 0.95  # factor on the learning rate after an epoch
    decay_after: int = 10  # epochs before the first such factor
    gradient_clip: float = 5.0  # bound on each component of the gradient
    seed: int = 1  # of the initial parameters and of what is drawn in training

    def learning_rate_of(self, epoch: int) -> float:
        """The rate of an epoch, counted from 1: after each epoch beyond `decay_after`, it is multiplied by `decay`."""
        return self.learning_rate * self.decay ** max(0, epoch - 1 - self.decay_after)


@dataclass
class Training(Generic[AnyNetwork]):
    """A training run between two epochs: what it has found so far and what it needs to go on."""

    network: AnyNetwork
    optimizer: torch.optim.RMSprop
    history: list[dict[str, float]]  # a row an epoch, of HISTORY_COLUMNS
    best: dict[str, Tensor]  # the weights after the epoch of the lowest validation loss

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, of the lowest validation loss so far, the first of equals; 0 before any."""
        return int(min(self.history, key=lambda row: row["validation_loss"])["epoch"]) if self.history else 0

    @property
    def best_validation_loss(self) -> float:
        """The validation loss of that epoch, nats per character."""
        return self.history[self.best_epoch - 1]["validation_loss"]


def add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command line one flag for each value of the recipe, with the paper's value as its default."""
    for field in fields(Recipe):
        flag, value = f"--{field.name.replace('_', '-')}", field.default
        parser.add_argument(flag, type=type(value), default=value, help=f"default {value}")


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """The recipe that a parsed command line asks for."""
    return Recipe(**{field.name: getattr(arguments, field.name) for field in fields(Recipe)})


def start_training(network: AnyNetwork, recipe: Recipe) -> Training[AnyNetwork]:
    """A run before its first epoch."""
    # On a GPU a step may be recorded (training/step.py), which RMSProp has to be told.
    recorded = next(network.parameters()).is_cuda
    rate, smoothing = recipe.learning_rate, recipe.smoothing
    optimizer = torch.optim.RMSprop(network.parameters(), lr=rate, alpha=smoothing, capturable=recorded)
    return Training(network, optimizer, [], {})


def begin_epoch(training: Training, recipe: Recipe, epoch: int) -> float:
    """Make ready for an epoch, counted from 1; returns its learning rate."""
    # What is drawn in training follows from seed and epoch alone, so that a resumed run draws the same.
    torch.manual_seed(recipe.seed * 1_000_003 + epoch)
    rate = recipe.learning_rate_of(epoch)
    for group in training.optimizer.param_groups:
        group["lr"] = rate
    return rate


def optimizer_step(training: Training, loss: Tensor, gradient_clip: float) -> None:
    """One step of RMSProp down the gradient of `loss`, each component of it clipped to [-gradient_clip, gradient_clip]."""
    training.optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_value_(training.network.parameters(), gradient_clip)
    training.optimizer.step()


def fit(
    training: Training, recipe: Recipe, train_epoch: Callable[[], float], validate: Callable[[], float], resume: Path, key: str
) -> None:
    """Train from the last finished epoch to the end.

    `train_epoch` makes one pass over the train part and `validate` evaluates on the validation part; both return nats per
    character. After every epoch, `resume` holds all that a later run with the same `key` needs to go on (`resume_training`).
    Raises InputError when the loss is no longer a number; the last finished epoch stays in `resume`.
    """
    began, first = time.monotonic(), len(training.history)
    for epoch in range(first + 1, recipe.epochs + 1):
        rate = begin_epoch(training, recipe, epoch)
        train_loss, validation_loss = train_epoch(), validate()
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
            kept = f"epoch {epoch - 1} is kept in {resume}" if epoch > 1 else "no epoch was finished before"
            raise InputError(
                f"training: the loss in epoch {epoch} is {train_loss} (validation {validation_loss}), expected finite numbers "
                f"(a lower learning_rate than {recipe.learning_rate} may help); {kept}"
            )
        training.history.append(dict(zip(HISTORY_COLUMNS, (epoch, rate, train_loss, validation_loss), strict=True)))
        if training.best_epoch == epoch:
            training.best = {name: tensor.clone() for name, tensor in training.network.state_dict().items()}
        save_training(resume, training, key)
        left = (time.monotonic() - began) / (epoch - first) * (recipe.epochs - epoch)
        message = "epoch %d of %d: train %.4f, validation %.4f nats per character (best epoch %d), %s left"
        log.info(message, epoch, recipe.epochs, train_loss, validation_loss, training.best_epoch, duration(left))


def save_training(path: Path, training: Training, key: str) -> None:
    """Keep a run's weights, best weights, RMSProp averages and history; `key` says which recipe and text they belong to."""
    averages = {name: training.optimizer.state[values]["square_avg"] for name, values in training.network.named_parameters()}
    groups = {"weights": training.network.state_dict(), "best": training.best, "average": averages}
    tensors = {f"{group}/{name}": tensor for group, members in groups.items() for name, tensor in members.items()}
    save_tensors(path, tensors, {"key": key, "history": training.history})


def resume_training(path: Path, training: Training, key: str) -> None:
    """Bring `training` to where an earlier run with the same `key` was killed; leave it as it is when there is none."""
    if not path.is_file():
        return
    try:
        tensors, stored = load_tensors(path)
    except InputError as error:
        log.warning("%s; training starts again", error)
        return
    if stored["key"] != key:
        log.info("%s belongs to another recipe, text or kind of machine; training starts again", path)
        return
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "best": {}, "average": {}}
    for name, tensor in tensors.items():
        group, _, member = name.partition("/")
        groups[group][member] = tensor
    training.network.load_state_dict(groups["weights"])
    training.best, training.history = groups["best"], stored["history"]
    for name, values in training.network.named_parameters():
        average = groups["average"][name].to(values.device)
        # RMSProp counts its steps but never uses the count.
        training.optimizer.state[values] = {"step": torch.tensor(0.0, device=values.device), "square_avg": average}
    log.info("going on after epoch %d, found in %s", len(training.history), path)


def write_history(path: Path, training: Training) -> None:
    """Write a row an epoch as CSV, whole or not at all."""
    with whole_file(path) as partial:
        lines = [",".join(HISTORY_COLUMNS), *(",".join(str(row[name]) for name in HISTORY_COLUMNS) for row in training.history)]
        partial.write_text("\n".join(lines) + "\n")
