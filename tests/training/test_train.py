import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from references.plain_network import loss_of, plain_weights, zero_state

from rnnscope.errors import InputError
from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.network import Shape
from rnnscope.training.segments import to_device
from rnnscope.training.train import Recipe, learning_rate_of, resume_training, start_training, train, train_epoch

CPU = torch.device("cpu")
RECIPE = Recipe("lstm-2-4", 0.0, 3, 0.01, 0.95, 0.5, 1, 5.0, 1)


def plain_epoch(cell, layers, softmax, part, steps, learning_rate, smoothing, clip):
    """Paper section 3 written out: state carried over segments, clipped gradients, RMSProp; returns nats per character."""
    parameters = [values for layer in layers for values in layer.values()] + softmax
    averages = [torch.zeros_like(values) for values in parameters]
    states = [zero_state(cell, layers) for _ in part]
    total = 0.0
    for start in range(0, part.shape[1] - 1, steps):
        stop = min(start + steps, part.shape[1] - 1)
        inputs, targets = part[:, start:stop].tolist(), part[:, start + 1 : stop + 1].tolist()
        loss, states = loss_of(cell, layers, softmax, inputs, targets, states)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for values, average, gradient in zip(parameters, averages, gradients, strict=True):
                clipped = gradient.clamp(-clip, clip)
                average.mul_(smoothing).add_((1 - smoothing) * clipped**2)
                values -= learning_rate * clipped / (average.sqrt() + 1e-8)
        total += loss.item() * len(part)
    return total / (part.shape[1] - 1) / len(part)


@pytest.mark.parametrize("clip", [5.0, 0.3])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_an_epoch_agrees_with_the_recipe_written_out(part, cell, clip):
    recipe = replace(RECIPE, gradient_clip=clip)
    training = start_training(recipe, Shape(cell, 2, 3, 5), CPU)
    training.network.double()
    layers, softmax = plain_weights(training.network)
    loss = train_epoch(training, to_device(part, CPU), 7, clip)
    expected = plain_epoch(cell, layers, softmax, part, 7, recipe.learning_rate, recipe.smoothing, clip)
    assert loss == pytest.approx(expected, rel=1e-9)
    for layer, plain in zip(training.network.layers, layers, strict=True):
        W = torch.cat((layer.W_input, layer.W_hidden), 1).detach()
        torch.testing.assert_close(W, plain["W"].detach(), rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(layer.bias.detach(), plain["b"].detach(), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(training.network.softmax.weight.detach(), softmax[0].detach(), rtol=1e-7, atol=1e-9)


def test_the_learning_rate_of_the_paper():
    """2e-3 for ten epochs; after every further epoch it is multiplied by 0.95."""
    recipe = replace(RECIPE, learning_rate=2e-3, decay=0.95, decay_after=10)
    rate = 2e-3
    for epoch in range(1, 51):
        assert learning_rate_of(recipe, epoch) == pytest.approx(rate, rel=1e-12)
        if epoch > 10:
            rate *= 0.95


def finished(recipe, part, folder):
    folder.mkdir(exist_ok=True)
    training = start_training(recipe, Shape("lstm", 2, 4, 5), CPU)
    train(recipe, training, to_device(part, CPU), to_device(part[:, :16], CPU), 7, folder / "resume", "key")
    return training


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(part, tmp_path):
    recipe = replace(RECIPE, dropout=0.3)
    first, second = (finished(recipe, part, tmp_path / name) for name in ("first", "second"))
    other = finished(replace(recipe, seed=2), part, tmp_path / "other")
    assert first.history == second.history != other.history
    assert all(torch.equal(values, second.best[name]) for name, values in first.best.items())


def test_the_best_epoch_is_kept(part, tmp_path):
    """A rate far too high makes the loss go up and down; the weights kept are those of the lowest validation loss."""
    recipe = replace(RECIPE, epochs=8, learning_rate=0.3, decay_after=99)
    training = finished(recipe, part, tmp_path)
    losses = [row["validation_loss"] for row in training.history]
    best = min(range(8), key=losses.__getitem__)
    assert best != 7, "the example must have its best epoch before the last"
    assert training.best_epoch == best + 1
    stopped_there = finished(replace(recipe, epochs=best + 1), part, tmp_path / "stopped")
    weights = stopped_there.network.state_dict()
    assert all(torch.equal(values, weights[name]) for name, values in training.best.items())


def test_a_killed_run_goes_on_to_the_same_bits(part, tmp_path):
    recipe = replace(RECIPE, dropout=0.3, epochs=4)
    whole = finished(recipe, part, tmp_path / "whole")
    (tmp_path / "killed").mkdir()
    parts = to_device(part, CPU), to_device(part[:, :16], CPU)
    resume = tmp_path / "killed" / "resume"
    for epochs in (2, 3, 4):
        training = start_training(recipe, Shape("lstm", 2, 4, 5), CPU)
        resume_training(resume, training, "key")
        assert len(training.history) == {2: 0, 3: 2, 4: 3}[epochs]
        train(replace(recipe, epochs=epochs), training, *parts, 7, resume, "key")
    assert training.history == whole.history
    assert all(torch.equal(values, whole.best[name]) for name, values in training.best.items())
    weights = whole.network.state_dict()
    assert all(torch.equal(values, weights[name]) for name, values in training.network.state_dict().items())


def test_a_run_of_another_recipe_is_not_resumed(part, tmp_path):
    finished(RECIPE, part, tmp_path)
    training = start_training(RECIPE, Shape("lstm", 2, 4, 5), CPU)
    resume_training(tmp_path / "resume", training, "another key")
    assert training.history == []


def test_a_loss_that_is_no_number_stops_the_run(part, tmp_path):
    recipe = replace(RECIPE, epochs=3)
    training = start_training(recipe, Shape("lstm", 1, 4, 5), CPU)
    parts = to_device(part, CPU), to_device(part[:, :16], CPU)
    train(replace(recipe, epochs=1), training, *parts, 7, tmp_path / "resume", "key")
    with torch.no_grad():
        training.network.softmax.bias[0] = math.nan
    with pytest.raises(InputError, match="nan in epoch 2; expected a finite number"):
        train(recipe, training, *parts, 7, tmp_path / "resume", "key")
    kept = start_training(recipe, Shape("lstm", 1, 4, 5), CPU)
    resume_training(tmp_path / "resume", kept, "key")
    assert len(kept.history) == 1
    assert all(torch.isfinite(values).all() for values in kept.network.state_dict().values())


@pytest.fixture
def split(part, tmp_path):
    folder = tmp_path / "split"
    folder.mkdir()
    for name, ids in {"train": part, "validation": part[:, :16], "test": part[:, 10:]}.items():
        np.save(folder / f"{name}.npy", ids)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": [10, 97, 98, 99, 100]}))
    (folder / "split.json").write_text(json.dumps({"steps": 7}))
    return folder


def run_stage(module, **flags):
    words = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
    return subprocess.run([sys.executable, "-m", f"rnnscope.training.{module}", *words], capture_output=True, text=True)


def train_stage(**flags):
    return run_stage("train", **{"model": "rnn-1-4", "epochs": 3, "device": "cpu"} | flags)


def evaluate_stage(split, checkpoint, folder):
    files = {"predictions": folder / "predictions.parquet", "losses": folder / "losses.json"}
    return run_stage("evaluate", split=split, checkpoint=checkpoint, device="cpu", **files)


def test_by_hand(split, tmp_path):
    """Train, choose the dropout, evaluate and sample, each from the command line."""
    candidates = [tmp_path / "0.0", tmp_path / "0.9"]
    for folder in candidates:
        done = train_stage(split=split, out=folder, model="gru-1-6", dropout=folder.name)
        assert done.returncode == 0, done.stderr
        assert not (folder / ".resume.safetensors").exists()
    history = (candidates[0] / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,learning_rate,train_loss,validation_loss"
    assert [line.split(",")[0] for line in history[1:]] == ["1", "2", "3"]
    losses = [json.loads((folder / "summary.json").read_text())["validation_loss"] for folder in candidates]
    better = candidates[losses.index(min(losses))]

    model = tmp_path / "model"
    words = [word for folder in candidates for word in ("--candidate", folder)]
    subprocess.run([sys.executable, "-m", "rnnscope.training.select_dropout", *words, "--out", model], check=True)
    chosen = json.loads((model / "summary.json").read_text())
    assert chosen["dropout"] == float(better.name)
    network, description = load_checkpoint(model / "checkpoint.safetensors")
    assert chosen["parameters"] == sum(values.numel() for values in network.parameters())
    assert description.vocabulary == [10, 97, 98, 99, 100]
    assert description.epoch == chosen["best_epoch"]

    done = evaluate_stage(split, model / "checkpoint.safetensors", tmp_path)
    assert done.returncode == 0, done.stderr
    evaluation = json.loads((tmp_path / "losses.json").read_text())
    assert evaluation["validation_loss"] == pytest.approx(chosen["validation_loss"], abs=1e-12)

    done = run_stage("sample", checkpoint=model / "checkpoint.safetensors", prime="ab", length=20)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) == 2 + 20 + 1
    assert done.stdout.startswith("ab")
    assert set(done.stdout) <= set("\nabcd")


def test_a_truncated_checkpoint_is_told_in_one_line(split, tmp_path):
    done = train_stage(split=split, out=tmp_path, epochs=1)
    assert done.returncode == 0, done.stderr
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-7])
    done = evaluate_stage(split, checkpoint, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {checkpoint}: not readable as a checkpoint")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "predictions.parquet").exists()
    assert not (tmp_path / "losses.json").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"model": "lstm-1"}, "error: model 'lstm-1': expected <cell>-<layers>-<size>"),
        ({"split": "nowhere"}, "error: nowhere/vocabulary.json: no such file"),
    ],
)
def test_bad_input_is_told_in_one_line(split, tmp_path, flags, told):
    done = train_stage(**{"split": split, "out": tmp_path / "out"} | flags)
    assert done.returncode == 1
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
