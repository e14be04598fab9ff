"""How far the score of a unit is above what the best of as many units reaches by chance."""

from pathlib import Path

import pandas as pd

from rnnscope.errors import InputError

GROUP = ["model", "feature", "measure"]
CHANCE = "held_out_percentile_95"
PERFECT = 1.0  # AUC and both correlations


def with_margins(cells: pd.DataFrame, baseline: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows of units with two columns more.

    Parameters
    ----------
    cells
        `GROUP` and `held_out_score`, as in cells.csv.
    baseline
        `GROUP` and `CHANCE`, as in cells_baseline.csv.
    path
        Where `baseline` was read from.

    Returns
    -------
    pandas.DataFrame
        With `chance`, the score that the best of as many units exceeds once in twenty permutations; and `margin`, the held-out
        score above chance as a share of what is possible, (score - chance) / (1 - chance).

    Raises
    ------
    InputError
        If the baseline lacks a model, feature and measure.
    """
    chance = baseline[[*GROUP, CHANCE]].drop_duplicates(GROUP).rename(columns={CHANCE: "chance"})
    table = cells.merge(chance, on=GROUP, how="left")
    missing = table[table["chance"].isna()]
    if len(missing):
        model, feature, measure = missing.iloc[0][GROUP]
        raise InputError(f"{path}: has no row of {model}, {feature} and {measure}; expected one for each in cells.csv")
    margin = (table["held_out_score"] - table["chance"]) / (PERFECT - table["chance"]).clip(lower=1e-6)
    return table.assign(margin=margin)
