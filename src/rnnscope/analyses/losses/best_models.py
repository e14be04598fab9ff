"""The choice of the models that represent their kind, by validation loss: the test part is never used for it.

The one place that chooses. Other analyses and figures read the table.
"""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.losses.run_files import parse_name, read_object
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

NETWORK, NGRAM, NNN = "network", "ngram", "nnn"
BEST_MODELS = Table(
    "analyses/best_models.csv",
    "The models that other analyses take, chosen by validation loss: one row a role.",
    (
        Column(
            "role",
            "text",
            "`network`: the best of `errors: candidates`; `ngram`: the n-gram model of `comparisons: ngram`, which is not chosen;"
            " `nnn`: the best n-NN; `best <cell>`: the best recurrent network of the cell; `size <size>`: the best of the size. "
            "Of equals the first",
        ),
        Column("model", "text", "name of the model"),
        Column("validation_loss", "number", "nats per character, from `evaluation.json`; empty for the n-gram model"),
    ),
)


def size_role(size: int) -> str:
    """Return the role of the best network of a size."""
    return f"size {size}"


def best_of(models_folder: Path, models: list[str]) -> tuple[str, float]:
    """Return the model of the lowest validation loss, the first of equals, and that loss in nats per character.

    Raises
    ------
    InputError
        If the evaluation.json of a model is missing or corrupt.
    """
    losses = {
        model: read_object(models_folder / model / "evaluation.json", ("validation_loss",))["validation_loss"] for model in models
    }
    best = min(models, key=losses.__getitem__)
    return best, losses[best]


def read_roles(path: Path) -> dict[str, str]:
    """Read the model of every role from best_models.csv, in the order of the table.

    Raises
    ------
    InputError
        If the file is missing or corrupt.
    """
    table = BEST_MODELS.read(path)
    return dict(zip(table["role"], table["model"], strict=True))


def read_best(path: Path, role: str) -> str:
    """Read the model of one role from best_models.csv.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or has no such role.
    """
    roles = read_roles(path)
    if role not in roles:
        raise InputError(f"{path}: no role {role!r}, found {', '.join(roles)}")
    return roles[role]


def main(
    models_folder: Path,
    candidates: list[str],
    models: list[str],
    out: Path,
    nnns: list[str] | None = None,
    ngram: int | None = None,
) -> None:
    """Write which models have the lowest validation loss.

    Parameters
    ----------
    models_folder
        Folder that holds <model>/evaluation.json.
    candidates
        Names of the networks of which the best takes the role "network".
    models
        Names of all recurrent networks, of which the best of each cell and the best of each size are taken.
    out
        CSV file to write.
    nnns
        Names of the n-NNs, such as nnn-3, if there are any.
    ngram
        Characters of context of the n-gram model, if there is one.
    """
    by_cell: dict[str, list[str]] = {}
    by_size: dict[str, list[str]] = {}
    for model in models:
        name = parse_name(model)
        by_cell.setdefault(f"best {name.kind}", []).append(model)
        by_size.setdefault(size_role(name.size), []).append(model)
    rows = [
        (NETWORK, *best_of(models_folder, candidates)),
        *([(NGRAM, f"ngram-{ngram}", None)] if ngram is not None else []),
        *([(NNN, *best_of(models_folder, nnns))] if nnns else []),
        *((role, *best_of(models_folder, names)) for role, names in (by_cell | by_size).items()),
    ]
    BEST_MODELS.write(pd.DataFrame(rows, columns=BEST_MODELS.names), out)


if __name__ == "__main__":
    run(main)
