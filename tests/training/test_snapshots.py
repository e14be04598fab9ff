from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import Description, load_checkpoint, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Optimisation
from rnnscope.storage.files import check_digest as compare_digest
from rnnscope.training import snapshots
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.optimisation import begin_epoch as epoch_begins
from rnnscope.training.optimisation import fit, start_training
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.segments import to_device
from rnnscope.training.snapshots import snapshot_steps, snapshot_times, train_to_snapshots

CPU = torch.device("cpu")
# A rate that falls after the first epoch and a dropout: each epoch's rate and masks matter. 5 segments, the last one short.
OPTIMISATION = Optimisation(epochs=3, learning_rate=0.01, learning_rate_decay=0.5, learning_rate_decay_after=1, seed=4)
SHAPE, DROPOUT, SEQUENCE_LENGTH = Shape("lstm", 2, 4, 5), 0.3, 7

KILLED = "error: interrupted"


def begin():
    return start_training(Network(SHAPE, DROPOUT, torch.Generator().manual_seed(OPTIMISATION.seed)), OPTIMISATION)


def weights_of_the_run(part, epochs, folder):
    """The weights after some epochs of a real training run, which validates between its epochs."""
    training = begin()
    train_part, validation_part = to_device(part, CPU), to_device(part[:, :16], CPU)
    one_pass = partial(train_epoch, training, train_part, SEQUENCE_LENGTH, OPTIMISATION.gradient_clip)
    validate = partial(PROCEDURES["recurrent"].mean_loss, training.network, validation_part, SEQUENCE_LENGTH)
    fit(training, replace(OPTIMISATION, epochs=epochs), one_pass, validate, folder / "resume", "key")
    return training.network.state_dict()


def test_after_whole_epochs_the_weights_are_those_of_the_run_to_the_bit(part, tmp_path):
    training = begin()
    seen = []
    taken = train_to_snapshots(training, OPTIMISATION, to_device(part, CPU), SEQUENCE_LENGTH, 15, tmp_path / "state", "key")
    for index, steps in taken:
        seen.append(steps)
        assert index == len(seen)
        if steps % 30 == 0:
            expected = weights_of_the_run(part, steps // 30, tmp_path)
            assert all(torch.equal(values, expected[name]) for name, values in training.network.state_dict().items())
    assert seen == [epoch * 30 + within for epoch in range(3) for within in (7, 14, 21, 28, 30)]


def test_within_an_epoch_the_weights_are_those_of_a_run_over_the_text_so_far(part, tmp_path):
    """After 2 of 5 segments: what a whole epoch over a text of 14 characters a stream ends with."""
    training, shorter = begin(), begin()
    optimisation = replace(OPTIMISATION, epochs=1)
    assert next(
        train_to_snapshots(training, optimisation, to_device(part, CPU), SEQUENCE_LENGTH, 3, tmp_path / "state", "key")
    ) == (1, 14)
    one_pass = partial(train_epoch, shorter, to_device(part[:, :15], CPU), SEQUENCE_LENGTH, OPTIMISATION.gradient_clip)
    fit(shorter, optimisation, one_pass, lambda: 1.0, tmp_path / "resume", "key")
    expected = shorter.network.state_dict()
    assert all(torch.equal(values, expected[name]) for name, values in training.network.state_dict().items())


@given(segments=st.integers(1, 2000), data=st.data())
def test_times_are_evenly_spaced_and_end_with_the_training(segments, data):
    count = data.draw(st.integers(1, segments))
    times = snapshot_times(segments, count)
    assert len(times) == len(set(times)) == count
    assert times[-1] == segments
    assert all(abs(time - segments * index / count) < 1 for index, time in enumerate(times, start=1))
    assert times[0] >= 1


def test_more_snapshots_than_segments_are_refused():
    with pytest.raises(InputError, match=r"dynamics\.snapshots: found 16, expected 1 to 15, the segments of 3 epochs"):
        snapshot_steps(30, SEQUENCE_LENGTH, 3, 16)


def test_by_hand(split, part, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint.safetensors"
    description = Description("lstm-2-3", SHAPE, DROPOUT, 9, [10, 97, 98, 99, 100])
    save_checkpoint(checkpoint, Network(SHAPE).state_dict(), description)
    checkpoint.with_name("summary.json").write_text("{}")  # as of a version without precisions
    words = ["--split", split, "--checkpoint", checkpoint, "--out", tmp_path / "out", "--device", "cpu", "--snapshots", 4]
    settings = [
        "--epochs",
        2,
        "--learning-rate",
        0.01,
        "--learning-rate-decay",
        0.5,
        "--learning-rate-decay-after",
        1,
        "--seed",
        4,
    ]
    monkeypatch.setattr("sys.argv", ["snapshots", *map(str, words + settings)])
    try:
        run(snapshots.main)
    finally:
        torch.set_flush_denormal(False)  # which the stage turns on for its whole process
    table = np.genfromtxt(tmp_path / "out/snapshots.csv", delimiter=",", names=True)
    # 10 segments in two epochs: the times are 3, 5, 8 and 10; of 30 steps, 21 have been read after 3 segments.
    assert table["snapshot"].tolist() == [1, 2, 3, 4]
    assert table["characters"].tolist() == [21 * 4, 30 * 4, 51 * 4, 60 * 4]
    assert table["epoch"].tolist() == [0.7, 1, 1.7, 2]
    for index, epochs in ((2, 1), (4, 2)):
        network, found = load_checkpoint(tmp_path / f"out/snapshot-{index}.safetensors")
        assert found == replace(description, epoch=epochs)
        expected = weights_of_the_run(part, epochs, tmp_path / str(epochs))
        assert all(torch.equal(values, expected[name]) for name, values in network.state_dict().items())


@pytest.fixture
def take(split, tmp_path, call, monkeypatch):
    """Take 4 snapshots in two epochs; returns the message it ends with and the epochs that were trained.

    `killed_after` says after which of the 4 the process ends: 5 is in the middle of giving them their final names.
    """
    checkpoint = tmp_path / "checkpoint.safetensors"
    save_checkpoint(checkpoint, Network(SHAPE).state_dict(), Description("lstm-2-3", SHAPE, DROPOUT, 9, [10, 97, 98, 99, 100]))
    checkpoint.with_name("summary.json").write_text("{}")

    def stage(out, *flags, killed_after=None):
        trained, saved = [], []

        def begin_epoch(training_run, optimisation, epoch):
            trained.append(epoch)
            return epoch_begins(training_run, optimisation, epoch)

        def save(*arguments):
            save_checkpoint(*arguments)
            saved.append(arguments)
            if len(saved) == killed_after:
                raise KeyboardInterrupt

        def check_digest(path):
            if killed_after == 5 and path.name == ".snapshot-2.safetensors":
                raise KeyboardInterrupt
            compare_digest(path)

        words = ["--split", split, "--checkpoint", checkpoint, "--out", out, "--device", "cpu", "--snapshots", 4, "--epochs", 2]
        with monkeypatch.context() as patch:
            patch.setattr(snapshots, "begin_epoch", begin_epoch)
            patch.setattr(snapshots, "save_checkpoint", save)
            patch.setattr(snapshots, "check_digest", check_digest)
            return call(snapshots, *words, *flags), trained

    return stage


def written(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def lose(path):
    path.unlink()


def damage(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("what", [lose, damage])
@pytest.mark.parametrize(("killed_after", "snapshot", "epochs"), [(3, 1, [1, 2]), (3, 3, [2]), (5, 4, [1, 2]), (5, None, [])])
def test_training_starts_again_without_the_snapshots_of_finished_epochs(take, tmp_path, what, killed_after, snapshot, epochs):
    assert take(tmp_path / "plain") == (None, [1, 2])
    out = tmp_path / "out"
    assert take(out, killed_after=killed_after)[0] == KILLED
    if snapshot:
        what(out / f".snapshot-{snapshot}.safetensors")
    assert take(out) == (None, epochs)
    assert written(out) == written(tmp_path / "plain")


def test_a_damage_before_the_end_is_one_line_and_the_next_run_mends_it(take, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert take(out, killed_after=5)[0] == KILLED
    damage(out / ".snapshot-3.safetensors")
    with monkeypatch.context() as patch:  # the damage comes after the look at what was saved
        patch.setattr(snapshots, "load_tensors", lambda _: None)
        message = take(out)[0]
    assert message.startswith(f"error: {out}/.snapshot-3.safetensors: damaged")
    assert take(out) == (None, [1, 2])


def test_what_another_run_left_is_not_taken_for_this_ones(take, tmp_path):
    """The other one is killed before it has saved a state: the state of the first is still there, with another snapshot."""
    assert take(tmp_path / "plain") == (None, [1, 2])
    out = tmp_path / "out"
    assert take(out, killed_after=4)[0] == KILLED
    assert take(out, "--seed", 7, killed_after=1)[0] == KILLED
    assert take(out)[0] is None
    assert written(out) == written(tmp_path / "plain")


def test_only_what_the_same_source_trained_is_continued(take, tmp_path):
    for source, epochs in (("a", [2]), ("b", [1, 2])):
        out = tmp_path / source
        assert take(out, "--source", "a", killed_after=3) == (KILLED, [1, 2])
        assert take(out, "--source", source) == (None, epochs)
