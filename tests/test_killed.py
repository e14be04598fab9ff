"""Stages killed just before every change that they make to their files: nothing half-written, and the same bytes in the end."""

import json
import os
import re
import shutil

import numpy as np
import pytest
from helpers.fork_server import ForkServer
from helpers.workspace import REPOSITORY

from rnnscope.models import library

OPTIMISATION = ["--epochs", "3", "--learning-rate", "0.01", "--learning-rate-decay", "0.5", "--learning-rate-decay-after", "1"]
OPTIMISATION += ["--device", "cpu"]


@pytest.fixture(scope="module")
def server():
    return ForkServer(REPOSITORY / "src")


@pytest.fixture
def folder(tmp_path):
    """A small split, and a text."""
    random = np.random.default_rng(3)
    split = tmp_path / "given/split"
    split.mkdir(parents=True)
    ids = random.integers(0, 5, (4, 61), dtype=np.uint8)
    for name, columns in {"train": slice(0, 41), "validation": slice(40, 51), "test": slice(50, 61)}.items():
        np.save(split / f"{name}.npy", ids[:, columns])
    (split / "vocabulary.json").write_text(json.dumps({"bytes": [10, 97, 98, 99, 100]}))
    (split / "split.json").write_text(json.dumps({"sequence_length": 7}))
    (tmp_path / "given/text.bin").write_bytes(random.integers(97, 110, 900, dtype=np.uint8).tobytes())
    return tmp_path


def outputs(folder):
    return {str(path.relative_to(folder)): content(path) for path in folder.rglob("*") if path.is_file()}


def content(path):
    """The bytes of a file; of a record without the commit, which changes when somebody edits the source meanwhile."""
    text = path.read_bytes()
    return re.sub(rb'  "commit": .*\n', b"", text) if path.parent.name == ".provenance" else text


def killed_everywhere(server, folder, words, step, before=None):
    """Run a stage to the end, and then once for every `step`-th operation killed there and started again.

    Every run has a folder of its own, in which it finds `before`. Yields the standard error of the second start.
    """
    whole = folder / "whole"
    whole.mkdir()
    start = outputs(before) if before else {}
    copy_in(before, whole)
    done = server.run(whole, *words)
    assert done.returncode == 0, done.stderr
    expected = outputs(whole)
    assert done.operations >= 6
    for kill_at in range(1, done.operations + 1, step):
        killed = folder / f"killed-{kill_at}"
        killed.mkdir()
        copy_in(before, killed)
        stopped = server.run(killed, *words, kill_at=kill_at)
        assert stopped.returncode == -9
        for name, content in outputs(killed).items():
            if not name.rpartition("/")[2].startswith("."):
                assert content in (expected[name], start.get(name)), f"{name} is neither the old file nor the new one"
        again = server.run(killed, *words)
        assert again.returncode == 0, again.stderr
        assert outputs(killed) == expected
        shutil.rmtree(killed)
        yield again.stderr


def copy_in(source, target):
    if source:
        shutil.copytree(source, target, dirs_exist_ok=True)


def test_a_resumed_training_run_ends_with_the_same_bytes(server, folder):
    flags = ["--split", folder / "given/split", "--model", "lstm-2-4", "--dropout", "0.3", *OPTIMISATION, "--epochs", "2"]
    flags += ["--out", "run"]
    logs = list(killed_everywhere(server, folder, ["rnnscope.training.train", *flags], step=1))
    for epoch in (1, 2):
        assert any(f"after epoch {epoch}, found in" in log for log in logs), f"no run resumed after epoch {epoch}"
    assert sorted(path.name for path in (folder / "whole/run").iterdir() if path.is_file()) == [
        ".resume.safetensors",
        "checkpoint.safetensors",
        "history.csv",
        "summary.json",
    ]


def test_a_training_run_is_not_resumed_with_other_recurrences(server, folder):
    """What the compiled recurrences began is not finished by the plain ones, which round differently."""
    flags = ["--split", folder / "given/split", "--model", "lstm-1-4", *OPTIMISATION, "--out", "run"]
    plain, killed = folder / "plain", folder / "killed"
    for path in (plain, killed):
        path.mkdir()
    whole = server.run(plain, "rnnscope.training.train", *flags, RNNSCOPE_PLAIN="1")
    assert whole.returncode == 0, whole.stderr
    server.run(killed, "rnnscope.training.train", *flags, kill_at=whole.operations - 10)
    assert (killed / "run/.resume.safetensors").exists()
    again = server.run(killed, "rnnscope.training.train", *flags, RNNSCOPE_PLAIN="1")
    assert again.returncode == 0, again.stderr
    began_compiled = library.functions("float32") is not None and "RNNSCOPE_PLAIN" not in os.environ
    assert "found in" not in again.stderr
    assert ("starts again" in again.stderr) == began_compiled
    assert outputs(killed) == outputs(plain)


def test_resumed_snapshots_end_with_the_same_bytes(server, folder):
    train = ["--split", folder / "given/split", "--model", "gru-1-4", *OPTIMISATION, "--out", "given/run"]
    assert server.run(folder, "rnnscope.training.train", *train).returncode == 0
    flags = ["--split", folder / "given/split", "--checkpoint", folder / "given/run/checkpoint.safetensors"]
    words = ["rnnscope.training.snapshots", *flags, *OPTIMISATION, "--snapshots", "7", "--out", "run"]
    logs = list(killed_everywhere(server, folder, words, step=11))
    for epoch in (1, 2, 3):
        assert any(f"after epoch {epoch}, found in" in log for log in logs), f"no run resumed after epoch {epoch}"


def test_a_resumed_training_run_of_an_n_nn_ends_with_the_same_bytes(server, folder):
    flags = ["--split", folder / "given/split", "--model", "nnn-2", "--hidden-width", "3", "--sequence-length", "5"]
    flags += [*OPTIMISATION, "--out", "run"]
    logs = list(killed_everywhere(server, folder, ["rnnscope.training.train", *flags], step=5))
    assert any("after epoch 2, found in" in log for log in logs)


def test_a_split_over_an_older_one_leaves_each_file_old_or_new(server, folder):
    older = folder / "older"
    shutil.copytree(folder / "given/split", older / "out")
    flags = ["--text", folder / "given/text.bin", "--streams", "5", "--sequence-length", "6", "--fractions", "0.6,0.2,0.2"]
    flags += ["--out", "out"]
    assert list(killed_everywhere(server, folder, ["rnnscope.corpus.split", *flags], step=2, before=older))


def test_an_evaluation_leaves_no_half_table(server, folder):
    train = ["--split", folder / "given/split", "--model", "rnn-1-4", *OPTIMISATION, "--out", "given/run"]
    assert server.run(folder, "rnnscope.training.train", *train).returncode == 0
    flags = ["--split", folder / "given/split", "--checkpoint", folder / "given/run/checkpoint.safetensors", "--device", "cpu"]
    for words in (
        ["rnnscope.training.evaluate", *flags, "--predictions", "p.parquet", "--losses", "l.json"],
        ["rnnscope.activations.dump", *flags, "--precision", "float16", "--out", "dump"],
    ):
        assert list(killed_everywhere(server, folder, words, step=3))
        shutil.rmtree(folder / "whole")
