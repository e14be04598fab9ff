import csv
import json

import pytest

from rnnscope.analyses.losses import best_models as stage
from rnnscope.analyses.losses.best_models import read_best, read_roles
from rnnscope.errors import InputError

# The test losses say the opposite of the validation losses: they must not be used.
LOSSES = {
    "lstm-3-4": (1.5, 0.1),
    "lstm-3-8": (1.25, 0.9),
    "gru-1-4": (1.0, 0.8),
    "gru-1-8": (1.125, 0.2),
    "rnn-1-4": (1.75, 0.7),
    "nnn-1": (1.5, 0.1),
    "nnn-2": (1.375, 0.9),
    "nnn-3": (1.75, 0.2),
}
NETWORKS = [model for model in LOSSES if not model.startswith("nnn")]


def write(tmp_path, losses):
    for model, (validation_loss, test_loss) in losses.items():
        folder = tmp_path / "models" / model
        folder.mkdir(parents=True, exist_ok=True)
        evaluation = {"train_loss": test_loss, "validation_loss": validation_loss, "test_loss": test_loss}
        (folder / "evaluation.json").write_text(json.dumps(evaluation))


def words(tmp_path, models=NETWORKS, candidates=("lstm-3-4", "lstm-3-8")):
    return [
        *("--models-folder", tmp_path / "models", "--candidates", *candidates, "--models", *models),
        *("--nnns", "nnn-1", "nnn-2", "nnn-3", "--ngram", "5", "--out", tmp_path / "best_models.csv"),
    ]


def test_every_role_by_validation_loss(tmp_path, call):
    write(tmp_path, LOSSES)
    assert call(stage, *words(tmp_path)) is None
    with (tmp_path / "best_models.csv").open() as file:
        rows = [tuple(row) for row in csv.reader(file)]
    assert rows == [
        ("role", "model", "validation_loss"),
        ("network", "lstm-3-8", "1.25"),
        ("ngram", "ngram-5", ""),
        ("nnn", "nnn-2", "1.375"),
        ("best lstm", "lstm-3-8", "1.25"),
        ("best gru", "gru-1-4", "1.0"),
        ("best rnn", "rnn-1-4", "1.75"),
        ("size 4", "gru-1-4", "1.0"),
        ("size 8", "gru-1-8", "1.125"),
    ]


def test_of_equals_the_first_as_given(tmp_path, call):
    write(tmp_path, {model: (1.5, test_loss) for model, (_, test_loss) in LOSSES.items()})
    assert call(stage, *words(tmp_path, NETWORKS[::-1], ("gru-1-8", "lstm-3-8", "gru-1-4"))) is None
    assert read_roles(tmp_path / "best_models.csv") == {
        "network": "gru-1-8",
        "ngram": "ngram-5",
        "nnn": "nnn-1",
        "best rnn": "rnn-1-4",
        "best gru": "gru-1-8",
        "best lstm": "lstm-3-8",
        "size 4": "rnn-1-4",
        "size 8": "gru-1-8",
    }


def test_a_missing_model_is_named(tmp_path, call):
    write(tmp_path, {model: losses for model, losses in LOSSES.items() if model != "nnn-3"})
    message = call(stage, *words(tmp_path))
    assert message.startswith(f"error: {tmp_path}/models/nnn-3/evaluation.json: no such file")
    assert not (tmp_path / "best_models.csv").exists()


def test_a_model_of_an_unknown_cell_is_named(tmp_path, call):
    write(tmp_path, LOSSES)
    assert call(stage, *words(tmp_path, [*NETWORKS, "lstn-1-4"])).startswith("error: model 'lstn-1-4': expected")


def test_roles_are_read_by_name(best_models):
    assert read_best(best_models, "best gru") == "gru-1-4"
    assert list(read_roles(best_models)) == ["network", "ngram", "nnn", "best lstm", "best gru", "best rnn"]
    with pytest.raises(InputError, match=r"best_models\.csv: no role 'best elman', found network, ngram, nnn, best lstm"):
        read_best(best_models, "best elman")
