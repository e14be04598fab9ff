"""What fits on the page: which units of which quantities, and how many characters.

The states of every unit are always included (c and h of an LSTM, h of an RNN or GRU). The gates and candidates of every
unit are included if they fit; otherwise those of the units ranked 1 to 10 for some feature, or 1 to 9, ..., or of none.
If the states alone are still too large, the number of characters is reduced.
"""

from dataclasses import dataclass

import pandas as pd

from rnnscope.models.cells import CELLS
from rnnscope.models.network import Shape

RANKS = 10  # ranked units of each feature
PREDICTIONS = 5  # most likely next characters
PAGE_BYTES = 25_000_000
BLOCK_BYTES = 24_000_000  # of that for the numbers in base64; the rest is for the list, the script and the style

Units = dict[tuple[str, int, str], list[int]]  # by model, layer and quantity


@dataclass(frozen=True)
class Contents:
    """What the page holds.

    Parameters
    ----------
    characters
        How many test characters, from the first on.
    units
        The units of each quantity.
    gates_of_ranks
        The highest rank of units whose gates and candidates are included; None if those of all units are.
    """

    characters: int
    units: Units
    gates_of_ranks: int | None


def units_on_the_page(shapes: dict[str, Shape], ranked: pd.DataFrame, gates_of_ranks: int | None) -> Units:
    """Return the units of every quantity, ascending.

    Parameters
    ----------
    shapes
        By model.
    ranked
        Columns model, layer, unit and rank.
    gates_of_ranks
        As of `Contents`.
    """
    units = {}
    for model, shape in shapes.items():
        for layer in range(1, shape.layers + 1):
            all_units = list(range(shape.hidden_width))
            gates_of = all_units
            if gates_of_ranks is not None:
                rows = (ranked["model"] == model) & (ranked["layer"] == layer) & (ranked["rank"] <= gates_of_ranks)
                gates_of = sorted(set(ranked["unit"][rows].tolist()))
            cell = CELLS[shape.cell]
            for quantity in cell.activation_names:
                units[model, layer, quantity] = all_units if quantity in cell.states else gates_of
    return units


def bytes_per_character(units: Units, models: int) -> int:
    """Return the bytes that a character takes: itself, the predictions of each model, one per unit and quantity."""
    return 1 + 2 * PREDICTIONS * models + sum(map(len, units.values()))


def choose_contents(shapes: dict[str, Shape], ranked: pd.DataFrame, characters: int) -> Contents:
    """Choose what a page of at most `BLOCK_BYTES` bytes of numbers shows; base64 writes three bytes as four."""
    room = BLOCK_BYTES * 3 // 4
    for gates_of_ranks in (None, *range(RANKS, -1, -1)):
        units = units_on_the_page(shapes, ranked, gates_of_ranks)
        needed = bytes_per_character(units, len(shapes))
        if characters * needed <= room:
            return Contents(characters, units, gates_of_ranks)
    return Contents(max(1, room // needed), units, 0)


def note(contents: Contents, requested: int, test_characters: int) -> str:
    """Return what a reader must know of the choice, in words."""
    shown = f"the first {contents.characters:,} of the" if contents.characters < test_characters else "all"
    sentences = [f"The page shows {shown} {test_characters:,} test characters."]
    if contents.characters < min(requested, test_characters):
        sentences.append(f"{requested:,} were requested; no more than these fit in {PAGE_BYTES // 1_000_000} MB.")
    if contents.gates_of_ranks is not None:
        of_whom = f"units of rank 1 to {contents.gates_of_ranks} in the list" if contents.gates_of_ranks else "no unit"
        sentences.append(f"Gates and candidates are included for {of_whom}; those of all units do not fit.")
    return " ".join(sentences)
