from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.error_project import OF_SETTINGS, ORDER, ErrorProject

from rnnscope.analyses.errors import dynamic_evaluation
from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.errors.error_changes import error_changes
from rnnscope.analyses.losses.clusters import stream_groups
from rnnscope.corpus.split_reader import read_split
from rnnscope.models.checkpoint import Description, load_checkpoint, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Optimisation, Oracles
from rnnscope.storage.predictions import read_log_prob, write_predictions
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.cross_entropy import predictions
from rnnscope.training.dynamic_evaluation import PlainDescent, dynamic_predictions
from rnnscope.training.optimisation import start_training
from rnnscope.training.segments import to_device


@pytest.fixture
def project(tmp_path):
    """With a checkpoint of the best network, lstm-1-8, that has learned a little, and the predictions that it really makes."""
    project = ErrorProject(tmp_path)
    network = Network(Shape("lstm", 1, 8, len(project.vocabulary)), generator=torch.Generator().manual_seed(3))
    train = to_device(np.load(tmp_path / "split/train.npy"), torch.device("cpu"))
    training = start_training(network, Optimisation(learning_rate=0.02))
    for _ in range(30):
        train_epoch(training, train, 20, 5.0)
    description = Description("lstm-1-8", network.shape, 0.0, 1, project.vocabulary.tolist())
    save_checkpoint(tmp_path / "models/lstm-1-8/checkpoint.safetensors", network.state_dict(), description)
    found = predictions(network, to_device(project.test, torch.device("cpu")), 20)
    log_prob, predicted = (values.numpy().T for values in found)
    write_predictions(tmp_path / "predictions/lstm-1-8.parquet", project.test, log_prob, predicted)
    project.log_prob["lstm-1-8"] = log_prob
    yield project
    torch.set_flush_denormal(False)  # which the stage turns on for its whole process


def run_stage(call, project, learning_rate, *more):
    words = ["--best", project.best, "--device", "cpu"]
    words += [
        "--models-folder",
        project.folder / "models",
        "--learning-rate",
        learning_rate,
        "--sequence-length",
        20,
        "--streams",
        3,
    ]
    words += ["--samples", 40, "--seed", 2]
    outputs = ["--out-predictions", project.folder / "dynamic.parquet", "--out", project.folder / "dynamic.csv"]
    return call(dynamic_evaluation, *project.words, *words, *outputs, *more)


def test_the_table_is_that_of_the_predictions_before_and_while_learning(call, project):
    assert run_stage(call, project, 5) is None
    table = pd.read_csv(project.folder / "dynamic.csv")
    learning = read_log_prob(project.folder / "dynamic.parquet")
    before, after = project.classes(project.log_prob["lstm-1-8"]), project.classes(learning)
    pairs = list(zip(before, after, strict=True))
    removed = Counter(first for first, second in pairs if first and not second)
    added = Counter(second for first, second in pairs if second and not first)
    assert min(removed.total(), added.total()) > 0, "the example must go both ways"
    assert {name: count for name, count in zip(table["class"], table["removed"], strict=True) if count} == removed
    assert {name: count for name, count in zip(table["class"], table["added"], strict=True) if count} == added
    assert set(table["model"]) == {"lstm-1-8"}
    assert set(table["clusters"]) == {"1 groups of 3 streams"}, "streams that change the same weights are one cluster"
    assert table.filter(regex="low|high").isna().all(axis=None), "which is too few for an interval"
    assert table["test_loss_before"].to_numpy() == pytest.approx(-np.mean(project.log_prob["lstm-1-8"].astype(float)))
    assert table["test_loss_after"].to_numpy() == pytest.approx(-np.mean(learning.astype(float)))


def test_a_rate_of_zero_changes_no_error(call, project):
    assert run_stage(call, project, 0) == "error: --learning-rate: found 0.0, expected a number above 0 and at most 1000"
    network, _ = load_checkpoint(project.folder / "models/lstm-1-8/checkpoint.safetensors")
    characters = to_device(project.test, torch.device("cpu"))
    learning, predicted = (values.numpy().T for values in dynamic_predictions(network, characters, 20, PlainDescent(0.0), 3))
    np.testing.assert_array_equal(learning, project.log_prob["lstm-1-8"])
    np.testing.assert_array_equal(predicted, predictions(network, characters, 20)[1].numpy().T)
    settings = Oracles(order=ORDER, longest_context=2, reading="strict", **OF_SETTINGS)
    cascade = read_cascade(read_split(project.folder / "split"), project.folder / "predictions", settings)
    table = error_changes(cascade, project.log_prob["lstm-1-8"], learning, stream_groups(learning.shape, 1), 10, 1)
    assert (table[["removed", "added"]] == 0).all(axis=None)
    assert (table["errors_before"] == table["errors_after"]).all()
    assert table["errors_before"].sum() > 0


def test_a_rate_that_blows_the_weights_up_is_reported(call, project):
    """With weights that are large already, whose gradients are."""
    path = project.folder / "models/lstm-1-8/checkpoint.safetensors"
    network, description = load_checkpoint(path)
    weights = network.state_dict()
    weights["softmax.weight"] *= 1e37
    save_checkpoint(path, weights, description)
    message = run_stage(call, project, 1000)
    assert message == "error: --learning-rate: 1000.0 makes the loss of lstm-1-8 infinite; expected a lower one"
    assert not (project.folder / "dynamic.parquet").exists()


def test_a_rate_that_float32_does_not_hold_is_refused(call, project):
    message = run_stage(call, project, 1e300)
    assert message == "error: --learning-rate: found 1e+300, expected a number above 0 and at most 1000"


@pytest.mark.parametrize(("flag", "most"), [("--sequence-length", 10**6), ("--streams", 2**15 - 1)])
def test_less_than_one_is_refused(call, project, flag, most):
    assert run_stage(call, project, 0.1, flag, 0) == f"error: {flag}: found 0, expected a whole number from 1 to {most}"


def test_a_checkpoint_of_another_text_is_reported(call, project):
    network = Network(Shape("lstm", 1, 8, 2))
    path = project.folder / "models/lstm-1-8/checkpoint.safetensors"
    save_checkpoint(path, network.state_dict(), Description("lstm-1-8", network.shape, 0.0, 1, [10, 32]))
    message = run_stage(call, project, 0.1)
    assert message == f"error: {path}: trained on 2 other characters; expected the {len(project.vocabulary)} of this split"
    assert not (project.folder / "dynamic.csv").exists()
