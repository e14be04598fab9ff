"""Training and evaluation of an n-NN: one epoch written out, the same bits after a kill, and each stage by hand."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from rnnscope.models.feed_forward import FeedForwardNetwork, Shape, load_checkpoint, mean_loss, train_windows
from rnnscope.training import evaluate_neural, train_neural
from rnnscope.training import select as select_candidate
from rnnscope.training.optimisation import Recipe, fit, resume_training, start_training
from rnnscope.training.train_neural import train_epoch

K, STEPS = 5, 7
RECIPE = Recipe(epochs=3, learning_rate=0.01, decay=0.5, decay_after=1, seed=1)
VOCABULARY = [10, 97, 98, 99, 100]


@pytest.fixture
def part():
    """Ids (4 streams, 31 characters) that count up, with a step now and then."""
    random = np.random.default_rng(1)
    return (np.cumsum(random.integers(1, 3, size=(4, 31)), axis=1) % K).astype(np.uint8)


def begin(recipe, n=2, width=3):
    return start_training(FeedForwardNetwork(Shape(n, width, K), torch.Generator().manual_seed(recipe.seed)), recipe)


def go_on(recipe, training, part, resume):
    ids = torch.from_numpy(part)
    one_pass = partial(train_epoch, training, train_windows(ids, training.network.shape.n), STEPS, recipe.gradient_clip)
    fit(training, recipe, one_pass, partial(mean_loss, training.network, ids[:, :16]), resume, "key")
    return training


def plain_epoch(network, part, n, clip):
    """The recipe on one-hot codes: the loss of `STEPS` targets of every stream, clipped gradients, RMSProp."""
    W = network.table.detach().reshape(-1, network.bias.numel()).clone().requires_grad_()
    others = [values.detach().clone().requires_grad_() for values in (network.bias, network.softmax.weight, network.softmax.bias)]
    parameters = [W, *others]
    averages = [torch.zeros_like(values) for values in parameters]
    total, count = 0.0, 0
    for start in range(n, part.shape[1], STEPS):
        loss = 0.0
        for row in part.tolist():
            for column in range(start, min(start + STEPS, len(row))):
                code = torch.cat([torch.eye(K, dtype=torch.float64)[character] for character in row[column - n : column]])
                logits = others[1] @ torch.tanh(code @ W + others[0]) + others[2]
                loss = loss - (logits[row[column]] - torch.log(torch.exp(logits).sum()))
                count += 1
        total += loss.item()
        gradients = torch.autograd.grad(loss / len(part), parameters)
        with torch.no_grad():
            for values, average, gradient in zip(parameters, averages, gradients, strict=True):
                clipped = gradient.clamp(-clip, clip)
                average.mul_(RECIPE.smoothing).add_((1 - RECIPE.smoothing) * clipped**2)
                values -= RECIPE.learning_rate * clipped / (average.sqrt() + 1e-8)
    return total / count, parameters


@pytest.mark.parametrize(("n", "clip"), [(1, 5.0), (2, 0.3), (4, 5.0)])
def test_an_epoch_agrees_with_the_recipe_written_out(part, n, clip):
    training = begin(RECIPE, n)
    network = training.network.double()
    expected, (W, *others) = plain_epoch(network, part, n, clip)
    loss = train_epoch(training, train_windows(torch.from_numpy(part), n), STEPS, clip)
    assert loss == pytest.approx(expected, rel=1e-9)
    torch.testing.assert_close(network.table.detach().flatten(0, 1), W.detach(), rtol=1e-7, atol=1e-9)
    for found, values in zip((network.bias, network.softmax.weight, network.softmax.bias), others, strict=True):
        torch.testing.assert_close(found.detach(), values.detach(), rtol=1e-7, atol=1e-9)


def test_a_killed_run_goes_on_to_the_same_bits(part, tmp_path):
    whole = go_on(RECIPE, begin(RECIPE), part, tmp_path / "whole")
    go_on(replace(RECIPE, epochs=2), begin(RECIPE), part, tmp_path / "killed")
    training = begin(RECIPE)
    resume_training(tmp_path / "killed", training, "key")
    assert len(training.history) == 2
    go_on(RECIPE, training, part, tmp_path / "killed")
    assert training.history == whole.history
    assert all(torch.equal(values, training.best[name]) for name, values in whole.best.items())


@pytest.fixture
def split(part, tmp_path):
    folder = tmp_path / "split"
    folder.mkdir()
    for name, ids in {"train": part, "validation": part[:, :16], "test": part[:, 10:]}.items():
        np.save(folder / f"{name}.npy", ids)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": VOCABULARY}))
    return folder


@pytest.fixture(autouse=True)
def no_flushing_afterwards():
    yield
    torch.set_flush_denormal(False)  # which a stage turns on for its whole process


@pytest.fixture
def train(call, split):
    return lambda out, *words: call(train_neural, "--split", split, "--epochs", 3, "--device", "cpu", "--out", out, *words)


def test_by_hand(call, train, split, tmp_path):
    """Train two widths, choose the better one, evaluate it."""
    folders = {width: tmp_path / f"width-{width}" for width in (1, 8)}
    losses = {}
    for width, folder in folders.items():
        assert train(folder, "--n", 3, "--hidden-width", width, "--steps", 7, "--learning-rate", 0.05) is None
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
            "checkpoint.safetensors",
            "history.csv",
            "summary.json",
        ]
        summary = json.loads((folder / "summary.json").read_text())
        assert (summary["n"], summary["hidden_width"], summary["epochs"]) == (3, width, 3)
        assert summary["parameters"] == 3 * K * width + width + width * K + K
        losses[width] = summary["validation_loss"]
    words = [word for folder in folders.values() for word in ("--candidate", folder)]
    assert call(select_candidate, *words, "--out", tmp_path / "chosen") is None
    chosen = json.loads((tmp_path / "chosen/summary.json").read_text())
    assert chosen["hidden_width"] == min(losses, key=losses.get)

    checkpoint, predictions, evaluation = (
        tmp_path / "chosen/checkpoint.safetensors",
        tmp_path / "p.parquet",
        tmp_path / "e.json",
    )
    files = ("--checkpoint", checkpoint, "--predictions", predictions, "--losses", evaluation)
    assert call(evaluate_neural, "--split", split, "--device", "cpu", *files) is None
    found = json.loads(evaluation.read_text())
    assert found["validation_loss"] == pytest.approx(chosen["validation_loss"], abs=1e-9)
    table, test = pq.read_table(predictions), np.load(split / "test.npy")
    assert table["target"].to_pylist() == test[:, 1:].ravel().tolist()
    assert found["test_loss"] == pytest.approx(-table["log_prob"].to_numpy().astype(float).mean(), abs=1e-6)
    # The first target follows nothing, the second one only the first: the two shorter contexts, by hand.
    network, text = load_checkpoint(checkpoint, np.array(VOCABULARY, dtype=np.uint8)).double(), test[:, 1:].ravel()
    for position, lookups in enumerate(([], [(2, text[0])])):
        h = torch.tanh(network.bias + sum(network.table[place, character] for place, character in lookups))
        log_prob = (network.softmax.weight @ h + network.softmax.bias).log_softmax(0)[text[position]]
        assert table["log_prob"][position].as_py() == pytest.approx(log_prob.item(), abs=1e-5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--n", 0), "--n: found 0, expected at least 1"),
        (("--hidden-width", -1), "--hidden-width: found -1, expected at least 1"),
        (("--steps", 0), "--steps: found 0, expected at least 1"),
        (("--n", 31), "--n: found 31, expected less than 31, the characters of a train stream"),
    ],
)
def test_bad_input_is_told_in_one_line(train, tmp_path, words, told):
    assert train(tmp_path / "out", "--n", 2, "--hidden-width", 4, "--steps", 7, *words) == f"error: {told}"
    assert not (tmp_path / "out").exists()
