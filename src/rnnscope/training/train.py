"""One training run (paper section 3): RMSProp, truncated back-propagation, the checkpoint of the best validation loss.

    python -m rnnscope.training.train --split DIR --model lstm-2-128 --dropout 0 --out DIR

Writes `checkpoint.safetensors`, `history.csv` (a row an epoch, nats per character) and `summary.json`. While it runs,
`.resume.safetensors` beside them holds all it needs to go on after the last finished epoch; a run that was
killed and started again ends with the bytes of an uninterrupted one.
"""

import argparse
import json
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from rnnscope.command import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.files import sha256_of, whole_file, write_json
from rnnscope.models.checkpoint import Description, load_tensors, save_checkpoint, save_tensors
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width, parse_model_name
from rnnscope.progress import duration
from rnnscope.training.cross_entropy import mean_loss
from rnnscope.training.devices import DEVICES, prepare_device
from rnnscope.training.segments import segments, to_device

HISTORY_COLUMNS = ("epoch", "learning_rate", "train_loss", "validation_loss")
RESUME = ".resume.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """The optimisation of paper section 3; its values come from config.yaml's `training` and a dropout candidate."""

    model: str
    dropout: float
    epochs: int
    learning_rate: float
    smoothing: float
    decay: float
    decay_after: int
    gradient_clip: float
    seed: int


@dataclass
class Training:
    """A training run between two epochs: what it has found so far and what it needs to go on."""

    network: Network
    optimizer: torch.optim.RMSprop
    history: list[dict[str, float]]
    best: dict[str, Tensor]

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, of the lowest validation loss so far (the first of equals); 0 before any."""
        return int(min(self.history, key=lambda row: row["validation_loss"])["epoch"]) if self.history else 0


def learning_rate_of(recipe: Recipe, epoch: int) -> float:
    """The rate of an epoch (from 1): after each epoch beyond `decay_after`, it is multiplied by `decay` (paper section 3)."""
    return recipe.learning_rate * recipe.decay ** max(0, epoch - 1 - recipe.decay_after)


def train_epoch(training: Training, characters: Tensor, steps: int, gradient_clip: float, what: str = "") -> float:
    """One pass over the train segments in order, the state carried from each to the next; returns nats per character.

    `characters` are uint8 ids (total steps + 1, streams). The gradient is that of the loss summed over the steps of
    a segment and averaged over its streams; each component of it is clipped to [-gradient_clip, gradient_clip].
    """
    network, optimizer = training.network.train(), training.optimizer
    streams = characters.shape[1]
    state = network.zero_state(streams)
    total = torch.zeros((), dtype=torch.float64, device=characters.device)
    bar = tqdm(segments(characters, steps), what, math.ceil((len(characters) - 1) / steps), leave=False, disable=None)
    for inputs, targets in bar:
        logits, activations = network(inputs, state)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / streams
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_value_(network.parameters(), gradient_clip)
        optimizer.step()
        state = network.last_state(activations)
        total += loss.detach() * streams
    return total.item() / (len(characters) - 1) / streams


def train(
    recipe: Recipe, training: Training, train_part: Tensor, validation_part: Tensor, steps: int, resume: Path, key: str
) -> None:
    """Train from its last finished epoch to the end, keeping its state in the file `resume` after every epoch.

    Raises InputError when the loss is no longer a number; the last finished epoch stays in `resume`.
    """
    began, first = time.monotonic(), len(training.history)
    for epoch in range(first + 1, recipe.epochs + 1):
        # Dropout masks follow from seed and epoch alone, so that a resumed run draws the same ones.
        torch.manual_seed(recipe.seed * 1_000_003 + epoch)
        rate = learning_rate_of(recipe, epoch)
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        train_loss = train_epoch(training, train_part, steps, recipe.gradient_clip, f"epoch {epoch} of {recipe.epochs}")
        validation_loss = mean_loss(training.network, validation_part, steps)
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
            raise InputError(
                f"{recipe.model}: the loss is {train_loss} in epoch {epoch}; expected a finite number "
                f"(a lower learning_rate than {recipe.learning_rate} may help); epoch {epoch - 1} is kept in {resume}"
            )
        row = dict(zip(HISTORY_COLUMNS, (epoch, rate, train_loss, validation_loss), strict=True))
        training.history.append(row)
        if training.best_epoch == epoch:
            training.best = {name: tensor.clone() for name, tensor in training.network.state_dict().items()}
        save_training(resume, training, key)
        left = (time.monotonic() - began) / (epoch - first) * (recipe.epochs - epoch)
        message = "%s epoch %d of %d: train %.4f, validation %.4f nats per character (best %d), %s left"
        log.info(message, recipe.model, epoch, recipe.epochs, train_loss, validation_loss, training.best_epoch, duration(left))


def start_training(recipe: Recipe, shape: Shape, device: torch.device) -> Training:
    """A run before its first epoch: parameters drawn with the recipe's seed, RMSProp as in paper section 3."""
    network = Network(shape, recipe.dropout, torch.Generator().manual_seed(recipe.seed)).to(device)
    optimizer = torch.optim.RMSprop(network.parameters(), lr=recipe.learning_rate, alpha=recipe.smoothing)
    return Training(network, optimizer, [], {})


def save_training(path: Path, training: Training, key: str) -> None:
    """Keep a run's weights, best weights, RMSProp averages and history; `key` says which recipe and text they belong to."""
    averages = {
        name: training.optimizer.state[parameter]["square_avg"] for name, parameter in training.network.named_parameters()
    }
    groups = {"weights": training.network.state_dict(), "best": training.best, "average": averages}
    tensors = {f"{group}/{name}": tensor for group, members in groups.items() for name, tensor in members.items()}
    save_tensors(path, tensors, {"key": key, "history": training.history})


def resume_training(path: Path, training: Training, key: str) -> None:
    """Bring `training` to where an earlier one with the same `key` was killed; leave it as it is when there is none."""
    if not path.is_file():
        return
    try:
        tensors, stored = load_tensors(path)
    except InputError as error:
        log.warning("%s; training starts again", error)
        return
    if stored["key"] != key:
        log.info("%s belongs to another recipe or text; training starts again", path)
        return
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "best": {}, "average": {}}
    for name, tensor in tensors.items():
        group, _, member = name.partition("/")
        groups[group][member] = tensor
    training.network.load_state_dict(groups["weights"])
    training.best, training.history = groups["best"], stored["history"]
    steps_done = torch.tensor(0.0)  # RMSProp counts its steps but never uses the count
    for name, parameter in training.network.named_parameters():
        training.optimizer.state[parameter] = {
            "step": steps_done.clone(),
            "square_avg": groups["average"][name].to(parameter.device),
        }
    log.info("going on after epoch %d, found in %s", len(training.history), path)


def write_training(out: Path, recipe: Recipe, training: Training, vocabulary: np.ndarray) -> None:
    """Write checkpoint, history and summary of a finished run."""
    shape = training.network.shape
    description = Description(recipe.model, shape, recipe.dropout, training.best_epoch, vocabulary.tolist())
    save_checkpoint(out / "checkpoint.safetensors", training.best, description)
    with whole_file(out / "history.csv") as partial:
        lines = [",".join(HISTORY_COLUMNS), *(",".join(str(row[name]) for name in HISTORY_COLUMNS) for row in training.history)]
        partial.write_text("\n".join(lines) + "\n")
    cell, layers, size = parse_model_name(recipe.model)
    summary = {
        "model": recipe.model,
        "cell": cell,
        "layers": layers,
        "size": size,
        "hidden_width": shape.hidden_width,
        "parameters": sum(parameter.numel() for parameter in training.network.parameters()),
        "dropout": recipe.dropout,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "best_epoch": training.best_epoch,
        "validation_loss": training.history[training.best_epoch - 1]["validation_loss"],
    }
    write_json(out / "summary.json", summary)


def parse_arguments() -> argparse.Namespace:
    """The command line: the recipe's values default to the paper's (section 3)."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--model", required=True, help="<cell>-<layers>-<size>, such as lstm-2-128")
    parser.add_argument("--dropout", type=float, default=0.0, help="probability that a non-recurrent connection is dropped")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--smoothing", type=float, default=0.95, help="RMSProp's smoothing of the squared gradient")
    parser.add_argument("--decay", type=float, default=0.95, help="factor on the learning rate after an epoch")
    parser.add_argument("--decay-after", type=int, default=10, help="epochs before the first such factor")
    parser.add_argument("--gradient-clip", type=float, default=5.0, help="bound on each gradient component")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, history and summary")
    return parser.parse_args()


def main() -> None:
    """Train one model on one split."""
    arguments = vars(parse_arguments())
    split, out = arguments.pop("split"), arguments.pop("out")
    device = prepare_device(arguments.pop("device"), arguments.pop("threads"))
    recipe = Recipe(**arguments)
    try:
        cell, layers, size = parse_model_name(recipe.model)
    except ValueError as error:
        raise InputError(str(error)) from None
    vocabulary, steps = read_vocabulary(split), read_steps(split)
    shape = Shape(cell, layers, matched_hidden_width(cell, layers, size, len(vocabulary)), len(vocabulary))
    train_part, validation_part = (to_device(read_part(split, part), device) for part in ("train", "validation"))
    key = json.dumps(
        [asdict(recipe), asdict(shape), str(device), [sha256_of(split / f"{part}.npy") for part in ("train", "validation")]]
    )
    training = start_training(recipe, shape, device)
    out.mkdir(parents=True, exist_ok=True)
    resume_training(out / RESUME, training, key)
    train(recipe, training, train_part, validation_part, steps, out / RESUME, key)
    write_training(out, recipe, training, vocabulary)
    (out / RESUME).unlink()


if __name__ == "__main__":
    run(main)
