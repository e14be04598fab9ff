"""The facts of the cells and the names of models."""

import re

import pytest
from helpers.plain_network import STEPS

from rnnscope.models.cells import CELLS, ModelName
from rnnscope.models.recurrences import RECURRENCES


def test_every_cell_has_its_equations_and_a_reference_for_them():
    assert set(CELLS) == set(RECURRENCES) == set(STEPS)


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_the_facts_of_a_cell_fit_each_other(cell):
    assert CELLS[cell.name] is cell
    assert set(cell.gate_order) | set(cell.states) | set(cell.gates) <= set(cell.activation_names)
    assert set(cell.retention_gates) <= set(cell.gates)
    assert len(set(cell.activation_names)) == len(cell.activations)
    assert cell.states[0] == "h" == cell.activation_names[-1], "the layer above reads h, which is computed last"
    assert cell.analysed_states[0] == cell.displayed_state
    assert sorted(cell.analysed_states) == sorted(cell.states)


def test_every_activation_says_what_it_does_in_a_sentence():
    for cell in CELLS.values():
        for activation in cell.activations:
            assert re.fullmatch(r"[A-Z].{20,130}\.", activation.role), (cell.name, activation.name)


def test_the_colours_of_cells_differ():
    assert len({cell.colour for cell in CELLS.values()}) == len(CELLS)


@pytest.mark.parametrize(
    "name",
    [
        "lstm",
        "lstm-1",
        "lstm-0-64",
        "lstm-1-0",
        "xyz-1-64",
        "lstm-1-64-2",
        "LSTM-1-64",
        "lstm--1-64",
        "",
        "nnn",
        "nnn-0",
        "nnn-1-2",
        "nnn-1-mine",
        "external-1",
        "external-a-b",
        "external",
        "after-1-64",
        "lstm-1-64-",
        "lstm-1-64-my-own",
    ],
)
def test_a_bad_model_name_is_refused(name):
    with pytest.raises(ValueError, match="expected <cell>-<layers>-<size>"):
        ModelName.parse(name)


@pytest.mark.parametrize(
    ("text", "expected", "title"),
    [
        ("gru-2-128", ModelName("gru", layers=2, size=128), "GRU 2×128"),
        ("gru-after-2-128", ModelName("gru-after", layers=2, size=128), "GRU (reset after) 2×128"),
        ("gru-after-1-9-my_own", ModelName("gru-after", layers=1, size=9, label="my_own"), "GRU (reset after) 1×9 my_own"),
        ("external-my_transformer", ModelName("external", label="my_transformer"), "my transformer"),
        ("nnn-6", ModelName("nnn", context=6), "6-NN"),
        ("ngram-20", ModelName("ngram", context=20), "20-gram"),
    ],
)
def test_a_model_name(text, expected, title):
    name = ModelName.parse(text)
    assert name == expected
    assert str(name) == text
    assert name.title == title
    assert name.is_recurrent == text.startswith("gru-")
    assert name.is_feed_forward == (text == "nnn-6")
