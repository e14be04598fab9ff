import csv

import pytest

from rnnscope.analyses.losses import learning_curves

MODELS = ["lstm-2-128", "gru-1-64", "rnn-3-64"]


@pytest.fixture
def words(tmp_path):
    return ["--models-folder", tmp_path / "models", "--models", *MODELS, "--out", tmp_path / "learning_curves.csv"]


def test_every_epoch_of_every_model_beside_what_the_model_is(tmp_path, call, trained, words):
    for model in MODELS:
        trained(model)
    assert call(learning_curves, *words) is None
    expected = []
    for model in MODELS:
        cell, layers, size = model.split("-")
        with (tmp_path / "models" / model / "history.csv").open() as file:
            for row in csv.DictReader(file):
                losses = (float(row["learning_rate"]), float(row["train_loss"]), float(row["validation_loss"]))
                expected.append((model, cell, int(layers), int(size), int(row["epoch"]), *losses))
    with (tmp_path / "learning_curves.csv").open() as file:
        reader = csv.DictReader(file)
        found = [tuple(row.values()) for row in reader]
    assert reader.fieldnames == [
        *("model", "cell", "layers", "size"),
        *("epoch", "learning_rate", "train_loss", "validation_loss"),
    ]
    assert [(*row[:2], *map(int, row[2:5]), *map(float, row[5:])) for row in found] == expected


def test_columns_beyond_the_table_are_left_out(tmp_path, call, trained, words):
    for model in MODELS:
        trained(model)
        path = tmp_path / "models" / model / "history.csv"
        head, *rows = path.read_text().splitlines()
        path.write_text("\n".join([f"{head},seconds", *(f"{row},12.5" for row in rows)]) + "\n")
    assert call(learning_curves, *words) is None
    assert "seconds" not in (tmp_path / "learning_curves.csv").read_text()


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda text: text[:-5], "the last line has no end"),
        (lambda text: text.replace("validation_loss", "loss"), "no column 'validation_loss'"),
        (lambda text: "", "the last line has no end"),
        (lambda text: text + "4,1,2,3,4,5,6\n", "not readable as CSV"),
    ],
)
def test_damaged_history_ends_in_one_line(tmp_path, call, trained, words, damage, expected):
    for model in MODELS:
        trained(model)
    path = tmp_path / "models/gru-1-64/history.csv"
    path.write_text(damage(path.read_text()))
    message = call(learning_curves, *words)
    assert message.startswith(f"error: {path}: {expected}")
    assert "\n" not in message
    assert not (tmp_path / "learning_curves.csv").exists()
