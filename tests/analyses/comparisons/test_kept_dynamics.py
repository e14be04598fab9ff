import csv
import io
import json

import pytest

from rnnscope.analyses.comparisons import kept_dynamics

LOSS = {1: 2.5, 2: 2.25, 3: 2.0}  # of the n-NNs
SNAPSHOT_LOSS = [3.0, 2.75]
HEADER = "model,snapshot,characters,epoch,n,symmetric_divergence,loss_difference,snapshot_loss,nearest"


def row(snapshot, n):
    loss = SNAPSHOT_LOSS[snapshot - 1]
    return f"gru-1-4,{snapshot},{60 * snapshot},{snapshot / 2},{n},{0.5 * n},{LOSS[n] - loss},{loss},False"


ROWS = [row(snapshot, n) for snapshot in (1, 2) for n in LOSS]


@pytest.fixture
def take_over(call, tmp_path):
    """Takes over a table of these lines, with the n-NNs that there are and some flags; returns the error's line."""
    for n, loss in LOSS.items():
        (tmp_path / f"models/nnn-{n}").mkdir(parents=True)
        (tmp_path / f"models/nnn-{n}/evaluation.json").write_text(json.dumps({"test_loss": loss + 5e-5}))

    def take(lines, nnns=(1, 2, 3), **changes):
        (tmp_path / "kept.csv").write_text("\n".join([HEADER, *lines]) + "\n")
        flags = {"model": "gru-1-4", "epochs": 1, "snapshots": 2} | changes
        words = ["--kept", tmp_path / "kept.csv", "--models-folder", tmp_path / "models", "--out", tmp_path / "out.csv"]
        words += ["--nnns", *(f"nnn-{n}" for n in nnns), *(word for key, value in flags.items() for word in (f"--{key}", value))]
        return call(kept_dynamics, *words)

    return take


def test_the_rows_of_the_n_nns_that_there_are(take_over, tmp_path):
    assert take_over(ROWS, (1, 2)) is None
    found = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text())))
    expected = list(csv.reader(io.StringIO("\n".join([HEADER, row(1, 1), row(1, 2), row(2, 1), row(2, 2)]))))
    assert found == expected


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        (ROWS, {"model": "gru-2-4"}, "model ['gru-1-4'], expected ['gru-2-4'] as the section dynamics says"),
        (ROWS, {"snapshots": 3}, "snapshots 2, expected 3 as the section dynamics says"),
        (ROWS, {"epochs": 2}, "epochs 1.0, expected 2 as the section dynamics says"),
        (ROWS[:-1], {}, "expected a row of the 3-NN for each of 2 snapshots"),
        ([*ROWS, ROWS[0]], {}, "expected a row of the 1-NN for each of 2 snapshots"),
        (
            [*ROWS[:4], ROWS[4].replace(",-0.5,", ",-0.4997,"), ROWS[5]],
            {},
            "test loss of the 2-NN 2.250300, expected 2.250050 as",
        ),
        ([*ROWS[:5], ROWS[5].replace("120", "many")], {}, "column 'characters': found 'many'"),
    ],
)
def test_what_does_not_fit_is_one_line(take_over, tmp_path, lines, changes, message):
    found = take_over(lines, **changes)
    assert found.startswith(f"error: {tmp_path / 'kept.csv'}: {message}")
    assert not (tmp_path / "out.csv").exists()
