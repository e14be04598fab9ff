"""minGRU and minLSTM, whose gates read no hidden state, in the study of the tests: analyses, figures and explorer have them."""

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def results(finished):
    return finished.folder / "results/tale"


def test_the_figures_and_the_explorer_show_them(results):
    assert "minLSTM" in (results / "figures/loss_table.svg").read_text()
    assert "minGRU 1×4" in (results / "figures/saturation.svg").read_text()
    assert "minlstm-2-5" in (results / "explorer.html").read_text()


def test_the_analyses_cover_them(results):
    losses = pd.read_csv(results / "analyses/losses.csv")
    assert {"mingru-1-4", "minlstm-2-5"} < set(losses["model"])
    saturation = pd.read_csv(results / "analyses/saturation.csv")
    gates = {model: sorted(rows["gate"].unique()) for model, rows in saturation.groupby("model")}
    assert gates["mingru-1-4"] == ["update"]
    assert gates["minlstm-2-5"] == ["forget", "input"]
    cells = pd.read_csv(results / "analyses/cells.csv")
    assert {"mingru", "minlstm"} < set(cells["cell"])
