import json
import shutil

import pytest
from helpers.small_split import VOCABULARY

from rnnscope.training import another_seed, snapshots, train

FILES = ("checkpoint.safetensors", "history.csv", "summary.json")
RECIPE = ["--learning-rate", 0.01, "--learning-rate-decay", 0.5, "--learning-rate-decay-after", 1, "--device", "cpu"]


@pytest.fixture
def chosen(call, split, tmp_path):
    """The run that was chosen: of seed 1, with dropout between its two layers."""
    words = ["--split", split, "--model", "gru-2-5", "--dropout", 0.3, "--epochs", 3, "--seed", 1, *RECIPE]
    assert call(train, *words, "--out", tmp_path / "chosen") is None
    return tmp_path / "chosen/checkpoint.safetensors"


def train_again(call, split, chosen, out, epochs=3, seed=2):
    words = ["--split", split, "--checkpoint", chosen, "--epochs", epochs, "--seed", seed, *RECIPE]
    return call(another_seed, *words, "--out", out)


def test_the_bytes_are_those_of_a_training_run_with_that_seed(call, split, chosen, tmp_path):
    words = ["--split", split, "--model", "gru-2-5", "--dropout", 0.3, "--epochs", 3, "--seed", 2, *RECIPE]
    assert call(train, *words, "--out", tmp_path / "expected") is None
    assert train_again(call, split, chosen, tmp_path / "again") is None
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "expected" / name).read_bytes(), name
    assert (tmp_path / "again/checkpoint.safetensors").read_bytes() != chosen.read_bytes()


def test_the_seed_of_the_chosen_run_gives_its_bytes(call, split, chosen, tmp_path):
    assert train_again(call, split, chosen, tmp_path / "again", seed=1) is None
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == chosen.with_name(name).read_bytes(), name


def test_more_epochs_continue_a_finished_run(call, split, chosen, tmp_path, caplog):
    for folder, epochs in (("short", 1), ("long", 3)):
        assert train_again(call, split, chosen, tmp_path / folder, epochs) is None
    caplog.set_level("INFO")
    assert train_again(call, split, chosen, tmp_path / "short", 3) is None
    assert "resuming after epoch 1" in caplog.text
    for name in FILES:
        assert (tmp_path / "short" / name).read_bytes() == (tmp_path / "long" / name).read_bytes(), name


def test_a_checkpoint_of_another_text_is_one_line(call, split, chosen, tmp_path):
    (split / "vocabulary.json").write_text(json.dumps({"bytes": [9, *VOCABULARY[1:]]}))
    message = train_again(call, split, chosen, tmp_path / "again")
    assert message == f"error: {chosen}: trained on 5 other characters; expected the 5 of this split"
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(("stage", "flags"), [(another_seed, []), (snapshots, ["--snapshots", 3])])
@pytest.mark.parametrize("content", [{"precision": "bfloat16"}, {"precision": "float16"}, []])
def test_a_chosen_run_of_another_precision_is_one_line(call, split, chosen, tmp_path, content, stage, flags):
    """Whichever stage trains a run again."""
    path = chosen.with_name("summary.json")
    shutil.rmtree(path.parent / ".provenance")
    path.write_text(json.dumps({**json.loads(path.read_text()), **content} if content else content))
    expected = {
        "bfloat16": f"training.precision: found float32, expected bfloat16 as {path} says",
        "float16": f"{path}: 'precision' is 'float16', expected float32 or bfloat16",
        None: f"{path}: found list, expected an object written by training",
    }
    words = ["--split", split, "--checkpoint", chosen, "--epochs", 3, "--seed", 2, *RECIPE, *flags]
    assert call(stage, *words, "--out", tmp_path / "again") == f"error: {expected[dict(content).get('precision')]}"
    assert not (tmp_path / "again").exists()


def test_a_chosen_run_of_a_version_without_the_key_is_of_float32(call, split, chosen, tmp_path):
    path = chosen.with_name("summary.json")
    shutil.rmtree(path.parent / ".provenance")
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "precision"}))
    assert train_again(call, split, chosen, tmp_path / "again") is None
