"""What ablating units does, read from the table of ablations for the page of a unit."""

from pathlib import Path
from typing import Any

import pandas as pd

from rnnscope.analyses.causes.ablations import ABLATIONS
from rnnscope.analyses.causes.groups import ALL

LARGEST = 10  # units of the largest effect on a feature, on the page beside those of the list
KEY = ["model", "layer", "unit", "feature"]
# What the page shows of a row, in this order.
SHOWN = [
    *("model", "layer", "quantity", "unit", "hold", "feature", "rise", "rise_low", "rise_high", "ends", "end_effect"),
    *("end_effect_low", "end_effect_high", "inside", "inside_effect", "inside_effect_low", "inside_effect_high", "control"),
]
DIGITS = 5


def held_units(path: Path, models: list[str], ranked: pd.DataFrame) -> dict[str, Any]:
    """Read what the page says of units that are held.

    Parameters
    ----------
    path
        ablations.csv.
    models
        The models on the page.
    ranked
        The rows of `read_ranked_units`.

    Returns
    -------
    dict
        `columns`: names; `rows`: their values, numbers rounded and None for those that are missing. Of every unit the rows of
        all characters; those of a feature where the unit is in the feature's list, or its effect among the largest. `clusters`:
        by model, what the intervals are drawn from.

    Raises
    ------
    InputError
        If the table is missing or corrupt, or lacks a column.
    """
    table = ABLATIONS.read(path)
    table = table[table["model"].isin(models)]
    is_listed = pd.MultiIndex.from_frame(table[KEY]).isin(pd.MultiIndex.from_frame(ranked[KEY]))
    chosen = table[(table["feature"] == ALL) | is_listed | (table["effect_rank"] <= LARGEST)]
    rows = chosen[SHOWN].round(DIGITS).astype(object)
    return {
        "columns": SHOWN,
        "rows": rows.where(rows.notna(), None).values.tolist(),
        "clusters": table.groupby("model", sort=False)["clusters"].first().to_dict(),
        "all": ALL,
    }
