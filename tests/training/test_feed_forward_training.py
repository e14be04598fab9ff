"""Training and evaluation of an n-NN: one epoch written out, the same bits after a kill, and each stage by hand."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from helpers.small_split import VOCABULARY

from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.feed_forward import FeedForwardNetwork, Shape
from rnnscope.settings.sections import Optimisation
from rnnscope.training import evaluate, select
from rnnscope.training import train as train_stage
from rnnscope.training.optimisation import fit, resume_training, start_training
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.windows import train_epoch

K, SEQUENCE_LENGTH = 5, 7
OPTIMISATION = Optimisation(epochs=3, learning_rate=0.01, learning_rate_decay=0.5, learning_rate_decay_after=1, seed=1)


def begin(optimisation, n=2, width=3):
    network = FeedForwardNetwork(Shape(n, width, K), torch.Generator().manual_seed(optimisation.seed))
    return start_training(network, optimisation)


def continue_training(optimisation, training, part, resume):
    ids = torch.from_numpy(part)
    one_pass = partial(train_epoch, training, ids, SEQUENCE_LENGTH, optimisation.gradient_clip)
    validate = partial(PROCEDURES["feed-forward"].mean_loss, training.network, ids[:, :16], SEQUENCE_LENGTH)
    fit(training, optimisation, one_pass, validate, resume, "key")
    return training


def plain_epoch(network, part, n, clip):
    """The paper's optimisation on one-hot codes: summed loss of a minibatch, clipped gradients, RMSProp."""
    W = network.table.detach().reshape(-1, network.bias.numel()).clone().requires_grad_()
    others = [values.detach().clone().requires_grad_() for values in (network.bias, network.softmax.weight, network.softmax.bias)]
    parameters = [W, *others]
    averages = [torch.zeros_like(values) for values in parameters]
    total, count = 0.0, 0
    for start in range(n, part.shape[1], SEQUENCE_LENGTH):
        loss = 0.0
        for row in part.tolist():
            for column in range(start, min(start + SEQUENCE_LENGTH, len(row))):
                code = torch.cat([torch.eye(K, dtype=torch.float64)[character] for character in row[column - n : column]])
                logits = others[1] @ torch.tanh(code @ W + others[0]) + others[2]
                loss = loss - (logits[row[column]] - torch.log(torch.exp(logits).sum()))
                count += 1
        total += loss.item()
        gradients = torch.autograd.grad(loss / len(part), parameters)
        with torch.no_grad():
            for values, average, gradient in zip(parameters, averages, gradients, strict=True):
                clipped = gradient.clamp(-clip, clip)
                average.mul_(OPTIMISATION.rmsprop_alpha).add_((1 - OPTIMISATION.rmsprop_alpha) * clipped**2)
                values -= OPTIMISATION.learning_rate * clipped / (average.sqrt() + 1e-8)
    return total / count, parameters


@pytest.mark.parametrize(("n", "clip"), [(1, 5.0), (2, 0.3), (4, 5.0)])
def test_an_epoch_agrees_with_the_paper_written_out(part, n, clip):
    training = begin(OPTIMISATION, n)
    network = training.network.double()
    expected, (W, *others) = plain_epoch(network, part, n, clip)
    loss = train_epoch(training, torch.from_numpy(part), SEQUENCE_LENGTH, clip)
    assert loss == pytest.approx(expected, rel=1e-9)
    torch.testing.assert_close(network.table.detach().flatten(0, 1), W.detach(), rtol=1e-7, atol=1e-9)
    for found, values in zip((network.bias, network.softmax.weight, network.softmax.bias), others, strict=True):
        torch.testing.assert_close(found.detach(), values.detach(), rtol=1e-7, atol=1e-9)


def test_a_killed_run_resumes_to_the_same_bits(part, tmp_path):
    whole = continue_training(OPTIMISATION, begin(OPTIMISATION), part, tmp_path / "whole")
    continue_training(replace(OPTIMISATION, epochs=2), begin(OPTIMISATION), part, tmp_path / "killed")
    training = begin(OPTIMISATION)
    resume_training(tmp_path / "killed", training, "key")
    assert len(training.history) == 2
    continue_training(OPTIMISATION, training, part, tmp_path / "killed")
    assert training.history == whole.history
    assert all(torch.equal(values, training.best[name]) for name, values in whole.best.items())


@pytest.fixture
def train(call, split):
    return lambda out, *words: call(train_stage, "--split", split, "--epochs", 3, "--device", "cpu", "--out", out, *words)


def test_by_hand(call, train, split, tmp_path):
    """Train two widths, choose the better one, evaluate it."""
    folders = {width: tmp_path / f"width-{width}" for width in (1, 8)}
    losses = {}
    for width, folder in folders.items():
        assert train(folder, "--model", "nnn-3", "--hidden-width", width, "--sequence-length", 7, "--learning-rate", 0.05) is None
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
            ".resume.safetensors",
            "checkpoint.safetensors",
            "history.csv",
            "summary.json",
        ]
        summary = json.loads((folder / "summary.json").read_text())
        expected = {
            "model": "nnn-3",
            "cell": "nnn",
            "layers": 1,
            "size": 0,
            "n": 3,
            "hidden_width": width,
            "dropout": 0,
            "epochs": 3,
        }
        assert {name: summary[name] for name in expected} == expected
        assert summary["parameters"] == 3 * K * width + width + width * K + K
        losses[width] = summary["validation_loss"]
    assert call(select, "--candidates", *folders.values(), "--out", tmp_path / "chosen") is None
    chosen = json.loads((tmp_path / "chosen/summary.json").read_text())
    assert chosen["hidden_width"] == min(losses, key=losses.get)

    checkpoint, predictions, evaluation = (
        tmp_path / "chosen/checkpoint.safetensors",
        tmp_path / "p.parquet",
        tmp_path / "e.json",
    )
    files = ("--checkpoint", checkpoint, "--predictions", predictions, "--losses", evaluation)
    assert call(evaluate, "--split", split, "--device", "cpu", *files) is None
    found = json.loads(evaluation.read_text())
    assert found["validation_loss"] == pytest.approx(chosen["validation_loss"], abs=1e-9)
    table, test = pq.read_table(predictions), np.load(split / "test.npy")
    assert table["target"].to_pylist() == test[:, 1:].ravel().tolist()
    assert found["test_loss"] == pytest.approx(-table["log_prob"].to_numpy().astype(float).mean(), abs=1e-6)
    # The first target follows nothing, the second one only the first: the two shorter contexts, by hand.
    network, description = load_checkpoint(checkpoint, "cpu", FeedForwardNetwork)
    assert (description.model, description.vocabulary, description.epoch) == ("nnn-3", VOCABULARY, chosen["best_epoch"])
    network, text = network.double(), test[:, 1:].ravel()
    for position, lookups in enumerate(([], [(2, text[0])])):
        h = torch.tanh(network.bias + sum(network.table[index, character] for index, character in lookups))
        log_prob = (network.softmax.weight @ h + network.softmax.bias).log_softmax(0)[text[position]]
        assert table["log_prob"][position].as_py() == pytest.approx(log_prob.item(), abs=1e-5)


def test_the_minibatches_of_the_split_are_the_default(train, tmp_path):
    for name, length in {"default": None, "explicit": SEQUENCE_LENGTH, "other": 5}.items():
        words = () if length is None else ("--sequence-length", length)
        assert train(tmp_path / name, "--model", "nnn-2", "--hidden-width", 4, *words) is None
    default, explicit, other = ((tmp_path / name / "history.csv").read_text() for name in ("default", "explicit", "other"))
    assert default == explicit != other


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "nnn-0"), "model 'nnn-0': expected <cell>-<layers>-<size>"),
        (("--model", "nnn-1001"), "--model: found nnn-1001, expected n of at most 1000"),
        (("--hidden-width", -1), "--hidden-width: found -1, expected 1 to 100000"),
        (("--sequence-length", 0), "--sequence-length: found 0, expected 1 to 1000000"),
        (("--dropout", 0.5), "--dropout: found 0.5, expected 0 for the n-NN nnn-2"),
        (("--model", "nnn-31"), "--model: found n = 31, expected less than 31, the characters of a train stream"),
    ],
)
def test_bad_input_is_reported_in_one_line(train, tmp_path, words, message):
    flags = {"--model": "nnn-2", "--hidden-width": 4, "--sequence-length": 7, words[0]: words[1]}
    found = train(tmp_path / "out", *(word for flag in flags.items() for word in flag))
    assert found.startswith(f"error: {message}")
    assert "\n" not in found
    assert not (tmp_path / "out").exists()


def test_an_nnn_needs_a_width(train, tmp_path):
    assert train(tmp_path / "out", "--model", "nnn-2") == "error: --hidden-width: found None, expected 1 to 100000"
