"""The optimisation of paper section 3, shared by every network: RMSProp, its decaying rate, the best validation loss.

What differs between networks, one pass over the train part and the loss on the validation part, is a parameter.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from rnnscope.errors import InputError
from rnnscope.models.protocol import Trainable
from rnnscope.progress import duration
from rnnscope.settings.training import Optimisation, Patience
from rnnscope.storage.checksums import read_record
from rnnscope.storage.files import whole_file
from rnnscope.storage.tensors import load_tensors, save_tensors
from rnnscope.training.history import HISTORY_COLUMNS
from rnnscope.training.rmsprop import RMSProp

RESUME = ".resume.safetensors"  # in the folder of a run: its state after the last finished epoch
NEVER_STOPS = Patience()

log = logging.getLogger(__name__)

AnyNetwork = TypeVar("AnyNetwork", bound=Trainable)
History = list[dict[str, float]]


@dataclass
class TrainingRun(Generic[AnyNetwork]):
    """A training run between two epochs: what it has found so far and what it needs to continue.

    Parameters
    ----------
    network, optimizer
        What is trained, and the optimiser of its parameters.
    history
        A row an epoch, with `HISTORY_COLUMNS` as keys.
    best
        The weights after the epoch of the lowest validation loss, by name.
    precision
        What the factors of a recurrent network's products are rounded to in its steps (`backends.products_in`).
    """

    network: AnyNetwork
    optimizer: RMSProp
    history: History
    best: dict[str, Tensor]
    precision: str = "float32"

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, of the lowest validation loss so far, the first of equals; 0 before any."""
        return int(min(self.history, key=lambda row: row["validation_loss"])["epoch"]) if self.history else 0

    @property
    def best_validation_loss(self) -> float:
        """The validation loss of that epoch, nats per character."""
        return self.history[self.best_epoch - 1]["validation_loss"]


def start_training(network: AnyNetwork, optimisation: Optimisation) -> TrainingRun[AnyNetwork]:
    """Return a run before its first epoch."""
    optimizer = RMSProp(network.parameters(), optimisation.learning_rate, optimisation.rmsprop_alpha)
    return TrainingRun(network, optimizer, [], {}, optimisation.precision)


def recipe_of(optimisation: Optimisation) -> dict[str, float]:
    """Return the settings that the state after an epoch depends on: all but how many epochs there are."""
    return {name: value for name, value in asdict(optimisation).items() if name != "epochs"}


def last_epoch(history: History, optimisation: Optimisation, patience: Patience) -> int:
    """Return the epoch, counted from 1, with which a run of these settings ends, as far as its history tells."""
    return patience.last_epoch([row["validation_loss"] for row in history], optimisation.epochs)


def begin_epoch(training_run: TrainingRun, optimisation: Optimisation, epoch: int) -> float:
    """Set the seed and the learning rate of an epoch, counted from 1, and return the rate."""
    # What is drawn in training follows from seed and epoch alone, so that a resumed run draws the same.
    torch.manual_seed(optimisation.seed * 1_000_003 + epoch)
    rate = optimisation.learning_rate_of(epoch)
    training_run.optimizer.learning_rate = rate
    return rate


def optimizer_step(training_run: TrainingRun, loss: Tensor, gradient_clip: float) -> None:
    """Take one step of RMSProp down the gradient of `loss`, each component clipped to [-gradient_clip, gradient_clip]."""
    training_run.optimizer.zero_grad()
    torch.autograd.backward(loss)
    training_run.optimizer.step(gradient_clip)


def fit(
    training_run: TrainingRun,
    optimisation: Optimisation,
    train_epoch: Callable[[], float],
    validate: Callable[[], float],
    resume: Path,
    key: str,
    patience: Patience = NEVER_STOPS,
) -> None:
    """Train from the last finished epoch to the end, of which there may be nothing left.

    Parameters
    ----------
    training_run
        Changed in place.
    optimisation
        Epochs, learning rate and seed.
    train_epoch, validate
        One pass over the train part, and the loss on the validation part; both return nats per character.
    resume
        A file that holds, after every epoch, all that a later run with the same `key` needs to continue (`resume_training`).
    key
        What the run depends on.
    patience
        When to end before the last epoch.

    Raises
    ------
    InputError
        If a loss is no longer finite; the last finished epoch stays in `resume`.
    """
    began, first = time.monotonic(), len(training_run.history)
    for epoch in range(first + 1, optimisation.epochs + 1):
        if epoch > last_epoch(training_run.history, optimisation, patience):
            log.info("no lower validation loss in %s epochs: ending after epoch %d", patience.patience, epoch - 1)
            break
        rate = begin_epoch(training_run, optimisation, epoch)
        train_loss, validation_loss = train_epoch(), validate()
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
            kept = f"epoch {epoch - 1} is kept in {resume}" if epoch > 1 else "no epoch was finished before"
            raise InputError(
                f"training: the loss in epoch {epoch} is {train_loss} (validation {validation_loss}), expected finite numbers "
                f"(a lower learning_rate than {optimisation.learning_rate} may help); {kept}"
            )
        training_run.history.append(dict(zip(HISTORY_COLUMNS, (epoch, rate, train_loss, validation_loss), strict=True)))
        if training_run.best_epoch == epoch:
            training_run.best = {name: tensor.clone() for name, tensor in training_run.network.state_dict().items()}
        save_training(resume, training_run, key)
        left = (time.monotonic() - began) / (epoch - first) * (optimisation.epochs - epoch)
        message = "epoch %d of %d: train %.4f, validation %.4f nats per character (best epoch %d), %s left"
        log.info(message, epoch, optimisation.epochs, train_loss, validation_loss, training_run.best_epoch, duration(left))


def save_training(path: Path, training_run: TrainingRun, key: str) -> None:
    """Save a run's weights, best weights, RMSProp averages and history; `key` says which settings and text they belong to."""
    network, optimizer = training_run.network, training_run.optimizer
    averages = {name: optimizer.average_of(values) for name, values in network.named_parameters()}
    groups = {"weights": network.state_dict(), "best": training_run.best, "average": averages}
    tensors = {f"{group}/{name}": tensor for group, members in groups.items() for name, tensor in members.items()}
    save_tensors(path, tensors, {"key": key, "history": training_run.history})


def resume_training(path: Path, training_run: TrainingRun, key: str, end: Callable[[History], int] | None = None) -> None:
    """Restore `training_run` from the last epoch of an earlier run with the same `key`; leave it unchanged if there is none.

    Parameters
    ----------
    path
        What `save_training` wrote.
    training_run
        A run before its first epoch.
    key
        What the run depends on.
    end
        The epoch with which the run is to end, given its history. An earlier run that is past it is of no use.
    """
    if not path.is_file():
        return
    try:
        tensors, stored = load_tensors(path)
    except InputError as error:
        log.warning("%s; training starts again", error)
        return
    if stored["key"] != key:
        log.info("%s belongs to other settings, another text or another kind of machine; training starts again", path)
        return
    if end is not None and len(stored["history"]) > end(stored["history"]):
        log.info("%s is of more epochs than are wanted now; training starts again", path)
        return
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "best": {}, "average": {}}
    for name, tensor in tensors.items():
        group, _, member = name.partition("/")
        groups[group][member] = tensor
    training_run.network.load_state_dict(groups["weights"])
    training_run.best, training_run.history = groups["best"], stored["history"]
    for name, values in training_run.network.named_parameters():
        training_run.optimizer.averages[values] = groups["average"][name].to(values.device)
    log.info("resuming after epoch %d, found in %s", len(training_run.history), path)
    if read_record(path) is None:  # a kill came between the two
        save_training(path, training_run, key)


def write_history(path: Path, training_run: TrainingRun) -> None:
    """Write a row an epoch as CSV, whole or not at all."""
    rows = (",".join(str(row[name]) for name in HISTORY_COLUMNS) for row in training_run.history)
    with whole_file(path) as partial:
        partial.write_text("\n".join([",".join(HISTORY_COLUMNS), *rows]) + "\n")
