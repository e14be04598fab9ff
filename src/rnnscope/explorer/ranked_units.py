"""The units that detect each feature, with what chance reaches, read from the tables and checked against the networks."""

from pathlib import Path

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from rnnscope.analyses.units.margins import CHANCE, GROUP, with_margins
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Shape
from rnnscope.storage.tables import read_csv

RANKS = 10  # units of each feature on the page
INTEGERS = ["layer", "unit", "sign", "rank"]
NUMBERS = ["selection_score", "held_out_score"]
COLUMNS = [*GROUP, "quantity", *INTEGERS, *NUMBERS]


def read_ranked_units(cells: Path, baseline: Path, shapes: dict[str, Shape]) -> pd.DataFrame:
    """Read the best units of each feature, one row a unit.

    Parameters
    ----------
    cells
        cells.csv.
    baseline
        cells_baseline.csv.
    shapes
        Of the models on the page; rows of other models are left out.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, and those of `with_margins`. `rank` counts the units of a model, feature and measure from 1 on: of
        two states of one unit the better one is kept.

    Raises
    ------
    InputError
        If a column is missing or not numeric, or a row names a unit that its model does not have.
    """
    table = _read(cells, COLUMNS, INTEGERS, NUMBERS, shapes)
    _check_units(cells, table, shapes)
    table = table.sort_values([*GROUP, "rank"], kind="stable").drop_duplicates([*GROUP, "layer", "unit"])
    table["rank"] = table.groupby(GROUP).cumcount() + 1
    table = table[table["rank"] <= RANKS]
    chance = _read(baseline, [*GROUP, CHANCE], [], [CHANCE], shapes)
    return with_margins(table, chance, baseline)


def _read(path: Path, columns: list[str], integers: list[str], numbers: list[str], shapes: dict[str, Shape]) -> pd.DataFrame:
    """Read some columns of the rows of some models, and check those that hold numbers."""
    table = read_csv(path, columns)[columns]
    table = table[table["model"].isin(list(shapes))].reset_index(drop=True)
    for column in [*integers, *numbers]:
        is_right = is_integer_dtype if column in integers else is_numeric_dtype
        if len(table) and (not is_right(table[column]) or table[column].isna().any()):
            found = table[column].tolist()[int(table[column].isna().argmax())]
            kind = "whole numbers" if column in integers else "numbers"
            raise InputError(f"{path}: column {column!r} holds {found!r}, expected {kind}")
    return table


def _check_units(path: Path, table: pd.DataFrame, shapes: dict[str, Shape]) -> None:
    """Check that every row names a unit that its model has."""
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
