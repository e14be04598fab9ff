"""One training run of any network (paper section 3): the checkpoint of the best validation loss.

`.resume.safetensors` beside its results holds what a run needs to continue after its last finished epoch: the weights, those
of the best epoch, RMSProp's averages and the history, three times the size of the checkpoint. What is drawn at random in an
epoch and its learning rate follow from the settings and the number of the epoch alone. So a run that was killed and started
again ends with the bytes of an uninterrupted one, and a finished run that is started again with more epochs with those of a run
that had them from the beginning. Without the file, or with any other setting changed, it starts again.
"""

import json
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.corpus.text import kind_of_characters
from rnnscope.errors import InputError
from rnnscope.models import feed_forward
from rnnscope.models.backends import check_precision, rounding_of
from rnnscope.models.cells import ModelName
from rnnscope.models.checkpoint import AnyNetwork, AnyShape, Description, build_network, save_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width
from rnnscope.settings.base import LARGEST_SIZE, LONGEST_CONTEXT, MOST, MOST_LAYERS
from rnnscope.settings.training import Computing, Optimisation, Patience
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import write_json
from rnnscope.training.optimisation import (
    RESUME,
    TrainingRun,
    fit,
    last_epoch,
    recipe_of,
    resume_training,
    start_training,
    write_history,
)
from rnnscope.training.procedures import PROCEDURES

log = logging.getLogger(__name__)

declare(
    "models/<model>/summary.json",
    "What was trained and what came out.",
    (
        Column("model", "text", "`<cell>-<layers>-<size>` or `nnn-<n>`, the folder's name"),
        Column("cell", "text", "the cell of a recurrent network, or `nnn`"),
        Column("layers", "integer", "depth; 1 for an n-NN"),
        Column("size", "integer", "the parameter budget: that of a 1-layer LSTM with this many units; 0 for an n-NN"),
        Column("n", "integer", "characters of context of an n-NN; 0 for a recurrent network"),
        Column(
            "hidden_width", "integer", "units of each layer; of a recurrent network, the width that comes closest to the budget"
        ),
        Column("parameters", "integer", "weights and biases"),
        Column("dropout", "number", "probability that a non-recurrent connection is dropped in training"),
        Column("seed", "integer", "of the initial weights and of the dropout masks"),
        Column(
            "precision",
            "text",
            "of the factors of its products in training; null for imported networks, missing where an earlier version trained",
        ),
        Column("epochs", "integer", "how many were trained; fewer than `epochs` of `config.yaml` where `patience` ended the run"),
        Column("best_epoch", "integer", "the epoch of the lowest validation loss, whose weights were kept"),
        Column("validation_loss", "number", "of that epoch, nats per character"),
        Column(
            "text",
            "text",
            "SHA-256 of the train part, `split/train.npy`; missing for imported networks and where an earlier version trained",
        ),
    ),
)

declare(
    "models/<model>/<candidate>/.resume.safetensors",
    "The state of a finished run after its last epoch: with more `epochs` only the further ones are trained. It belongs to no "
    "rule, and may be deleted.",
)


def main(
    split: Path,
    model: str,
    optimisation: Optimisation,
    patience: Patience,
    computing: Computing,
    out: Path,
    dropout: float = 0.0,
    hidden_width: int | None = None,
    sequence_length: int | None = None,
    source: str = "",
) -> None:
    """Train one model on one split.

    Writes `checkpoint.safetensors`, `history.csv` and `summary.json`.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    model
        Recurrent network <cell>-<layers>-<size>, such as lstm-2-128, or n-NN nnn-<n>, such as nnn-3.
    optimisation
        Epochs, RMSProp and seed.
    patience
        When to end before the last epoch.
    computing
        Device and threads.
    out
        Folder for checkpoint, history and summary.
    dropout
        Probability that a non-recurrent connection is dropped.
    hidden_width
        Units of an n-NN's hidden layer; that of a recurrent network follows from its size.
    sequence_length
        Characters of every stream in a minibatch of an n-NN; the split's when left out, as for a recurrent network.
    source
        Digest of the program's source: only what the same source trained is continued. Empty: whatever trained it.

    Raises
    ------
    InputError
        If the name is no network's or that of too large a one, a flag does not go with it, the split is not readable, the
        precision cannot be had or the loss diverges.
    """
    name = _parse(model)
    _check_flags(name, dropout, hidden_width, sequence_length)
    device, text = prepare_device(computing), read_split(split)
    kind, shape = kind_and_shape(name, len(text.vocabulary), hidden_width)
    of_split = text.sequence_length  # read also where it is not used: a damaged split is reported before the training
    length = sequence_length or of_split
    parts = [text.part(name) for name in ("train", "validation")]
    if name.context >= parts[0].shape[1]:
        characters = parts[0].shape[1]
        raise InputError(f"--model: found n = {name.context}, expected less than {characters}, the characters of a train stream")
    network = build_network(kind, shape, dropout, torch.Generator().manual_seed(optimisation.seed)).to(device)
    if name.is_recurrent:
        check_precision(optimisation.precision, next(network.parameters()), name.kind)
    else:  # an n-NN has one precision, whatever is asked for
        optimisation = replace(optimisation, precision=Optimisation.precision)
    training_run = start_training(network, optimisation)

    texts = [text.digest(name) for name in ("train", "validation")]
    rounding = rounding_of(next(network.parameters()))
    key = json.dumps([recipe_of(optimisation), kind, asdict(shape), dropout, length, rounding, texts, source])
    out.mkdir(parents=True, exist_ok=True)
    resume_training(out / RESUME, training_run, key, partial(last_epoch, optimisation=optimisation, patience=patience))
    procedure = PROCEDURES[kind]
    train_part, validation_part = (procedure.to_device(part, device) for part in parts)
    one_pass = partial(procedure.train_epoch, training_run, train_part, length, optimisation.gradient_clip)
    validate = warn_above_uniform(
        partial(procedure.mean_loss, network, validation_part, length), len(text.vocabulary), optimisation
    )
    fit(training_run, optimisation, one_pass, validate, out / RESUME, key, patience)
    write_run(out, name, training_run, text, optimisation.seed)


def warn_above_uniform(validate: Callable[[], float], vocabulary: int, optimisation: Optimisation) -> Callable[[], float]:
    """Return `validate` with a warning at the first loss above log K, that of equal probabilities, K = `vocabulary`."""
    uniform, warned = math.log(vocabulary), False

    def validate_and_warn() -> float:
        nonlocal warned
        loss = validate()
        if uniform < loss < math.inf and not warned:
            warned = True
            message = (
                "the validation loss is %.4f, above log K = %.4f nats per character, that of equal probabilities for all "
                "characters (a lower learning_rate than %g may help)"
            )
            log.warning(message, loss, uniform, optimisation.learning_rate)
        return loss

    return validate_and_warn


def kind_and_shape(name: ModelName, vocabulary: int, hidden_width: int | None = None) -> tuple[str, AnyShape]:
    """Return the kind of network of a name, and its shape on K = `vocabulary` characters."""
    if name.is_recurrent:
        width = matched_hidden_width(name.kind, name.layers, name.size, vocabulary)
        return Network.kind, Shape(name.kind, name.layers, width, vocabulary)
    assert hidden_width is not None
    return FeedForwardNetwork.kind, feed_forward.Shape(name.context, hidden_width, vocabulary)


def identity_of(name: ModelName, network: Any) -> dict[str, Any]:
    """Return what summary.json says of a network itself."""
    return {
        "model": str(name),
        "cell": name.kind,
        "layers": name.layers if name.is_recurrent else 1,
        "size": name.size,
        "n": name.context,
        "hidden_width": network.shape.hidden_width,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "dropout": network.dropout,
    }


def write_run(out: Path, name: ModelName, training_run: TrainingRun[AnyNetwork], split: Split, seed: int) -> None:
    """Write checkpoint, history and summary of a run on `split` that has finished."""
    network, best_epoch = training_run.network, training_run.best_epoch
    description = Description(
        str(name),
        network.shape,
        network.dropout,
        best_epoch,
        split.vocabulary.tolist(),
        network.kind,
        kind_of_characters(split.vocabulary),
        split.encoding,
    )
    save_checkpoint(out / "checkpoint.safetensors", training_run.best, description)
    write_history(out / "history.csv", training_run)
    trained = {
        "seed": seed,
        "precision": training_run.precision,
        "epochs": len(training_run.history),
        "best_epoch": best_epoch,
        "validation_loss": training_run.best_validation_loss,
        "text": split.digest("train"),
    }
    write_json(out / "summary.json", identity_of(name, network) | trained)


def _parse(model: str) -> ModelName:
    """Parse the name of a network. Raises InputError when it is none, or one beyond the bounds that config.yaml has too."""
    try:
        name = ModelName.parse(model)
    except ValueError as error:
        raise InputError(str(error)) from None
    if not (name.is_recurrent or name.is_feed_forward):
        raise InputError(f"--model: found {model}, expected a recurrent network or an n-NN")
    if name.layers > MOST_LAYERS or name.size > LARGEST_SIZE:
        raise InputError(f"--model: found {model}, expected at most {MOST_LAYERS} layers and a size of at most {LARGEST_SIZE}")
    if name.context > LONGEST_CONTEXT:
        raise InputError(f"--model: found {model}, expected n of at most {LONGEST_CONTEXT}")
    return name


def _check_flags(name: ModelName, dropout: float, hidden_width: int | None, sequence_length: int | None) -> None:
    """Check that the flags that only some networks have go with the model. Raises InputError naming the flag."""
    if not 0 <= dropout < 1:
        raise InputError(f"--dropout: found {dropout}, expected a number of at least 0 and below 1")
    if name.is_recurrent:
        for flag, value in (("--hidden-width", hidden_width), ("--sequence-length", sequence_length)):
            if value is not None:
                raise InputError(f"{flag}: found {value}, expected none for the recurrent network {name}")
        return
    if dropout:
        raise InputError(f"--dropout: found {dropout}, expected 0 for the n-NN {name}")
    if hidden_width is None or not 1 <= hidden_width <= LARGEST_SIZE:
        raise InputError(f"--hidden-width: found {hidden_width}, expected 1 to {LARGEST_SIZE}")
    if sequence_length is not None and not 1 <= sequence_length <= MOST:
        raise InputError(f"--sequence-length: found {sequence_length}, expected 1 to {MOST}")


if __name__ == "__main__":
    run(main)
