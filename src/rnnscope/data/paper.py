"""What the paper reports: every number that it prints or draws of its two texts, read from `paper.json`.

The file is a list of series for each text. A series is a quantity of one table or figure, with its unit, its origin (printed,
or digitised: measured in a picture) and how exactly it is known; its rows are a model, a case and a value.

Source: A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and Understanding Recurrent Networks", arXiv:1506.02078v2 (2015).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

# Quantities of F6, by their names in the file.
DIVERGENCE = "symmetric divergence"
LOSS_DIFFERENCE = "test loss of the n-NN less that of the network"


@dataclass(frozen=True)
class PaperValue:
    """One number of the paper.

    Parameters
    ----------
    item
        The table or figure: T1, T2, F4a, F4b, F5, F6, F7 or F8.
    quantity, unit
        What it is.
    origin
        "printed" or "digitised".
    rounding
        How far the true value may be off because of rounding or of the measurement in the picture.
    model
        The model that it is of; several with spaces between.
    case
        What else identifies it: a character, a bin of distances, an epoch, a class of errors; empty for none.
    value
        The number itself.
    """

    item: str
    quantity: str
    unit: str
    origin: str
    rounding: float
    model: str
    case: str
    value: float


@cache
def contents() -> dict[str, Any]:
    """Read `paper.json`."""
    return json.loads(files("rnnscope.data").joinpath("paper.json").read_text(encoding="utf-8"))


def paper_models() -> set[str]:
    """Return the names of all models that the paper has numbers of."""
    return {model for text in contents()["texts"] for value in paper_values(text) for model in value.model.split()}


def paper_values(text: str) -> Iterator[PaperValue]:
    """Yield all numbers of one text, a key of `texts` in `paper.json`, in the order of the file."""
    for series in contents()["texts"][text]["series"]:
        facts = [series[name] for name in ("item", "quantity", "unit", "origin", "rounding")]
        for row in series["rows"]:
            yield PaperValue(*facts, *row)


def paper_points(text: str, item: str, quantity: str) -> dict[tuple[str, str], float]:
    """Return the values of one quantity by model and case; empty where the paper has none for this text."""
    found = [value for value in paper_values(text) if (value.item, value.quantity) == (item, quantity)]
    return {(value.model, value.case): value.value for value in found}
