"""The predictions of the best network with what a real model can do of what oracles do (`tuning`), and what was chosen for it."""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.methods import DYNAMIC_EVALUATION, NGRAM_MIXTURE, cache_name
from rnnscope.analyses.errors.realisable_choices import REALISABLE_CHOICES
from rnnscope.analyses.errors.tuning import Found, Tuning, first_lowest
from rnnscope.analyses.losses.best_models import NETWORK, NGRAM, read_best
from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.settings.predictions import MemoryLengths, Realisable
from rnnscope.settings.training import Computing
from rnnscope.storage.predictions import check_targets, predictions_path, read_predictions, validation_path, write_predictions


def choices(model: str, found: dict[str, Found], characters: int) -> pd.DataFrame:
    """Return the rows of `REALISABLE_CHOICES`.

    Parameters
    ----------
    model
        Name of the network.
    found
        What `Tuning` found, by method.
    characters
        How many chose.
    """
    rows = [
        {"method": method, **row, "chosen": row is first_lowest(candidates)}
        for method, (candidates, _) in found.items()
        for row in candidates
    ]
    table = pd.DataFrame(rows).reindex(columns=REALISABLE_CHOICES.names)
    table["validation_loss"] = table["validation_loss"].where(np.isfinite(table["validation_loss"]))
    return table.assign(model=model, characters=characters)


def read_ngram(split: Split, folder: Path, best: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the log-probabilities of the n-gram model, of the validation and of the test part, float32 (streams, steps).

    Parameters
    ----------
    split
        The text.
    folder
        Holds the predictions.
    best
        Table best_models.csv, which names it.

    Raises
    ------
    InputError
        If a file is missing or corrupt, or is of another text.
    """
    model = read_best(best, NGRAM)
    path = validation_path(folder, model)
    validation = read_predictions(path)
    check_targets(path, validation.targets, split.part("validation")[:, 1:], split.path("validation"))
    return validation.log_prob, split.read_log_prob(predictions_path(folder, model))


def main(
    split: Path,
    predictions_folder: Path,
    models_folder: Path,
    best: Path,
    settings: Realisable,
    lengths: MemoryLengths,
    computing: Computing,
    out_choices: Path,
    ngram: bool = False,
) -> None:
    """Tune and evaluate the best network with each method.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of the best network and of the n-gram model, and validation/<model>.parquet of the
        latter; <method>.parquet is written there, a row a test character.
    models_folder
        Folder that holds <model>/checkpoint.safetensors.
    best
        Table best_models.csv.
    settings
        The candidates.
    lengths
        Characters of the neural caches.
    computing
        Where it runs.
    out_choices
        CSV file to write: a row a method and candidate.
    ngram
        Whether to mix with the n-gram model.

    Raises
    ------
    InputError
        If a file is missing, corrupt or of another text, or if learning makes a loss on the test part infinite.
    """
    device = prepare_device(computing)
    model = read_best(best, NETWORK)
    opened = read_split(split)
    log_prob = opened.read_log_prob(predictions_path(predictions_folder, model))
    of_ngram = read_ngram(opened, predictions_folder, best) if ngram else None
    checkpoint = models_folder / model / "checkpoint.safetensors"
    network, description = load_checkpoint(checkpoint, device)
    check_vocabulary(checkpoint, description, opened.vocabulary)

    tuning = Tuning(network, opened, log_prob, settings)
    found = {cache_name(length): tuning.cache(length) for length in lengths.memory}
    found = {DYNAMIC_EVALUATION: tuning.dynamic_evaluation(), **found}
    if of_ngram is not None:
        found[NGRAM_MIXTURE] = tuning.mixture(*of_ngram)
    if not np.isfinite(found[DYNAMIC_EVALUATION][1]).all():
        raise InputError(f"--learning-rates: the best one makes the test loss of {model} infinite; expected lower ones")
    for method, (_, values) in found.items():
        write_predictions(predictions_path(predictions_folder, method), opened.part("test"), values, None)
    REALISABLE_CHOICES.write(choices(model, found, tuning.log_prob["validation"].size), out_choices)


if __name__ == "__main__":
    run(main)
