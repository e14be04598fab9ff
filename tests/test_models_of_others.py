"""The whole study on a torch.nn.GRU that was trained elsewhere, with predictions of another program, beside one small LSTM."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.fork_server import PreloadedPython
from helpers.workspace import EXPERIMENT, PROSE, Workspace, put_older
from safetensors.torch import save_file

from rnnscope.figures.catalogue import FIGURES
from rnnscope.models.sizes import matched_size, parameter_count

VOCABULARY = sorted(set("".join(PROSE % count for count in range(60)).encode()))
SIZE = matched_size(parameter_count("gru-after", 1, 6, len(VOCABULARY)), len(VOCABULARY))
IMPORTED, EXTERNAL = f"gru-after-1-{SIZE}-mine", "external-uniform"
MODELS = ["lstm-1-4", IMPORTED]
STUDY = EXPERIMENT | {
    "grid": {"cells": ["lstm"], "layers": [1], "sizes": [4], "additional": []},
    "training": {"epochs": 2, "dropout": [0.0], "device": "cpu"},
    "nnn": {"longest_context": 1, "hidden_widths": [4]},
    "imported": {IMPORTED: {"weights": "{corpus}.safetensors", "vocabulary": "{corpus}.json"}},
    "external": {"uniform": "{corpus}.parquet"},
    "activations": {"models": [IMPORTED]},
    "context": EXPERIMENT["context"] | {"models": MODELS},
    "ablations": EXPERIMENT["ablations"] | {"models": [IMPORTED]},
    "seeds": EXPERIMENT["seeds"] | {"models": ["lstm-1-4"]},
    "errors": {"candidates": MODELS},
    "size_breakdown": {"smaller": IMPORTED, "larger": EXTERNAL},
}


def write_network(stem):
    """A torch.nn.GRU with its vocabulary in an order of its own."""
    torch.manual_seed(1)
    network = torch.nn.ModuleDict({"gru": torch.nn.GRU(len(VOCABULARY), 6), "out": torch.nn.Linear(6, len(VOCABULARY))})
    save_file(network.state_dict(), stem.with_suffix(".safetensors"))
    stem.with_suffix(".json").write_text(json.dumps(VOCABULARY[::-1]))


def write_predictions(path, test):
    """Every character is equally likely."""
    streams, steps = test.shape[0], test.shape[1] - 1
    columns = {"stream": np.repeat(np.arange(streams), steps), "step": np.tile(np.arange(steps), streams)}
    pd.DataFrame(columns | {"target": test[:, 1:].ravel(), "log_prob": -np.log(len(VOCABULARY))}).to_parquet(path)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    preloaded_python = PreloadedPython(folder / "python")
    try:
        workspace = Workspace(folder / "workspace")
        workspace.preloaded_python = preloaded_python
        workspace.configure(STUDY)
        write_network(workspace.folder / "tale")
        done = workspace.snakemake("results/tale/split/test.npy")
        assert done.returncode == 0, done.stdout + done.stderr
        write_predictions(workspace.folder / "tale.parquet", np.load(workspace.folder / "results/tale/split/test.npy"))
        done = workspace.snakemake()
    finally:
        preloaded_python.close()
    assert done.returncode == 0, done.stdout + done.stderr
    workspace.preloaded_python = None
    return workspace


@pytest.fixture
def results(workspace):
    return workspace.folder / "results/tale"


def test_every_figure_and_the_explorer_are_there(results):
    assert {path.stem for path in (results / "figures").glob("*.png")} == set(FIGURES)
    assert "GRU (reset after)" in (results / "figures/loss_table.svg").read_text()
    assert IMPORTED in (results / "explorer.html").read_text()


def test_the_analyses_cover_the_imported_network(results):
    assert list(pd.read_csv(results / "analyses/losses.csv")["model"]) == MODELS
    saturation = pd.read_csv(results / "analyses/saturation.csv")
    assert {model: sorted(rows["gate"].unique()) for model, rows in saturation.groupby("model")} == {
        IMPORTED: ["reset", "update"]
    }
    assert set(pd.read_csv(results / "analyses/cells.csv")["cell"]) == {"gru-after"}


def test_the_external_predictions_are_in_every_comparison(results):
    analyses = {name: pd.read_csv(results / f"analyses/{name}.csv") for name in ("paired_differences", "model_map")}
    pairs = analyses["paired_differences"].query("other == @EXTERNAL").set_index("model")["difference"]
    losses = pd.read_csv(results / "analyses/losses.csv").set_index("model")["test_loss"]
    for model in MODELS:
        assert pairs[model] == pytest.approx(losses[model] - np.log(len(VOCABULARY)), abs=1e-6)
    assert EXTERNAL in set(analyses["model_map"]["model"])
    assert EXTERNAL in pd.read_csv(results / "analyses/error_intersections.csv")["compared"][0].split()
    assert set(pd.read_csv(results / "analyses/size_breakdown.csv")["larger"]) == {EXTERNAL}


def test_other_files_of_an_older_date_are_noticed(workspace):
    """They are compared by content, and `make verify` names each file."""
    for name in ("tale.safetensors", "tale.json", "tale.parquet"):
        put_older(workspace.folder / name, (workspace.folder / name).read_bytes() + b" ")
    targets = [f"results/tale/models/{IMPORTED}/summary.json", f"results/tale/predictions/{EXTERNAL}.parquet"]
    assert workspace.stale(*targets) == {"import_model": 1, "external_predictions": 1}
    done = workspace.verify()
    assert done.returncode == 1
    lines = sorted(
        line.removeprefix("error: ").partition(" was made from it: found SHA-256 ")[0] for line in done.stderr.splitlines()
    )
    assert lines == [
        f"tale.json: changed since results/tale/models/{IMPORTED}/checkpoint.safetensors",
        f"tale.parquet: changed since results/tale/predictions/{EXTERNAL}.parquet",
        f"tale.safetensors: changed since results/tale/models/{IMPORTED}/checkpoint.safetensors",
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ('external={"theirs": "nowhere/{corpus}.parquet"}', "external.theirs: nowhere/tale.parquet: no such file"),
        ('external={"theirs": "results"}', "external.theirs: results: no such file"),
        (
            'imported={"rnn-1-4-theirs": {"weights": "nowhere.safetensors", "vocabulary": "tale.json"}}',
            "imported.rnn-1-4-theirs.weights: nowhere.safetensors: no such file",
        ),
    ],
    ids=["external", "folder", "imported"],
)
def test_a_missing_file_stops_the_run_although_there_are_older_results(workspace, given, line):
    """Snakemake would take the older tables for finished ones."""
    done = workspace.snakemake("--dry-run", "--config", given)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"configuration: {line}"
