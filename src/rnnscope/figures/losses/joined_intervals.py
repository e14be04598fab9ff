"""Test losses joined with their intervals, which are in a table of their own."""

from pathlib import Path

import pandas as pd

from rnnscope.errors import InputError
from rnnscope.figures import style


def with_intervals(models: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows of some models with the columns `low`, `high` and `clusters`.

    Parameters
    ----------
    models
        The column `model`, and others.
    path
        loss_intervals.csv.

    Raises
    ------
    InputError
        If the table is missing or corrupt, or lacks one of the models.
    """
    intervals = style.read(path, [], ["model", "clusters"], optional=["low", "high"])
    missing = models["model"][~models["model"].isin(intervals["model"])]
    if len(missing):
        raise InputError(f"{path}: no row of {missing.iloc[0]}; expected one for every model that is shown")
    return models.merge(intervals, on="model")
