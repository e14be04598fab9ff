"""The whole study on minGRU and minLSTM, whose gates read no hidden state: every analysis, every figure and the explorer."""

import pandas as pd
import pytest
from helpers.fork_server import PreloadedPython
from helpers.workspace import EXPERIMENT, Workspace

from rnnscope.figures.catalogue import FIGURES

MODELS = ["mingru-1-4", "minlstm-1-4", "minlstm-2-5"]
STUDY = EXPERIMENT | {
    "grid": {"cells": ["mingru", "minlstm"], "layers": [1], "sizes": [4], "additional": ["minlstm-2-5"]},
    "dynamics": {"model": "minlstm-1-4", "epochs": 1, "snapshots": 3},
    "activations": {"models": ["mingru-1-4", "minlstm-2-5"]},
    "errors": {"candidates": MODELS},
    "size_breakdown": {"smaller": "mingru-1-4", "larger": "minlstm-2-5"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    preloaded_python = PreloadedPython(folder / "python")
    try:
        workspace = Workspace(folder / "workspace")
        workspace.preloaded_python = preloaded_python
        workspace.configure(STUDY)
        done = workspace.snakemake()
    finally:
        preloaded_python.close()
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace.folder / "results/tale"


def test_every_figure_and_the_explorer_are_there(results):
    assert {path.stem for path in (results / "figures").glob("*.png")} == set(FIGURES)
    assert "minLSTM" in (results / "figures/loss_table.svg").read_text()
    assert "minlstm-2-5" in (results / "explorer.html").read_text()


def test_the_analyses_speak_of_these_cells(results):
    losses = pd.read_csv(results / "analyses/losses.csv")
    assert list(losses["model"]) == MODELS
    saturation = pd.read_csv(results / "analyses/saturation.csv")
    gates = {model: sorted(rows["gate"].unique()) for model, rows in saturation.groupby("model")}
    assert gates == {"mingru-1-4": ["update"], "minlstm-2-5": ["forget", "input"]}
    cells = pd.read_csv(results / "analyses/cells.csv")
    assert set(cells["cell"]) == {"mingru", "minlstm"}
