"""Taking over a kept model: the files of training again, or one line about what does not fit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.small_split import write_split
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from rnnscope.training import evaluate, take_over, train

FILES = ("checkpoint.safetensors", "history.csv", "summary.json")
# An n-NN trained and evaluated by commit 38316ba on the split below, by its `baselines.train_neural --n 2 --hidden-width 3
# --steps 7 --epochs 3 --learning-rate 0.01` and `baselines.evaluate_neural`.
OLD = Path(__file__).parent / "earlier_version" / "nnn-2"


MODELS = {
    "gru-2-6": ["--dropout", "0.3"],
    "rnn-1-4": [],
    "nnn-2": ["--hidden-width", "3", "--sequence-length", "5"],
}


@pytest.fixture
def kept(call, split, tmp_path):
    """Trains and evaluates a model, and returns its folder."""

    def keep(model, *flags):
        folder = tmp_path / "kept" / model
        words = ["--model", model, "--epochs", "3", "--device", "cpu", "--out", folder, *MODELS[model], *flags]
        assert call(train, "--split", split, *words) is None
        assert evaluated(call, split, folder, folder) is None
        return folder

    return keep


def evaluated(call, split, folder, out, *flags):
    files = ["--predictions", out / "predictions.parquet", "--losses", out / "evaluation.json"]
    return call(evaluate, "--split", split, "--checkpoint", folder / "checkpoint.safetensors", "--device", "cpu", *files, *flags)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_that_is_taken_over_has_the_files_and_the_evaluation_of_training(call, split, kept, tmp_path, model):
    folder, out = kept(model), tmp_path / "out"
    assert call(take_over, "--kept", folder, "--split", split, "--out", out) is None
    assert evaluated(call, split, out, out, "--kept", folder / "evaluation.json") is None
    for name in (*FILES, "evaluation.json", "predictions.parquet"):
        assert (out / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_loss_on_the_train_part_is_taken_over_and_the_others_are_found_again(call, split, kept, tmp_path):
    folder, known = kept("rnn-1-4"), tmp_path / "known.json"
    losses = json.loads((folder / "evaluation.json").read_text())
    known.write_text(json.dumps(losses | {"train_loss": 7.5, "test_loss": losses["test_loss"] + 5e-5}))
    assert evaluated(call, split, folder, tmp_path, "--kept", known) is None
    assert json.loads((tmp_path / "evaluation.json").read_text()) == losses | {"train_loss": 7.5}
    for name in ("validation_loss", "test_loss"):
        known.write_text(json.dumps(losses | {name: losses[name] + 2e-4}))
        message = evaluated(call, split, folder, tmp_path / name, "--kept", known)
        assert message.startswith(f"error: {known}: {name} {losses[name] + 2e-4:.6f}, found {losses[name]:.6f} on this text; ")
        assert not (tmp_path / name).exists()
    known.write_text(json.dumps({name: losses[name] for name in ("validation_loss", "test_loss")}))
    (tmp_path / "evaluation.json").unlink()
    assert evaluated(call, split, folder, tmp_path, "--kept", known) is None
    assert json.loads((tmp_path / "evaluation.json").read_text()) == losses, "the loss on the train part is found again, too"
    known.write_text("{")
    message = evaluated(call, split, folder, tmp_path, "--kept", known)
    assert message.startswith(f"error: {known}: not readable as JSON (")
    assert message.endswith("; it is from elsewhere: put a whole copy in its place")
    for value in ("low", None, float("nan"), True):
        known.write_text(json.dumps(losses | {"train_loss": value}))
        message = evaluated(call, split, folder, tmp_path / "out", "--kept", known)
        assert message == f"error: {known}: 'train_loss' is {value!r}, expected a finite number"
        assert not (tmp_path / "out").exists()
    known.write_text("{}")
    assert evaluated(call, split, folder, tmp_path, "--kept", known).startswith(f"error: {known}: expected the losses of an eva")


def changed_json(path, **values):
    shutil.rmtree(path.parent / ".provenance", ignore_errors=True)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_history(folder):
    shutil.rmtree(folder / ".provenance")
    lines = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text("\n".join([*lines[:-1], "3,0.002,1.0,9.0"]) + "\n")


WRONG = {
    "summary.json: 'hidden_width' is 1, expected 9 as in checkpoint.safetensors": lambda folder: changed_json(
        folder / "summary.json", hidden_width=1
    ),
    "summary.json: 'epochs' is 4, expected 3 as in history.csv": lambda folder: changed_json(folder / "summary.json", epochs=4),
    "summary.json: 'validation_loss' is 1, expected 1.": lambda folder: changed_json(folder / "summary.json", validation_loss=1),
    "summary.json: 'precision' is 'float16', expected float32 or bfloat16": lambda folder: changed_json(
        folder / "summary.json", precision="float16"
    ),
    "summary.json: 'text' is 'another', expected ": lambda folder: changed_json(folder / "summary.json", text="another"),
    "checkpoint.safetensors: of epoch 3, expected the best of history.csv, 2": change_history,
    "history.csv: expected the columns epoch, learning_rate": lambda folder: (
        (folder / "history.csv").write_text("a,b\n1,2\n") and shutil.rmtree(folder / ".provenance")
    ),
    "history.csv: no such file; expected a history": lambda folder: (folder / "history.csv").unlink(),
    "checkpoint.safetensors: damaged: found SHA-256": lambda folder: (folder / "checkpoint.safetensors").write_bytes(b"{}"),
}


@pytest.mark.parametrize("line", WRONG)
def test_what_does_not_fit_is_one_line(call, split, kept, tmp_path, line):
    folder = kept("rnn-1-4", "--learning-rate", "0.01")
    WRONG[line](folder)
    message = call(take_over, "--kept", folder, "--split", split, "--out", tmp_path / "out")
    assert message.startswith(f"error: {folder}/{line}")
    assert "\n" not in message
    assert "delete it" not in message, "no rule makes what is kept"
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_text_or_of_another_name_is_not_taken_over(call, split, kept, part, tmp_path):
    folder = kept("rnn-1-4")

    def message(kept, split):
        return call(take_over, "--kept", kept, "--split", split, "--out", tmp_path / "out")

    other = write_split(tmp_path / "other", part, [10, 97, 98, 99, 101])
    assert message(folder, other).startswith(f"error: {folder}/checkpoint.safetensors: trained on 5 other characters; expected")
    longer = write_split(tmp_path / "longer", np.hstack([part, part]))
    assert message(folder, longer).startswith(f"error: {folder}/summary.json: 'text' is ")
    renamed = shutil.copytree(folder, tmp_path / "kept/rnn-1-5")
    assert message(renamed, split).startswith(
        f"error: {renamed}/checkpoint.safetensors: found rnn-1-4, expected rnn-1-5, the fol"
    )
    assert not (tmp_path / "out").exists()


def test_an_n_nn_of_an_earlier_version_is_written_as_one_of_this(call, split, tmp_path):
    """Its probabilities are those that the earlier version found, and its files those of this version, but for two keys."""
    out = tmp_path / "nnn-2"
    assert call(take_over, "--kept", OLD, "--split", split, "--out", out) is None
    assert evaluated(call, split, out, out, "--kept", OLD / "evaluation.json") is None
    old, new = (json.loads((folder / "evaluation.json").read_text()) for folder in (OLD, out))
    assert new == pytest.approx(old, abs=1e-6)
    trained = tmp_path / "trained"
    flags = ["--model", "nnn-2", "--hidden-width", "3", "--epochs", "3", "--learning-rate", "0.01", "--device", "cpu"]
    assert call(train, "--split", split, *flags, "--out", trained) is None
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (out, trained)]
    assert summaries[1].keys() - summaries[0].keys() == {"text", "precision"}
    assert all(
        summaries[0][key] == summaries[1][key] for key in ("model", "cell", "layers", "size", "n", "parameters", "dropout")
    )
    assert summaries[0]["validation_loss"] == pytest.approx(summaries[1]["validation_loss"], abs=1e-6)
    described = [json.loads(safe_open(folder / FILES[0], "np").metadata()["rnnscope"]) for folder in (out, trained)]
    assert described[0] == described[1]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_precision_is_taken_over(call, split, kept, tmp_path, precision):
    folder, out = kept("rnn-1-4"), tmp_path / "out"
    changed_json(folder / "summary.json", precision=precision)
    assert call(take_over, "--kept", folder, "--split", split, "--out", out) is None
    assert json.loads((out / "summary.json").read_text())["precision"] == precision


def test_a_network_without_a_kind_is_recurrent(call, split, kept, tmp_path):
    """As earlier versions wrote it."""
    folder, out = kept("gru-2-6"), tmp_path / "out"
    path = folder / "checkpoint.safetensors"
    whole = path.read_bytes()
    with safe_open(path, "np") as file:
        stored = json.loads(file.metadata()["rnnscope"])
    del stored["kind"]
    save_file(load_file(path), path, {"rnnscope": json.dumps(stored)})
    shutil.rmtree(folder / ".provenance")
    assert call(take_over, "--kept", folder, "--split", split, "--out", out) is None
    assert (out / "checkpoint.safetensors").read_bytes() == whole
