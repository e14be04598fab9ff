import json

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.synthetic_predictions import write_rows

from rnnscope.analyses.context import context as stage
from rnnscope.analyses.context.context import class_means, effective
from rnnscope.analyses.context.sampling import draw_targets, fitted
from rnnscope.analyses.context.target_classes import CLASSES
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.settings.context import Context
from rnnscope.settings.predictions import Resampling
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.segments import to_device

TEXT = b'He said: "No, not at 10 (ten)." She left.\n'
STREAMS, TRAIN, VALIDATION, TEST = 12, 50, 20, 60
MODELS = ["rnn-1-4", "minlstm-2-5"]


def settings(**changes):
    values = {"models": MODELS, "lengths": [1, 3, 40], "targets": 100, "shuffled": 4, "tolerance": 0.01, "choice_seed": 1}
    return Context(**values | changes)


@pytest.fixture
def project(tmp_path):
    """A split, two networks of random weights with their predictions, and an n-gram model of made-up ones."""
    text = np.frombuffer(TEXT * 50, np.uint8)[: STREAMS * (TRAIN + VALIDATION + TEST) + 1]
    vocabulary = np.unique(text)
    ids = np.searchsorted(vocabulary, text).astype(np.uint8)
    rows = ids[:-1].reshape(STREAMS, -1)
    following = np.append(rows[1:, 0], ids[-1])
    whole = np.concatenate([rows, following[:, np.newaxis]], axis=1)
    first = np.cumsum([0, TRAIN, VALIDATION, TEST])
    for name, start, stop in zip(("train", "validation", "test"), first[:-1], first[1:], strict=True):
        np.save(tmp_path / f"{name}.npy", whole[:, start : stop + 1])
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist()}))
    (tmp_path / "split.json").write_text(json.dumps({"sequence_length": 10}))
    test = whole[:, first[2] :]
    (tmp_path / "predictions").mkdir()
    for model in MODELS:
        cell, layers, width = model.split("-")
        shape = Shape(cell, int(layers), int(width), len(vocabulary))
        network = Network(shape, generator=torch.Generator().manual_seed(3)).eval()
        for parameter in network.parameters():
            parameter.data *= 10
        (tmp_path / "models" / model).mkdir(parents=True)
        description = Description(model, shape, 0.0, 1, vocabulary.tolist())
        save_checkpoint(tmp_path / "models" / model / "checkpoint.safetensors", network.state_dict(), description)
        log_prob = correct_log_probabilities(network, to_device(test, torch.device("cpu")), 10).numpy().T
        write_rows(tmp_path / f"predictions/{model}.parquet", test[:, 1:], log_prob)
    write_rows(tmp_path / "predictions/ngram-3.parquet", test[:, 1:], np.full((STREAMS, TEST), -2.0, np.float32))
    return tmp_path


def test_tables_of_two_networks_and_an_n_gram_model(project, call):
    words = ["--split", project, "--models-folder", project / "models", "--predictions-folder", project / "predictions"]
    words += ["--models", *MODELS, "--lengths", 1, 3, 20, "--targets", 200, "--shuffled", 4, "--tolerance", 0.01]
    words += ["--choice-seed", 1]
    words += ["--seed", 1, "--samples", 20, "--device", "cpu", "--finite", "ngram-3"]
    words += ["--out", project / "context.csv", "--out-summary", project / "summary.csv"]
    assert call(stage, *words) is None
    table, summary = pd.read_csv(project / "context.csv"), pd.read_csv(project / "summary.csv")
    everything = table[(table["target_class"] == "all") & (table["model"] != "ngram-3")]
    assert len(everything) == 2 * 3 * 3
    assert set(everything["targets"]) == {200}
    for (model, past), rows in everything.groupby(["model", "past"]):
        (whole,) = summary.loc[
            (summary["model"] == model) & (summary["past"] == past) & (summary["target_class"] == "all"), "loss"
        ]
        assert list(rows["loss"] - rows["rise"]) == pytest.approx([whole] * 3, abs=1e-6)
    ngram = table[table["model"] == "ngram-3"]
    assert set(ngram["length"]) == {3}
    assert list(ngram["loss"]) == pytest.approx([2.0] * len(ngram))
    for _, rows in table[table["target_class"] != "all"].groupby(["model", "past", "length"]):
        assert rows["targets"].sum() == 200


def test_targets_have_enough_before_them_and_another_stream_beside_them():
    targets = draw_targets(5, 100, settings(lengths=[10, 2, 60], targets=10**6, shuffled=7), np.random.default_rng(1))
    assert targets.lengths == [2, 10], "60 and 7 are more than half of a stream"
    assert len(targets) == 5 * (100 - 17), "all there are, each once"
    assert len({*zip(targets.stream, targets.step, strict=True)}) == len(targets)
    assert (targets.step.min(), targets.step.max()) == (17, 99)
    assert (targets.other_stream != targets.stream).all()
    assert set(targets.other_stream) == set(range(5))


@pytest.mark.parametrize(("steps", "shuffled"), [(2000, 100), (400, 100), (200, 50), (3, 1)])
def test_of_short_streams_fewer_characters_are_shuffled(steps, shuffled):
    """So that the settings of long texts do for a text of 200,000 characters: 100 streams, a tenth of each for testing."""
    found = fitted(settings(lengths=[1], shuffled=100), steps)
    assert found == settings(lengths=[1], shuffled=shuffled)
    if steps == 200:
        assert draw_targets(100, steps, settings(lengths=[1, 50, 51], shuffled=shuffled), np.random.default_rng(1)).lengths == [
            1,
            50,
        ]


@pytest.mark.parametrize(("streams", "steps", "line"), [(5, 20, "expected a sum of at most 10"), (1, 100, "expected at least 2")])
def test_a_text_that_is_too_short(streams, steps, line):
    with pytest.raises(InputError, match=line):
        draw_targets(streams, steps, settings(lengths=[7], shuffled=4), np.random.default_rng(1))


@pytest.mark.parametrize(
    ("rise", "expected"),
    [([0.5, 0.02, 0.01, 0.0], 20), ([0.5, 0.0, 0.02, 0.0], 50), ([0, 0, 0, 0], 5), ([0, 0, 0, 0.1], None), ([np.nan] * 4, None)],
)
def test_the_effective_context_is_the_smallest_from_which_on_the_loss_stays(rise, expected):
    assert effective(np.array(rise), [5, 10, 20, 50], 0.01) == expected


def test_means_of_classes_against_loops():
    random = np.random.default_rng(4)
    values, classes, stream = random.normal(size=(2, 300)), random.integers(0, 3, 300), random.integers(0, 15, 300)
    found = class_means(values, classes, stream, Resampling(samples=30, seed=5))
    assert list(found["targets"][:3]) == [np.count_nonzero(classes == index) for index in range(3)]
    assert found["targets"][-1] == 300
    for row in range(2):
        for index in range(3):
            assert found["mean"][row, index] == pytest.approx(values[row][classes == index].mean())
        assert found["mean"][row, -1] == pytest.approx(values[row].mean())
    assert np.isnan(found["low"][:, 3 : len(CLASSES)]).all(), "no case, no interval"
    assert (found["low"][:, -1] < found["mean"][:, -1]).all()
