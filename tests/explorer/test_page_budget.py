import pandas as pd
import pytest

from rnnscope.explorer import page_budget
from rnnscope.explorer.page_budget import choose_contents, note
from rnnscope.models.network import Shape
from rnnscope.models.sizes import matched_hidden_width

SHAPES = {"lstm-2-8": Shape("lstm", 2, 10, 20), "gru-1-8": Shape("gru", 1, 6, 20)}
RANKED = pd.DataFrame(
    [("lstm-2-8", 1, 4, 1), ("lstm-2-8", 2, 7, 2), ("lstm-2-8", 1, 4, 3), ("lstm-2-8", 1, 2, 3), ("gru-1-8", 1, 5, 2)],
    columns=["model", "layer", "unit", "rank"],
)
# A character takes: itself 1, predictions 2 x 10, states 2 x 2 x 10 + 6, gates and candidates of all 2 x 4 x 10 + 3 x 6.
STATES, EVERYTHING = 1 + 20 + 46, 1 + 20 + 46 + 98


def chosen(monkeypatch, bytes_per_character, characters=300, requested=300):
    """Return what is chosen when `bytes_per_character` bytes fit for `characters` characters."""
    monkeypatch.setattr(page_budget, "BLOCK_BYTES", -(-bytes_per_character * characters * 4 // 3))
    return choose_contents(SHAPES, RANKED, requested)


def test_everything_is_included_when_it_fits(monkeypatch):
    found = chosen(monkeypatch, EVERYTHING)
    assert (found.characters, found.gates_of_ranks) == (300, None)
    for (model, _, _), units in found.units.items():
        assert units == list(range(SHAPES[model].hidden_width))
    assert {key[2] for key in found.units if key[0] == "lstm-2-8"} == set("ifogch")
    assert len(found.units) == 2 * 6 + 4


@pytest.mark.parametrize(
    ("room", "rank", "units"),
    [
        (EVERYTHING - 1, 10, {("lstm-2-8", 1): [2, 4], ("lstm-2-8", 2): [7], ("gru-1-8", 1): [5]}),
        (STATES + 4 * 3 + 3, 10, {("lstm-2-8", 1): [2, 4], ("lstm-2-8", 2): [7], ("gru-1-8", 1): [5]}),
        (STATES + 4 * 3 + 2, 2, {("lstm-2-8", 1): [4], ("lstm-2-8", 2): [7], ("gru-1-8", 1): [5]}),
        (STATES + 4, 1, {("lstm-2-8", 1): [4], ("lstm-2-8", 2): [], ("gru-1-8", 1): []}),
        (STATES + 3, 0, {("lstm-2-8", 1): [], ("lstm-2-8", 2): [], ("gru-1-8", 1): []}),
    ],
)
def test_gates_are_cut_to_what_fits_and_states_are_not(monkeypatch, room, rank, units):
    found = chosen(monkeypatch, room)
    assert (found.characters, found.gates_of_ranks) == (300, rank)
    for (model, layer, quantity), members in found.units.items():
        state = quantity in ("h", "c")
        assert members == (list(range(SHAPES[model].hidden_width)) if state else units[model, layer])


def test_then_the_characters_are_cut_and_the_page_says_so(monkeypatch):
    found = chosen(monkeypatch, STATES, characters=200, requested=300)
    assert (found.characters, found.gates_of_ranks) == (200, 0)
    words = note(found, 300, 9000)
    assert words.startswith("The page shows the first 200 of the 9,000 test characters. 300 were requested")
    assert "Gates and candidates are included for no unit" in words


def test_the_note_is_short_when_nothing_is_cut(monkeypatch):
    assert note(chosen(monkeypatch, EVERYTHING), 300, 9000) == "The page shows the first 300 of the 9,000 test characters."
    assert note(chosen(monkeypatch, EVERYTHING), 9999, 300) == "The page shows all 300 test characters."


def test_the_papers_largest_models_fit_with_all_5000_characters():
    """The default configuration; features enough that its list names every unit of rank 1 to 10."""
    widths = {"lstm": matched_hidden_width("lstm", 3, 512, 87), "gru": matched_hidden_width("gru", 3, 512, 87)}
    shapes = {f"{cell}-3-512": Shape(cell, 3, width, 87) for cell, width in widths.items()}
    rows = [
        (f"{cell}-3-512", 1 + index % 3, index * 7 % width, 1 + index // 12)
        for cell, width in widths.items()
        for index in range(120)
    ]
    found = choose_contents(shapes, pd.DataFrame(rows, columns=RANKED.columns), 5000)
    assert found.characters == 5000
    assert found.gates_of_ranks == 10
    numbers = sum(len(units) for units in found.units.values()) * 5000
    assert numbers * 4 / 3 < page_budget.PAGE_BYTES
