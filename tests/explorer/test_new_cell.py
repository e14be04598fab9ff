"""A cell that is added to the facts of cells is on the page, without another change."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from rnnscope.explorer import page
from rnnscope.explorer.page_budget import choose_contents
from rnnscope.explorer.quantise import quantise
from rnnscope.explorer.ranked_units import read_ranked_units
from rnnscope.models.cells import CELLS, Activation, Cell
from rnnscope.models.network import Shape

MADE_UP = Cell(
    name="mgu",
    title="MGU",
    activations=(
        Activation("u", "update gate", gate="update"),
        Activation("m", "memory, as tanh(m)", saturating=True),
        Activation("h", "hidden state"),
    ),
    gate_order=("u",),
    states=("h", "m"),
    displayed_state="m",
    colour="#7A5C00",
)


@pytest.fixture
def shapes(monkeypatch):
    monkeypatch.setitem(CELLS, "mgu", MADE_UP)
    return {"mgu-2-8": Shape("mgu", 2, 3, 20)}


def test_the_budget_offers_its_activations(shapes):
    ranked = pd.DataFrame(columns=["model", "layer", "unit", "rank"])
    contents = choose_contents(shapes, ranked, 10)
    assert set(contents.units) == {("mgu-2-8", layer, name) for layer in (1, 2) for name in "umh"}


def test_its_states_may_be_ranked(shapes, tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("model,layer,quantity,unit,feature,measure,held_out_score,sign,rank\nmgu-2-8,2,m,1,quotes,auc,0.7,1,1\n")
    assert read_ranked_units(path, shapes)["quantity"].tolist() == ["m"]


def test_the_page_knows_its_facts(shapes, words, monkeypatch, tmp_path):
    """The weights are those of an LSTM: the page asks the facts, not the network, what the activations are."""
    load = page.load_checkpoint

    def load_as_made_up(path):
        network, stored = load(path)
        shape = network.shape
        network.shape = Shape("mgu", shape.layers, shape.hidden_width, shape.vocabulary)
        return network, stored

    def read(path, quantities):
        assert quantities == list(MADE_UP.activation_names)
        test = np.load(words["split"] / "test.npy")[:, :-1].ravel()
        yield {"character": test, **{name: np.full((len(test), 7), 0.5) for name in quantities}}

    monkeypatch.setattr(page, "load_checkpoint", load_as_made_up)
    monkeypatch.setattr("rnnscope.explorer.blocks.row_groups", read)
    cells = tmp_path / "cells.csv"
    cells.write_text("model,layer,quantity,unit,feature,measure,held_out_score,sign,rank\nlstm-2-8,2,m,1,quotes,auc,0.7,1,1\n")
    html = page.build(**words | {"models": ["lstm-2-8"], "cells": cells})
    described = json.loads(re.search(r'id="description">(.*?)</script>', html)[1])
    assert described["models"][0]["quantities"] == {
        "m": {"meaning": "memory, as tanh(m)", "gate": False, "saturating": True},
        "h": {"meaning": "hidden state", "gate": False, "saturating": False},
        "u": {"meaning": "update gate", "gate": True, "saturating": False},
    }
    assert 'id="block/lstm-2-8/2/u"' in html


def test_its_values_are_stored_by_their_range():
    values = np.array([0.5])
    stored = {name: quantise(MADE_UP.by_name[name], values).tolist() for name in "umh"}
    assert stored == {"u": [128], "m": [round(127 * np.tanh(0.5))], "h": [64]}
