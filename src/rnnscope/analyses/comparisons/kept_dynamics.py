"""The comparison of a network in training with the n-NNs (paper section 4, F6), taken over from where it was kept.

Nothing is trained. One thing in the table can be looked up again: the loss of a snapshot and the difference that the n-NN has
to it add up to the test loss of the n-NN, which is known.
"""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.comparisons.dynamics import DYNAMICS
from rnnscope.analyses.losses.run_files import parse_name, read_object
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.training import Dynamics
from rnnscope.storage.files import from_elsewhere
from rnnscope.training.evaluate import TOLERANCE


def check_snapshots(path: Path, table: pd.DataFrame, wanted: Dynamics, contexts: list[int]) -> None:
    """Check that a kept table is of the wanted snapshots, and has every n-NN at each of them.

    Parameters
    ----------
    path
        Of the table.
    table
        Its content, as `DYNAMICS.read` returns it.
    wanted
        Which model is observed, for how long, how often.
    contexts
        Characters of context of the n-NNs.

    Raises
    ------
    InputError
        At the first that differs.
    """
    models, times = table["model"].unique().tolist(), table["snapshot"].unique().tolist()
    given = [("model", models, [wanted.model]), ("snapshots", len(times), wanted.snapshots)]
    given.append(("epochs", table["epoch"].max(), wanted.epochs))
    for name, found, expected in given:
        if found != expected:
            raise InputError(f"{path}: {name} {found}, expected {expected} as the section dynamics says")
    for n in contexts:
        if sorted(table["snapshot"][table["n"] == n]) != list(range(1, wanted.snapshots + 1)):
            raise InputError(f"{path}: expected a row of the {n}-NN for each of {wanted.snapshots} snapshots")


def main(kept: Path, models_folder: Path, nnns: list[str], dynamics: Dynamics, out: Path) -> None:
    """Take over a kept table of the dynamics of training, as far as there are n-NNs.

    Parameters
    ----------
    kept
        Table that `rnnscope.analyses.comparisons.dynamics` wrote.
    models_folder
        Folder that holds <n-NN>/evaluation.json.
    nnns
        Names of the n-NNs, such as nnn-3.
    dynamics
        Which snapshots are expected.
    out
        CSV file to write.

    Raises
    ------
    InputError
        If a file is missing or corrupt, or the table is of other snapshots or of other n-NNs.
    """
    with from_elsewhere(kept):
        table = DYNAMICS.read(kept)
    contexts = [parse_name(nnn).context for nnn in nnns]
    check_snapshots(kept, table, dynamics, contexts)
    for nnn, n in zip(nnns, contexts, strict=True):
        evaluation = models_folder / nnn / "evaluation.json"
        expected, rows = read_object(evaluation, ("test_loss",))["test_loss"], table[table["n"] == n]
        for found in rows["snapshot_loss"] + rows["loss_difference"]:
            if not abs(found - expected) <= TOLERANCE:  # in this form NaN is refused too
                raise InputError(f"{kept}: test loss of the {n}-NN {found:.6f}, expected {expected:.6f} as {evaluation} says")
    DYNAMICS.write(table[table["n"].isin(contexts)], out)


if __name__ == "__main__":
    run(main)
