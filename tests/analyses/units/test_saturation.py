import csv
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.synthetic_activations import with_quantities
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnscope.analyses.units import saturation
from rnnscope.analyses.units.saturation import count_saturated

QUANTITIES = {"lstm": ["i", "f", "o", "g", "c", "h"], "gru": ["r", "z", "candidate", "h"]}
NAMES = {"i": "input", "f": "forget", "o": "output", "z": "update", "r": "reset"}


def nearest(value, dtype):
    """The stored numbers at a limit and next to it on both sides."""
    limit = np.array(value, dtype)
    return [limit, np.nextafter(limit, np.array(0, dtype)), np.nextafter(limit, np.array(1, dtype))]


@st.composite
def gate_activations(draw):
    dtype = np.dtype(draw(st.sampled_from(["float16", "float32"])))
    critical = [float(value) for limit in (0.1, 0.9) for value in nearest(limit, dtype)] + [0.0, 1.0]
    anywhere = st.floats(0, 1, width=dtype.itemsize * 8)
    shape = draw(arrays.array_shapes(min_dims=2, max_dims=2, max_side=12))
    return draw(arrays.arrays(dtype, shape, elements=st.sampled_from(critical) | anywhere))


@given(gate_activations(), st.data())
def test_counts_against_a_loop_however_the_rows_are_cut(activations, data):
    rows, units = activations.shape
    cuts = sorted(data.draw(st.lists(st.integers(0, rows), max_size=3)))
    blocks = [{"f": block} for block in np.split(activations, cuts)]
    left_limit, right_limit = (float(np.array(limit, activations.dtype)) for limit in (0.1, 0.9))
    expected = [[0] * units, [0] * units]
    for row in activations.tolist():
        for unit, value in enumerate(row):
            expected[0][unit] += value > right_limit
            expected[1][unit] += value < left_limit
    total, counts = count_saturated(blocks, ["f"])
    assert total == rows
    assert counts["f"].tolist() == expected


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_stored_limits_are_not_saturated_and_their_neighbours_are(dtype):
    (left, below_left, above_left), (right, below_right, above_right) = (nearest(limit, np.dtype(dtype)) for limit in (0.1, 0.9))
    column = np.array([[left], [below_left], [above_left], [right], [below_right], [above_right]])
    _, counts = count_saturated([{"z": column}], ["z"])
    assert counts["z"].tolist() == [[1], [1]]


def test_float16_moves_a_limit_by_at_most_what_the_documentation_says():
    true = np.linspace(0, 1, 1_000_001)
    _, counts = count_saturated([{"f": true.astype(np.float16)[np.newaxis]}], ["f"])
    right, left = counts["f"].astype(bool)
    assert abs(true[right].min() - 0.9) <= 1.5e-4
    assert abs(true[left].max() - 0.1) <= 1.5e-4


def write_layer(path, cell, rows, hidden, seed, dtype=np.float16, row_group_size=7):
    random = np.random.default_rng(seed)
    values = {name: random.uniform(0, 1, (rows, hidden)).astype(dtype) for name in QUANTITIES[cell]}
    columns = {
        "stream": np.zeros(rows, np.int16),
        "step": np.arange(rows, dtype=np.int32),
        "character": np.zeros(rows, np.uint8),
    }
    path.parent.mkdir(exist_ok=True)
    pq.write_table(with_quantities(columns, values, dtype), path, row_group_size=row_group_size)
    return values


def test_table_of_two_models_against_loops(tmp_path, call):
    layers = {("lstm-10-8", layer): ("lstm", 3) for layer in range(1, 11)} | {("gru-1-8", 1): ("gru", 5)}
    stored = {
        (model, layer): write_layer(tmp_path / model / f"layer-{layer}.parquet", cell, 30, hidden, seed=layer)
        for (model, layer), (cell, hidden) in layers.items()
    }
    out, counts = tmp_path / "saturation.csv", tmp_path / "counts.csv"
    words = ["--activations", tmp_path / "lstm-10-8", tmp_path / "gru-1-8", "--out", out, "--counts", counts]
    assert call(saturation, *words) is None
    expected = []
    for (model, layer), values in stored.items():
        cell, hidden = layers[model, layer]
        for gate in {"lstm": "ifo", "gru": "rz"}[cell]:
            for unit in range(hidden):
                column = values[gate][:, unit].astype(float)
                right = sum(value > float(np.float16(0.9)) for value in column)
                left = sum(value < float(np.float16(0.1)) for value in column)
                expected.append((model, cell, str(layer), NAMES[gate], str(unit), right / 30, left / 30))
    with out.open() as file:
        found = [tuple(row.values()) for row in csv.DictReader(file)]
    assert [row[:5] for row in found] == [row[:5] for row in expected]
    for row, reference in zip(found, expected, strict=True):
        assert math.isclose(float(row[5]), reference[5], rel_tol=1e-15)
        assert math.isclose(float(row[6]), reference[6], rel_tol=1e-15)


def test_counts_of_mostly_and_always_saturated_units(tmp_path, call):
    """Gates that are open, or shut, at a known share of the characters."""
    shares = np.array([1, 0.91, 0.9, 0.5, 0])
    rows = np.arange(100)[:, np.newaxis] < 100 * shares
    values = {"r": np.where(rows, 0.95, 0.5), "z": np.where(rows, 0.05, 0.5), "candidate": rows, "h": rows}
    columns = {"stream": np.zeros(100, np.int16), "step": np.arange(100, dtype=np.int32), "character": np.zeros(100, np.uint8)}
    (tmp_path / "gru-1-8").mkdir()
    pq.write_table(with_quantities(columns, values), tmp_path / "gru-1-8" / "layer-1.parquet")
    words = ["--activations", tmp_path / "gru-1-8", "--out", tmp_path / "units.csv", "--counts", tmp_path / "counts.csv"]
    assert call(saturation, *words) is None
    with (tmp_path / "counts.csv").open() as file:
        reset, update = csv.DictReader(file)
    assert (update["gate"], reset["gate"]) == ("update", "reset")
    names = ["units", "mostly_right", "mostly_left", "always_right", "always_left"]
    assert [update[name] for name in names] == ["5", "0", "2", "0", "1"]
    assert [reset[name] for name in names] == ["5", "2", "0", "1", "0"]
    assert float(reset["mean_saturated_fraction"]) == pytest.approx(shares.mean())


@pytest.mark.parametrize(
    ("folder", "message"),
    [("rnn-2-64", "found a model of cell 'rnn', expected one with gates"), ("gru-2-64", "no file layer-<l>.parquet")],
)
def test_folder_without_gates_or_files_is_refused(tmp_path, call, folder, message):
    words = ["--out", tmp_path / "saturation.csv", "--counts", tmp_path / "counts.csv"]
    found = call(saturation, "--activations", tmp_path / folder, *words)
    assert found.startswith(f"error: {tmp_path / folder}: {message}")


def test_bad_activations_end_in_one_line(tmp_path, call):
    outputs = ["--out", tmp_path / "saturation.csv", "--counts", tmp_path / "counts.csv"]
    words = ["--activations", tmp_path / "gru-1-8", *outputs]
    path = tmp_path / "gru-1-8" / "layer-1.parquet"
    write_layer(path, "lstm", 30, 3, seed=0)
    no_column = call(saturation, *words)
    write_layer(path, "gru", 30, 3, seed=0)
    schema = pq.read_schema(path)
    path.write_bytes(path.read_bytes()[:-100])
    truncated = call(saturation, *words)
    pq.ParquetWriter(path, schema).close()
    empty = call(saturation, *words)
    assert no_column.startswith(f"error: {path}: no gate or state 'r', found i, f, o, g, c, h")
    assert truncated.startswith(f"error: {path}: not readable as parquet")
    assert empty.startswith(f"error: {path}: no rows")
    assert not any("\n" in message for message in (no_column, truncated, empty))
    assert not (tmp_path / "saturation.csv").exists()
