"""Which models are held against each other, and their predictions side by side: the same characters, row by row."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnscope.analyses.errors.errors import best_model
from rnnscope.errors import InputError
from rnnscope.storage.files import corrupt_file_error
from rnnscope.storage.predictions import read_predictions
from rnnscope.storage.tables import read_csv
from rnnscope.training.select import best_candidate


def read_grid(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read predictions as two arrays (streams, steps): the targets, uint8 ids, and their log-probabilities, float32 nats.

    Raises InputError naming the file when it is damaged or empty, or when its rows are not in stream-then-step order.
    """
    table = read_predictions(path)
    stream, step = table["stream"].to_numpy(), table["step"].to_numpy()
    if not len(stream):
        raise InputError(f"{path}: no rows; expected a row a test character")
    streams, steps = int(stream[-1]) + 1, int(step[-1]) + 1
    places = np.arange(len(stream))
    if len(stream) != streams * steps or (stream != places // steps).any() or (step != places % steps).any():
        raise corrupt_file_error(path, "the rows are not all steps of stream 0, then of stream 1, ...")
    return table["target"].to_numpy().reshape(streams, steps), table["log_prob"].to_numpy().reshape(streams, steps)


def read_aligned(folder: Path, models: list[str]) -> Iterator[np.ndarray]:
    """The log-probabilities of the correct characters, float32 (streams, steps), nats, of one model after another.

    Reads `<folder>/<model>.parquet`, one at a time. Raises InputError when the test characters of one are not those
    of the first: one of the two is of another text.
    """
    first = None
    for model in models:
        path = folder / f"{model}.parquet"
        targets, log_prob = read_grid(path)
        first = targets if first is None else first
        if not np.array_equal(targets, first):
            raise InputError(
                f"{path}: the test characters are not those of {folder / models[0]}.parquet; one of the two is stale"
            )
        yield log_prob


def parser(description: str) -> argparse.ArgumentParser:
    """The argument parser of the analyses that hold the best network against finite-horizon models."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--predictions-folder", type=Path, required=True, help="holds <model>.parquet of every model")
    result.add_argument("--losses", type=Path, required=True, help="losses.csv: validation loss chooses, never the test part")
    result.add_argument("--candidates", nargs="+", required=True, metavar="MODEL", help="networks; the best of them is taken")
    result.add_argument("--ngram", type=int, required=True, help="horizon n of the n-gram model")
    return result


def add_nnn(arguments_of: argparse.ArgumentParser) -> None:
    """Add the flag that names the n-NNs."""
    help_text = "nnn-<n>/; give it once an n-NN; the best of them is taken"
    arguments_of.add_argument("--nnn", type=Path, action="append", required=True, metavar="FOLDER", help=help_text)


def compared_models(arguments: argparse.Namespace) -> list[str]:
    """The names of the models that `arguments` choose: the best candidate network, the n-gram model, the best n-NN if any.

    Best is the lowest validation loss. Raises InputError when a table or a summary is missing or lacks a model.
    """
    losses = read_csv(arguments.losses, ["model", "validation_loss"])
    nnn = [best_candidate(arguments.nnn).name] if "nnn" in arguments else []
    return [best_model(losses, arguments.candidates), f"ngram-{arguments.ngram}", *nnn]
