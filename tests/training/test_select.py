import json

import pytest

from rnnscope.errors import InputError
from rnnscope.training import select
from rnnscope.training.select import best_candidate


def write_candidates(folder, losses):
    folders = []
    for position, loss in enumerate(losses):
        folders.append(folder / str(position))
        folders[-1].mkdir()
        (folders[-1] / "summary.json").write_text(json.dumps({"validation_loss": loss}))
    return folders


@pytest.mark.parametrize(("losses", "best"), [([1.5], 0), ([1.5, 1.25, 1.75], 1), ([1.5, 1.25, 1.25], 1)])
def test_the_lowest_validation_loss_is_chosen(tmp_path, losses, best):
    folders = write_candidates(tmp_path, losses)
    assert best_candidate(folders) == folders[best]


def test_the_files_of_the_best_are_copied(call, tmp_path):
    folders = write_candidates(tmp_path, [1.5, 1.25])
    for folder in folders:
        for name in ("checkpoint.safetensors", "history.csv"):
            (folder / name).write_text(f"{name} of {folder.name}")
    assert call(select, "--candidates", *folders, "--out", tmp_path / "model") is None
    for name in select.FILES:
        assert (tmp_path / "model" / name).read_bytes() == (folders[1] / name).read_bytes()


@pytest.mark.parametrize("loss", ["low", None, True, float("nan"), float("inf"), [1.0], 10**400])
@pytest.mark.parametrize("other", [0, 1])
def test_a_loss_that_is_no_number_is_named_and_not_chosen(tmp_path, loss, other):
    """NaN is smaller than no number and no number is smaller than it: the order of the candidates would choose."""
    losses = [2.0, 2.0]
    losses[other] = loss
    folders = write_candidates(tmp_path, losses)
    expected = f"{folders[other]}/summary.json: 'validation_loss' is {repr(loss)[:40]}, expected a finite number; expected a file"
    with pytest.raises(InputError) as told:
        best_candidate(folders)
    assert str(told.value).startswith(expected)


def test_a_summary_that_is_no_object_is_named(tmp_path):
    folders = write_candidates(tmp_path, [1.0])
    (folders[0] / "summary.json").write_text('["validation_loss"]')
    with pytest.raises(InputError, match=r"0/summary\.json: no validation_loss; expected a summary written by training$"):
        best_candidate(folders)


def test_a_damaged_summary_is_named(tmp_path):
    folders = write_candidates(tmp_path, [1.0, 2.0])
    (folders[1] / "summary.json").write_text('{"dropout": 0.1')
    with pytest.raises(InputError, match=r"1/summary\.json: not readable as JSON"):
        best_candidate(folders)
