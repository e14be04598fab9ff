"""The stages that train, with products of numbers that are rounded to bfloat16, where the processor has them."""

import json

import pytest
import torch
from safetensors.torch import load_file

from rnnscope.corpus.split_reader import read_split
from rnnscope.models import library
from rnnscope.models.backends import products_in
from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.training import another_seed, evaluate, snapshots, train
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.segments import to_device

FILES = ("checkpoint.safetensors", "history.csv", "summary.json", ".resume.safetensors")
RECIPE = ["--learning-rate", 0.02, "--device", "cpu"]
EPOCHS, SEQUENCE_LENGTH = 2, 7


@pytest.fixture(autouse=True)
def with_bfloat16(monkeypatch):
    monkeypatch.delenv("RNNSCOPE_PLAIN", raising=False)
    if library.obstacle_to_bfloat16():
        pytest.skip("this processor has no products of bfloat16")


@pytest.fixture
def trained(call, split, tmp_path):
    """Trains a model of two layers with dropout, and returns its folder."""

    def train_here(name, precision, epochs=EPOCHS, seed=1):
        words = ["--split", split, "--model", "lstm-2-12", "--dropout", 0.3, "--epochs", epochs, "--seed", seed, *RECIPE]
        assert call(train, *words, "--precision", precision, "--out", tmp_path / name) is None
        return tmp_path / name

    return train_here


def bytes_of(folder, files=FILES):
    return {name: (folder / name).read_bytes() for name in files}


def last_weights(folder):
    """The weights of a run after its last epoch, by name."""
    stored = load_file(folder / ".resume.safetensors")
    return {name.removeprefix("weights/"): values for name, values in stored.items() if name.startswith("weights/")}


def are_equal(found, expected):
    assert found.keys() == expected.keys()
    return all(torch.equal(values, expected[name]) for name, values in found.items())


def test_training_is_rounded_and_its_validation_is_not(call, split, trained, tmp_path, monkeypatch):
    """The loss is that of plain torch, which cannot round, for the weights that were kept; after epochs enough to show it."""
    rounded, single = trained("rounded", "bfloat16", epochs=10), trained("single", "float32", epochs=10)
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (rounded, single)]
    assert [summary["precision"] for summary in summaries] == ["bfloat16", "float32"]
    assert not are_equal(last_weights(rounded), last_weights(single))
    assert summaries[0]["validation_loss"] == pytest.approx(summaries[1]["validation_loss"], abs=0.02)

    network, _ = load_checkpoint(rounded / "checkpoint.safetensors")
    validation = to_device(read_split(split).part("validation"), torch.device("cpu"))
    with products_in("bfloat16"):
        loss = PROCEDURES["recurrent"].mean_loss(network, validation, SEQUENCE_LENGTH)
    assert abs(loss - summaries[0]["validation_loss"]) > 1e-5, "the example must show the rounding"

    files = ["--predictions", tmp_path / "predictions.parquet", "--losses", tmp_path / "evaluation.json"]
    monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
    words = ["--split", split, "--checkpoint", rounded / "checkpoint.safetensors", "--device", "cpu"]
    assert call(evaluate, *words, *files) is None
    evaluation = json.loads((tmp_path / "evaluation.json").read_text())
    assert summaries[0]["validation_loss"] == pytest.approx(evaluation["validation_loss"], abs=1e-6)


def test_snapshots_at_the_ends_of_epochs_are_the_weights_of_the_run(call, split, trained, tmp_path):
    checkpoint = trained("chosen", "bfloat16") / "checkpoint.safetensors"
    words = ["--split", split, "--checkpoint", checkpoint, "--epochs", EPOCHS, "--snapshots", EPOCHS, "--seed", 1, *RECIPE]
    out = tmp_path / "snapshots"
    assert call(snapshots, *words, "--precision", "bfloat16", "--out", out) is None
    for epochs in range(1, EPOCHS + 1):
        found = load_checkpoint(out / f"snapshot-{epochs}.safetensors")[0].state_dict()
        assert are_equal(found, last_weights(trained(f"{epochs}-epochs", "bfloat16", epochs)))


def test_a_run_of_the_same_precision_continues(trained, caplog):
    caplog.set_level("INFO")
    whole = trained("whole", "bfloat16")
    for epochs in (1, EPOCHS):
        continued = trained("continued", "bfloat16", epochs)
    assert "resuming after epoch 1" in caplog.text
    assert bytes_of(continued) == bytes_of(whole)


@pytest.mark.parametrize("precisions", [("float32", "bfloat16"), ("bfloat16", "float32")])
def test_a_run_of_the_other_precision_starts_again(trained, caplog, precisions):
    caplog.set_level("INFO")
    whole = trained("whole", precisions[1])
    for epochs, precision in enumerate(precisions, start=1):
        changed = trained("changed", precision, epochs)
    assert "training starts again" in caplog.text
    assert "resuming" not in caplog.text
    assert bytes_of(changed) == bytes_of(whole)


def test_another_seed_gives_the_bytes_of_a_training_run_with_it(call, split, trained, tmp_path):
    checkpoint, expected = trained("chosen", "bfloat16") / "checkpoint.safetensors", trained("expected", "bfloat16", seed=2)
    words = ["--split", split, "--checkpoint", checkpoint, "--epochs", EPOCHS, "--seed", 2, *RECIPE]
    assert call(another_seed, *words, "--precision", "bfloat16", "--out", tmp_path / "again") is None
    assert bytes_of(tmp_path / "again") == bytes_of(expected)
