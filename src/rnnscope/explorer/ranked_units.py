"""The ranked units of each feature, read from the table of cells and checked against the networks on the page."""

from pathlib import Path

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from rnnscope.errors import InputError
from rnnscope.explorer.page_budget import RANKS
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Shape
from rnnscope.storage.tables import read_csv

INTEGERS = ["layer", "unit", "sign", "rank"]
COLUMNS = ["model", "quantity", "feature", "measure", *INTEGERS, "held_out_score"]


def read_ranked_units(path: Path, shapes: dict[str, Shape]) -> pd.DataFrame:
    """Read the rows of rank 1 to 10.

    Parameters
    ----------
    path
        cells.csv.
    shapes
        Of the models on the page; rows of other models are left out.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`.

    Raises
    ------
    InputError
        If a column is missing or not numeric, or a row names a unit that its model does not have.
    """
    table = read_csv(path, COLUMNS)[COLUMNS]
    table = table[table["model"].isin(list(shapes))].reset_index(drop=True)
    for column in [*INTEGERS, "held_out_score"]:
        is_right = is_numeric_dtype if column == "held_out_score" else is_integer_dtype
        if len(table) and (not is_right(table[column]) or table[column].isna().any()):
            found = table[column].tolist()[int(table[column].isna().argmax())]
            kind = "numbers" if column == "held_out_score" else "whole numbers"
            raise InputError(f"{path}: column {column!r} holds {found!r}, expected {kind}")
    for model, shape in shapes.items():
        states = CELLS[shape.cell].states
        rows = table[table["model"] == model]
        exists = rows["quantity"].isin(states) & rows["layer"].between(1, shape.layers)
        unknown = rows[~(exists & rows["unit"].between(0, shape.hidden_width - 1))]
        if len(unknown):
            quantity, unit, layer = unknown[["quantity", "unit", "layer"]].iloc[0]
            raise InputError(
                f"{path}: names {quantity} of unit {unit} in layer {layer} of {model}; "
                f"expected {' or '.join(states)}, a unit below {shape.hidden_width} and a layer from 1 to {shape.layers}"
            )
    return table[table["rank"] <= RANKS].reset_index(drop=True)
