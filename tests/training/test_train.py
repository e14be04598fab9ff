import json
import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from helpers.fork_server import ForkServer
from helpers.plain_network import STEPS, joined, loss_of, plain_weights, zero_state
from helpers.workspace import REPOSITORY

from rnnscope.errors import InputError
from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Optimisation
from rnnscope.training import train
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.optimisation import fit, resume_training, start_training
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.segments import to_device
from rnnscope.training.train import warn_above_uniform

CPU = torch.device("cpu")
OPTIMISATION = Optimisation(
    epochs=3,
    learning_rate=0.01,
    rmsprop_alpha=0.95,
    learning_rate_decay=0.5,
    learning_rate_decay_after=1,
    gradient_clip=5.0,
    seed=1,
)
SEQUENCE_LENGTH = 7


def begin(optimisation, dropout=0.0, cell="lstm", width=4, dtype=torch.float32):
    network = Network(Shape(cell, 2, width, 5), dropout, torch.Generator().manual_seed(optimisation.seed)).to(dtype)
    return start_training(network, optimisation)


def continue_training(optimisation, training, part, resume, key="key"):
    """Train on a part, validated on its first half."""
    train_part, validation_part = to_device(part, CPU), to_device(part[:, :16], CPU)
    one_pass = partial(train_epoch, training, train_part, SEQUENCE_LENGTH, optimisation.gradient_clip)
    fit(
        training,
        optimisation,
        one_pass,
        partial(PROCEDURES["recurrent"].mean_loss, training.network, validation_part, SEQUENCE_LENGTH),
        resume,
        key,
    )
    return training


def finished(optimisation, part, folder, **network):
    folder.mkdir(exist_ok=True)
    return continue_training(optimisation, begin(optimisation, **network), part, folder / "resume")


def plain_epoch(cell, layers, softmax, part, steps, learning_rate, alpha, clip):
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
                average.mul_(alpha).add_((1 - alpha) * clipped**2)
                values -= learning_rate * clipped / (average.sqrt() + 1e-8)
        total += loss.item() * len(part)
    return total / (part.shape[1] - 1) / len(part)


@pytest.mark.parametrize("clip", [5.0, 0.3])
@pytest.mark.parametrize("cell", sorted(STEPS))
def test_an_epoch_agrees_with_the_paper_written_out(part, cell, clip):
    training = begin(OPTIMISATION, cell=cell, width=3)
    training.network.double()
    layers, softmax = plain_weights(training.network)
    loss = train_epoch(training, to_device(part, CPU), SEQUENCE_LENGTH, clip)
    expected = plain_epoch(
        cell, layers, softmax, part, SEQUENCE_LENGTH, OPTIMISATION.learning_rate, OPTIMISATION.rmsprop_alpha, clip
    )
    assert loss == pytest.approx(expected, rel=1e-9)
    for layer, plain in zip(training.network.layers, layers, strict=True):
        W = joined(layer.W_input, layer.W_hidden).detach()
        torch.testing.assert_close(W, plain["W"].detach(), rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(layer.bias.detach(), plain["b"].detach(), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(training.network.softmax.weight.detach(), softmax[0].detach(), rtol=1e-7, atol=1e-9)


def test_the_learning_rate_of_the_paper():
    """2e-3 for ten epochs; after every further epoch it is multiplied by 0.95."""
    rate = 2e-3
    for epoch in range(1, 51):
        assert Optimisation().learning_rate_of(epoch) == pytest.approx(rate, rel=1e-12)
        if epoch > 10:
            rate *= 0.95


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", sorted(STEPS))
def test_the_history_in_single_precision_is_that_in_double(part, tmp_path, cell, layers):
    histories = []
    for dtype in (torch.float32, torch.float64):
        network = Network(Shape(cell, layers, 21, 5), 0.0, torch.Generator().manual_seed(1)).to(dtype)
        histories.append(
            continue_training(OPTIMISATION, start_training(network, OPTIMISATION), part, tmp_path / str(dtype)).history
        )
    for single, double in zip(*histories, strict=True):
        assert single == pytest.approx(double, abs=1e-4)
    assert histories[0] != histories[1]


@pytest.mark.usefixtures("implementation")
def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(part, tmp_path):
    first, second = (finished(OPTIMISATION, part, tmp_path / name, dropout=0.3) for name in ("first", "second"))
    other = finished(replace(OPTIMISATION, seed=2), part, tmp_path / "other", dropout=0.3)
    assert first.history == second.history != other.history
    assert all(torch.equal(values, second.best[name]) for name, values in first.best.items())


def test_the_best_epoch_is_kept(part, tmp_path):
    """A rate far too high makes the loss go up and down; the weights kept are those of the lowest validation loss.

    In double precision, because at this rate other roundings lead elsewhere.
    """
    optimisation = replace(OPTIMISATION, epochs=8, learning_rate=0.3, learning_rate_decay_after=99)
    training = finished(optimisation, part, tmp_path, dtype=torch.float64)
    losses = [row["validation_loss"] for row in training.history]
    best = min(range(8), key=losses.__getitem__)
    assert best != 7, "the example must have its best epoch before the last"
    assert training.best_epoch == best + 1
    assert training.best_validation_loss == losses[best]
    stopped_there = finished(replace(optimisation, epochs=best + 1), part, tmp_path / "stopped", dtype=torch.float64)
    weights = stopped_there.network.state_dict()
    assert all(torch.equal(values, weights[name]) for name, values in training.best.items())


@pytest.mark.usefixtures("implementation")
def test_a_killed_run_resumes_to_the_same_bits(part, tmp_path):
    optimisation = replace(OPTIMISATION, epochs=4)
    whole = finished(optimisation, part, tmp_path / "whole", dropout=0.3)
    resume = tmp_path / "killed"
    for finished_before, epochs in ((0, 2), (2, 3), (3, 4)):
        training = begin(optimisation, dropout=0.3)
        resume_training(resume, training, "key")
        assert len(training.history) == finished_before
        continue_training(replace(optimisation, epochs=epochs), training, part, resume)
    assert training.history == whole.history
    assert all(torch.equal(values, whole.best[name]) for name, values in training.best.items())
    weights = whole.network.state_dict()
    assert all(torch.equal(values, weights[name]) for name, values in training.network.state_dict().items())


def test_a_run_of_other_settings_and_a_damaged_state_are_not_resumed(part, tmp_path):
    finished(OPTIMISATION, part, tmp_path)
    training, resume = begin(OPTIMISATION), tmp_path / "resume"
    resume_training(resume, training, "another key")
    assert training.history == []
    resume.write_bytes(resume.read_bytes()[:-5])
    resume_training(resume, training, "key")
    assert training.history == []


def test_a_loss_that_is_no_number_stops_the_run(part, tmp_path):
    resume = tmp_path / "resume"
    training = continue_training(replace(OPTIMISATION, epochs=1), begin(OPTIMISATION), part, resume)
    with torch.no_grad():
        training.network.softmax.bias[0] = math.nan
    with pytest.raises(InputError, match=r"loss in epoch 2 is nan \(validation nan\), .* epoch 1 is kept in .*resume"):
        continue_training(OPTIMISATION, training, part, resume)
    kept = begin(OPTIMISATION)
    resume_training(resume, kept, "key")
    assert len(kept.history) == 1
    assert all(torch.isfinite(values).all() for values in kept.network.state_dict().values())


@pytest.mark.parametrize(
    ("losses", "warned"),
    [([1.5, 1.2, 1.6], []), ([1.5, 1.7, 100.0], ["1.7000"]), ([2.0, 1.0], ["2.0000"]), ([math.nan, math.inf], [])],
)
def test_a_loss_above_that_of_equal_probabilities_warns_once(caplog, losses, warned):
    """log 5 = 1.609. A loss that is not finite ends the run with a line of its own."""
    values = iter(losses)
    validate = warn_above_uniform(lambda: next(values), 5, OPTIMISATION)
    found = [validate() for _ in losses]
    assert str(found) == str(losses)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * len(warned)
    for record, loss in zip(caplog.records, warned, strict=True):
        assert f"the validation loss is {loss}, above log K = 1.6094" in record.getMessage()


@pytest.fixture
def split(part, tmp_path):
    folder = tmp_path / "split"
    folder.mkdir()
    for name, ids in {"train": part, "validation": part[:, :16], "test": part[:, 10:]}.items():
        np.save(folder / f"{name}.npy", ids)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": [10, 97, 98, 99, 100]}))
    (folder / "split.json").write_text(json.dumps({"steps": 7}))
    return folder


@pytest.fixture
def train_in_process(call, caplog, split):
    """Train on the split and return what was logged."""
    caplog.set_level("INFO")

    def train_here(**flags):
        caplog.clear()
        words = [word for flag, value in ({"split": split, "device": "cpu"} | flags).items() for word in (f"--{flag}", value)]
        assert call(train, *words) is None
        return caplog.text

    return train_here


@pytest.mark.parametrize(
    ("flags", "epochs"),
    [
        ({"model": "gru-2-6", "dropout": 0.3}, (2, 5)),
        ({"model": "nnn-2", "hidden-width": 3}, (1, 2, 4)),
        ({"model": "rnn-1-4"}, (4, 2)),
        ({"model": "rnn-1-4"}, (3, 3)),
    ],
)
def test_a_finished_run_with_other_epochs_ends_with_the_bytes_of_a_run_of_as_many(train_in_process, tmp_path, flags, epochs):
    changed, whole = tmp_path / "changed", tmp_path / "whole"
    for count in epochs:
        text = train_in_process(out=changed, epochs=count, **flags)
    began = [int(match) for match in re.findall(r"resuming after epoch (\d+)", text)]
    assert began == ([epochs[-2]] if epochs[-2] <= epochs[-1] else [])
    assert len(re.findall(r" epoch \d+ of ", text)) == epochs[-1] - sum(began)
    train_in_process(out=whole, epochs=epochs[-1], **flags)
    for name in ("checkpoint.safetensors", "history.csv", "summary.json", ".resume.safetensors"):
        assert (changed / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"dropout": 0.1}, {"learning-rate": 0.003}, {"learning-rate-decay-after": 0}, {"source": "another"}]
)
def test_a_finished_run_with_another_setting_starts_again(train_in_process, tmp_path, other):
    for flags in ({}, other):
        text = train_in_process(model="rnn-1-4", out=tmp_path, epochs=1, **flags)
    assert "training starts again" in text
    assert "epoch 1 of 1" in text


def test_an_n_nn_has_one_precision_whatever_is_asked_for(train_in_process, tmp_path):
    """On any processor; and a run continues one that was asked for the other."""
    flags = {"model": "nnn-2", "hidden-width": 3}
    train_in_process(out=tmp_path / "whole", epochs=2, precision="float32", **flags)
    for precision, epochs in (("float32", 1), ("bfloat16", 2)):
        text = train_in_process(out=tmp_path / "changed", epochs=epochs, precision=precision, **flags)
    assert "resuming after epoch 1" in text
    for name in ("checkpoint.safetensors", "history.csv", "summary.json", ".resume.safetensors"):
        assert (tmp_path / "changed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert json.loads((tmp_path / "changed/summary.json").read_text())["precision"] == "float32"


def test_patience_ends_a_run_as_its_history_says_and_more_of_it_continues(train_in_process, tmp_path):
    """With a rate so high that the validation loss goes up and down."""
    flags = {"model": "rnn-1-4", "epochs": 12, "learning-rate": 0.4, "learning-rate-decay-after": 99}

    def history(folder):
        return (folder / "history.csv").read_text().splitlines()[1:]

    train_in_process(out=tmp_path / "whole", **flags)
    whole = history(tmp_path / "whole")
    losses = [float(line.split(",")[3]) for line in whole]
    ends = {}
    for patience in range(1, 12):
        last = [epoch for epoch in range(patience, 12) if min(losses[: epoch - patience + 1]) <= min(losses[: epoch + 1])]
        ends[patience] = last[0] + 1 if last else 12
    short = 1
    long = next(patience for patience in ends if ends[patience] > ends[short])
    assert ends[short] < 12, "the example must have a run that ends early"
    for patience in (short, long, short):  # the last one starts again
        train_in_process(out=tmp_path / "stopped", patience=patience, **flags)
        assert history(tmp_path / "stopped") == whole[: ends[patience]]
        best = losses.index(min(losses[: ends[patience]])) + 1
        assert load_checkpoint(tmp_path / "stopped/checkpoint.safetensors")[1].epoch == best
        summary = json.loads((tmp_path / "stopped/summary.json").read_text())
        assert (summary["epochs"], summary["best_epoch"]) == (ends[patience], best)


def run_stage(module, **flags):
    words = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
    return ForkServer(REPOSITORY / "src").run(REPOSITORY, f"rnnscope.training.{module}", *words)


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
    history = (candidates[0] / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,learning_rate,train_loss,validation_loss"
    assert [line.split(",")[0] for line in history[1:]] == ["1", "2", "3"]
    losses = [json.loads((folder / "summary.json").read_text())["validation_loss"] for folder in candidates]
    better = candidates[losses.index(min(losses))]

    model = tmp_path / "model"
    done = ForkServer(REPOSITORY / "src").run(REPOSITORY, "rnnscope.training.select", "--candidates", *candidates, "--out", model)
    assert done.returncode == 0, done.stderr
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


def test_a_rate_that_is_far_too_high_is_seen_in_the_log(call, caplog, split, tmp_path):
    words = ["--split", split, "--model", "rnn-1-4", "--device", "cpu", "--learning-rate", 30, "--epochs", 3]
    try:
        assert call(train, *words, "--out", tmp_path / "out") is None
    finally:
        torch.set_flush_denormal(False)  # which the stage turns on for its whole process
    history = [float(line.split(",")[3]) for line in (tmp_path / "out/history.csv").read_text().splitlines()[1:]]
    assert max(history) > 10 * math.log(5), "the example must be far worse than equal probabilities"
    assert sum("above log K = 1.6094" in record.getMessage() for record in caplog.records) == 1


def test_a_truncated_checkpoint_is_reported_in_one_line(split, tmp_path):
    done = train_stage(split=split, out=tmp_path, epochs=1)
    assert done.returncode == 0, done.stderr
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-7])
    done = evaluate_stage(split, checkpoint, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {checkpoint}: damaged: found SHA-256 ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "predictions.parquet").exists()
    assert not (tmp_path / "losses.json").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"model": "lstm-1"}, "error: model 'lstm-1': expected <cell>-<layers>-<size>"),
        ({"model": "ngram-3"}, "error: --model: found ngram-3, expected a recurrent network or an n-NN"),
        (
            {"model": "lstm-1-99999999"},
            "error: --model: found lstm-1-99999999, expected at most 100 layers and a size of at most 100000",
        ),
        ({"model": "lstm-101-4"}, "error: --model: found lstm-101-4, expected at most 100 layers and a size of at most 100000"),
        ({"dropout": 1}, "error: --dropout: found 1.0, expected a number of at least 0 and below 1"),
        ({"hidden-width": 8}, "error: --hidden-width: found 8, expected none for the recurrent network rnn-1-4"),
        ({"sequence-length": 8}, "error: --sequence-length: found 8, expected none for the recurrent network rnn-1-4"),
        ({"epochs": 0}, "error: --epochs: found 0, expected a whole number from 1 to 1000000"),
        ({"split": "nowhere"}, "error: nowhere/vocabulary.json: no such file"),
    ],
)
def test_bad_input_is_reported_in_one_line(split, tmp_path, flags, message):
    done = train_stage(**{"split": split, "out": tmp_path / "out"} | flags)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
