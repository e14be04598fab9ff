"""Which models err on the same characters: the exact sizes of all intersections (paper section 4, F4).

    python -m rnnscope.analyses.errors.error_overlap --predictions-folder DIR --losses losses.csv --candidates MODEL ... --ngram 20
        --nnn DIR [--nnn DIR ...] --models MODEL ... --out-overlap FILE.csv --out-intersections FILE.csv

Of any number of models, every test character belongs to exactly one set of models that err on it: the sizes of these sets
add up to the test part. One table holds the best network against an n-gram model and the best n-NN, as in the paper; the
other adds the best network of every further cell.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.aligned import add_nnn, compared_models, parser, read_aligned
from rnnscope.analyses.errors.errors import best_model, is_error
from rnnscope.cli import run
from rnnscope.storage.tables import read_csv, write_csv

NO_MODEL = "none"


def count_sets(errors: Iterable[np.ndarray]) -> np.ndarray:
    """How many characters each set of models errs on: int64 (2 ** models,), at most 16 models.

    errors: for one model after another which characters are errors, bool, all of one shape. A set is a binary number:
    the first model is worth 1, the second 2, the third 4, ...
    """
    number = 0
    sets: np.ndarray = np.zeros(1, np.uint16)
    for number, wrong in enumerate(errors, start=1):
        sets = sets | (wrong.astype(np.uint16) << (number - 1))
    counts: np.ndarray = np.bincount(sets.ravel(), minlength=2**number)
    return counts


def table_of_sets(models: list[str], counts: np.ndarray) -> pd.DataFrame:
    """A row for each set of models: compared, erring, number, characters, fraction; the largest sets first.

    `compared` names all models, `erring` those of the set; they err on `characters` characters, and no other model does.
    """
    sets = [[model for place, model in enumerate(models) if code >> place & 1] for code in range(len(counts))]
    table = pd.DataFrame(
        {
            "compared": " ".join(models),
            "erring": [" ".join(erring) or NO_MODEL for erring in sets],
            "number": [len(erring) for erring in sets],
            "characters": counts,
            "fraction": counts / counts.sum(),
        }
    )
    return table.sort_values(["characters", "erring"], ascending=[False, True])


def best_of_other_cells(losses: pd.DataFrame, models: list[str], network: str) -> list[str]:
    """The best of `models` of every cell but that of `network`, in the order in which the cells first occur."""
    cells = dict.fromkeys(model.partition("-")[0] for model in models)
    own = network.partition("-")[0]
    return [best_model(losses, [model for model in models if model.startswith(f"{cell}-")]) for cell in cells if cell != own]


def overlap(folder: Path, models: list[str]) -> pd.DataFrame:
    """The table of the sets of models that err, from `<folder>/<model>.parquet`; one model's predictions at a time."""
    return table_of_sets(models, count_sets(is_error(log_prob) for log_prob in read_aligned(folder, models)))


def main() -> None:
    """Write both tables."""
    arguments_of = parser(__doc__.partition("\n")[0])
    add_nnn(arguments_of)
    arguments_of.add_argument(
        "--models", nargs="+", required=True, metavar="MODEL", help="all networks, for the best of each cell"
    )
    arguments_of.add_argument("--out-overlap", type=Path, required=True, help="CSV to write: three models")
    arguments_of.add_argument("--out-intersections", type=Path, required=True, help="CSV to write: with the other cells")
    arguments = arguments_of.parse_args()
    models = compared_models(arguments)
    losses = read_csv(arguments.losses, ["model", "validation_loss"])
    network, *finite = models
    more = [network, *best_of_other_cells(losses, arguments.models, network), *finite]
    of_three, of_more = (overlap(arguments.predictions_folder, compared) for compared in (models, more))
    write_csv(of_three, arguments.out_overlap)
    write_csv(of_more, arguments.out_intersections)


if __name__ == "__main__":
    run(main)
