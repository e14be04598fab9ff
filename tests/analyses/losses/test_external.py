"""Predictions of other programs, good and broken."""

import json

import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.analyses.losses import external

STREAMS, STEPS = 3, 5


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(1)
    test = random.integers(4, size=(STREAMS, STEPS + 1)).astype(np.uint8)
    np.save(tmp_path / "test.npy", test)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": [97, 98, 99, 100]}))
    return {
        "stream": np.repeat(np.arange(STREAMS), STEPS),
        "step": np.tile(np.arange(STEPS), STREAMS),
        "target": test[:, 1:].ravel().astype(np.int64),
        "log_prob": np.log(random.uniform(0.01, 1, STREAMS * STEPS)),
    }


@pytest.fixture
def take_over(tmp_path, call):
    words = ["--split", tmp_path, "--predictions", tmp_path / "theirs.parquet", "--out", tmp_path / "ours.parquet"]
    return lambda: call(external, *words)


def test_a_file_of_another_writer_becomes_predictions(tmp_path, take_over, table):
    """Wider integers and floats, another program's parquet, a column more, one probability rounded to just above 1."""
    table["log_prob"][3] = 1e-7
    polars.DataFrame(table | {"note": ["x"] * STREAMS * STEPS}).write_parquet(tmp_path / "theirs.parquet")
    assert take_over() is None
    found = pq.read_table(tmp_path / "ours.parquet")
    assert found.schema.types == [pa.int16(), pa.int32(), pa.uint8(), pa.float32()]
    for name in ("stream", "step", "target"):
        np.testing.assert_array_equal(found[name], table[name])
    np.testing.assert_allclose(found["log_prob"], np.minimum(table["log_prob"], 0), rtol=1e-7)


def test_the_most_likely_characters_are_taken_over_too(tmp_path, take_over, table):
    table["predicted"] = (table["target"] + 1) % 4
    polars.DataFrame(table).write_parquet(tmp_path / "theirs.parquet")
    assert take_over() is None
    found = pq.read_table(tmp_path / "ours.parquet")
    assert found["predicted"].to_pylist() == table["predicted"].tolist()
    assert found.schema.field("predicted").type == pa.uint8()
    table["predicted"][4] = 4
    polars.DataFrame(table).write_parquet(tmp_path / "theirs.parquet")
    assert take_over() == f"error: {tmp_path / 'theirs.parquet'}: found 4 as predicted, expected ids from 0 to 3, as in the split"


def without(table):
    del table["log_prob"]


def shortened(table):
    for name in table:
        table[name] = table[name][: (STREAMS - 1) * STEPS]


def another_target(table):
    table["target"][7] ^= 1


def probabilities(table):
    table["log_prob"] = np.exp(table["log_prob"])


def not_a_number(table):
    table["log_prob"][6] = np.nan


def impossible(table):
    table["log_prob"][6] = -np.inf


def as_text(table):
    table["target"] = [str(value) for value in table["target"]]


def shuffled(table):
    table["step"] = table["step"][::-1].copy()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without, "no column 'log_prob', found stream, step, target; expected stream, step, target, log_prob"),
        (shortened, "its targets are not the 15 of "),
        (another_target, "its targets are not the 15 of "),
        (probabilities, "found 0."),
        (not_a_number, "found nan as log_prob in stream 1, step 1, expected the logarithm of a probability, nats: finite and at"),
        (impossible, "found -inf as log_prob in stream 1, step 1, expected the logarithm of a probability"),
        (as_text, "column 'target': found string, expected an integer"),
        (shuffled, "the rows are not all steps of stream 0, then of stream 1"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, take_over, table, spoil, message):
    spoil(table)
    pq.write_table(pa.table(table), tmp_path / "theirs.parquet")
    found = take_over()
    assert found.startswith(f"error: {tmp_path / 'theirs.parquet'}: {message}")
    assert "\n" not in found
    assert not (tmp_path / "ours.parquet").exists()


@pytest.mark.parametrize("found", ["cut off", "of other characters"])
def test_nobody_is_told_to_delete_what_no_rule_makes(tmp_path, take_over, table, monkeypatch, found):
    """Of the split, which a rule makes, the line has the command."""
    monkeypatch.setenv("RNNSCOPE_REBUILD", "snakemake {}")
    theirs, test = tmp_path / "theirs.parquet", tmp_path / "test.npy"
    if found == "cut off":
        pq.write_table(pa.table(table), theirs)
        theirs.write_bytes(theirs.read_bytes()[:-20])
    else:
        another_target(table)
        pq.write_table(pa.table(table), theirs)
    line = take_over()
    assert line.startswith(f"error: {theirs}: ")
    assert line.endswith("; it is from elsewhere: put a whole copy in its place")
    pq.write_table(pa.table(table), theirs)
    test.write_bytes(test.read_bytes()[:-1])
    assert take_over().endswith(f"; delete it and run: snakemake {test}")
