"""How the networks of a size differ in test loss from the best one, which `best_models` chooses by validation loss (table T1).

The choice does not see the test part, so that the test loss of the chosen network is no lower than it would be on other text.
"""

from pathlib import Path

import pandas as pd

from rnnscope.analyses.losses.best_models import read_roles, size_role
from rnnscope.analyses.losses.losses import LOSSES
from rnnscope.analyses.losses.paired_differences import PAIRED_DIFFERENCES, both_ways
from rnnscope.analyses.losses.significance import SIGNIFICANCE, holm
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

SIZE_RANKING = Table(
    "analyses/size_ranking.csv",
    "One row a recurrent network: how its test loss differs from that of the best network of its size.",
    (
        Column("model", "text", "name of the network"),
        Column("best", "text", "name of the network of its size with the lowest validation loss, the first of equals"),
        Column("difference", "number", "nats per character: test loss of `model` minus that of `best`; may be negative"),
        Column("p_corrected", "number", "as in `paired_differences.csv`, but corrected for `comparisons`; 1 for the best itself"),
        Column("separated", "yes/no", f"whether `p_corrected` is below {SIGNIFICANCE:g}"),
        Column("comparisons", "integer", "other networks of the size: what Holm's procedure corrects for"),
    ),
)


def size_ranking(losses: pd.DataFrame, pairs: pd.DataFrame, roles: dict[str, str]) -> pd.DataFrame:
    """Return the rows of `SIZE_RANKING`, in the order of `losses`.

    Parameters
    ----------
    losses
        The columns `model` and `size` of all networks.
    pairs
        The rows of `PAIRED_DIFFERENCES`.
    roles
        The model of each role of `best_models.csv`.

    Raises
    ------
    InputError
        If a size has no best network, or a pair of networks of one size is missing.
    """
    chosen = losses[["model"]].assign(best=[roles.get(size_role(size), "") for size in losses["size"]])
    pairs = both_ways(pairs).rename(columns={"other": "best"})[["model", "best", "difference", "p"]]
    table = chosen.merge(pairs, how="left", on=["model", "best"])
    is_best = table["model"] == table["best"]
    if (missing := table[table["difference"].isna() & ~is_best]).size:
        model, best = missing.iloc[0][["model", "best"]]
        raise InputError(f"table of differences: no row of {model} and {best}; expected one for every two networks of a size")
    table.loc[is_best, ["difference", "p"]] = 0.0, 1.0
    for _, rows in table[~is_best].groupby("best"):
        table.loc[rows.index, "p_corrected"] = holm(rows["p"].to_numpy())
    table.loc[is_best, "p_corrected"] = 1.0
    comparisons = table.groupby("best")["model"].transform("size") - 1
    return table.drop(columns="p").assign(separated=table["p_corrected"] < SIGNIFICANCE, comparisons=comparisons)


def main(losses: Path, differences: Path, best: Path, out: Path) -> None:
    """Write how the networks of each size differ from the best one.

    Parameters
    ----------
    losses
        losses.csv.
    differences
        paired_differences.csv.
    best
        best_models.csv.
    out
        CSV file to write: a row a network.
    """
    table = size_ranking(LOSSES.read(losses), PAIRED_DIFFERENCES.read(differences), read_roles(best))
    SIZE_RANKING.write(table, out)


if __name__ == "__main__":
    run(main)
