"""What fits on the page: which units of which quantities, and how many characters.

The states (c and h of an LSTM, h of the others) of every unit are always there. The gates and candidates of every unit
are there too if that fits; if not, those of the units that the list ranks 1 to 10 for some feature, or 1 to 9, ...,
or of none. If the states alone are still too many, the characters are cut to what fits.
"""

from dataclasses import dataclass

import pandas as pd

from rnnscope.models.network import Shape
from rnnscope.models.recurrences import CELLS

RANKS = 10  # units listed for each feature
PREDICTIONS = 5  # most likely next characters
PAGE_BYTES = 25_000_000
BLOCK_BYTES = 24_000_000  # of that for the numbers in base64; the rest is for the list, the script and the style

Units = dict[tuple[str, int, str], list[int]]  # by model, layer and quantity


@dataclass(frozen=True)
class Contents:
    """What the page holds: the first `characters` test characters, and which units of which quantities.

    `gates_of_ranks`: None when every unit's gates and candidates are there, else the highest rank whose units' are.
    """

    characters: int
    units: Units
    gates_of_ranks: int | None


def units_on_the_page(shapes: dict[str, Shape], listed: pd.DataFrame, gates_of_ranks: int | None) -> Units:
    """The units, ascending, of every quantity; `shapes` by model, `listed` with columns model, layer, unit and rank."""
    units = {}
    for model, shape in shapes.items():
        for layer in range(1, shape.layers + 1):
            everyone = list(range(shape.hidden_width))
            gates_of = everyone
            if gates_of_ranks is not None:
                rows = (listed["model"] == model) & (listed["layer"] == layer) & (listed["rank"] <= gates_of_ranks)
                gates_of = sorted(set(listed["unit"][rows].tolist()))
            cell = CELLS[shape.cell]
            for quantity in cell.activations:
                units[model, layer, quantity] = everyone if quantity in cell.states else gates_of
    return units


def bytes_a_character(units: Units, models: int) -> int:
    """Bytes that the page holds of a character: itself, the predictions of each model, one byte a unit and quantity."""
    return 1 + 2 * PREDICTIONS * models + sum(map(len, units.values()))


def choose_contents(shapes: dict[str, Shape], listed: pd.DataFrame, characters: int) -> Contents:
    """What goes on a page of at most `BLOCK_BYTES` bytes of numbers; base64 writes three bytes as four."""
    room = BLOCK_BYTES * 3 // 4
    for gates_of_ranks in (None, *range(RANKS, -1, -1)):
        units = units_on_the_page(shapes, listed, gates_of_ranks)
        needed = bytes_a_character(units, len(shapes))
        if characters * needed <= room:
            return Contents(characters, units, gates_of_ranks)
    return Contents(max(1, room // needed), units, 0)


def note(contents: Contents, asked: int, test_characters: int) -> str:
    """What a reader must know of the choice, in words."""
    shown = f"the first {contents.characters:,} of the" if contents.characters < test_characters else "all"
    sentences = [f"The page shows {shown} {test_characters:,} test characters."]
    if contents.characters < min(asked, test_characters):
        sentences.append(f"{asked:,} were asked for; more than these would not fit in {PAGE_BYTES // 1_000_000} MB.")
    if contents.gates_of_ranks is not None:
        of_whom = f"units of rank 1 to {contents.gates_of_ranks} in the list" if contents.gates_of_ranks else "no unit"
        sentences.append(f"Gates and candidates are there for {of_whom}; those of all units would not fit.")
    return " ".join(sentences)
