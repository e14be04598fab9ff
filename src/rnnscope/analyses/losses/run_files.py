"""The files that the training and the evaluation of a model leave behind, read with their contents checked."""

from pathlib import Path
from typing import Any

import numpy as np

from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.settings.base import is_number
from rnnscope.storage.files import mismatch_error, read_json
from rnnscope.storage.predictions import read_log_prob

TEXT_KEYS = ("model",)
# The evaluation sums the same float32 numbers in another order. A larger difference means that one file is of another model.
TOLERANCE = 1e-4


def read_object(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read some keys of a JSON object: a text under `model`, a finite number under every other key.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or a key is missing or of another type.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path}: found {type(value).__name__}, expected an object with the keys {', '.join(keys)}")
    for key in keys:
        if key not in value:
            raise InputError(f"{path}: no key {key!r}, found {', '.join(value)}; expected {', '.join(keys)}")
        if not (isinstance(value[key], str) if key in TEXT_KEYS else is_number(value[key])):
            expected = "text" if key in TEXT_KEYS else "a finite number"
            raise InputError(f"{path}: {key!r} is {value[key]!r}, expected {expected}")
    return {key: value[key] for key in keys}


def read_identity(folder: Path, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read which recurrent network a folder holds, and more from its summary.json.

    Parameters
    ----------
    folder
        Folder of a model, named like it.
    keys
        Keys of summary.json to read besides.

    Returns
    -------
    dict
        `model`, `cell`, `layers`, `size`, and `keys` in their order.

    Raises
    ------
    InputError
        If the folder's name is not that of a recurrent network, or summary.json is corrupt or of another model.
    """
    path = folder / "summary.json"
    summary = read_object(path, ("model", *keys))
    if summary["model"] != folder.name:
        raise InputError(f"{path}: 'model' is {summary['model']!r}, expected {folder.name!r}, the folder's name")
    name = parse_name(folder.name)
    if not name.is_recurrent:
        raise InputError(f"{folder}: found no recurrent network, expected <cell>-<layers>-<size>")
    identity = {"model": folder.name, "cell": name.kind, "layers": name.layers, "size": name.size}
    return identity | {key: summary[key] for key in keys}


def parse_name(model: str) -> ModelName:
    """Parse the name of a model; raises InputError if it is none."""
    try:
        return ModelName.parse(model)
    except ValueError as error:
        raise InputError(str(error)) from None


def read_evaluated(predictions: Path, evaluation: Path) -> tuple[np.ndarray, float]:
    """Read the predictions of a model and check them against its evaluation.

    Parameters
    ----------
    predictions
        Table of predictions of the test characters.
    evaluation
        evaluation.json of the same model.

    Returns
    -------
    log_prob : ndarray
        Float32 (test characters,): log-probabilities of the correct characters, nats.
    test_loss : float
        Minus their mean, in float64, nats per character.

    Raises
    ------
    InputError
        If the loss is not the `test_loss` of the evaluation, or a file is missing, corrupt or empty.
    """
    expected = read_object(evaluation, ("test_loss",))["test_loss"]
    log_prob, test_loss = read_test_loss(predictions)
    if not abs(test_loss - expected) <= TOLERANCE:  # in this form NaN is refused too
        reason = f"test loss {test_loss:.6f}, expected {expected:.6f} as in {evaluation}"
        raise mismatch_error(predictions, evaluation, reason, same_source=True)
    return log_prob, test_loss


def read_test_loss(predictions: Path) -> tuple[np.ndarray, float]:
    """Read the predictions of a model that has no evaluation; returns and raises as `read_evaluated` does."""
    log_prob = read_log_prob(predictions)
    if log_prob.size == 0:
        raise InputError(f"{predictions}: no rows; expected a row a test character")
    return log_prob, -float(np.mean(log_prob, dtype=np.float64))
