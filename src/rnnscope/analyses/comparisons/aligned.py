"""Which models are held against each other, and their predictions side by side: the same characters, row by row."""

import argparse
from pathlib import Path

from rnnscope.analyses.errors.errors import best_model
from rnnscope.storage.predictions import read_aligned
from rnnscope.storage.tables import read_csv
from rnnscope.training.select import best_candidate


__all__ = ["add_nnn", "compared_models", "parser", "read_aligned"]


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
