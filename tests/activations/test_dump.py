import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from helpers.damage import middles_of_columns
from helpers.plain_network import plain_weights, run_stream
from helpers.synthetic_activations import write_layer

from rnnscope.activations import dump
from rnnscope.activations.reader import read_units, row_groups, units_by_quantity
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape

CPU = torch.device("cpu")


def draw(cell, layers=2, hidden_width=3, streams=4, steps=20):
    network = Network(Shape(cell, layers, hidden_width, 5), generator=torch.Generator().manual_seed(1)).eval()
    test = np.random.default_rng(2).integers(5, size=(streams, steps + 1)).astype(np.uint8)
    return network, test


def joined(path, quantities):
    groups = list(row_groups(path, quantities))
    return {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}, len(groups)


@pytest.mark.parametrize("bytes_at_once", [1, 500, 1500, 2**28])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_gate_and_state_of_every_character(tmp_path, monkeypatch, cell, bytes_at_once):
    """Whatever fits in memory, the rows are those of the plain equations, in stream-then-step order."""
    monkeypatch.setattr(dump, "BYTES_AT_ONCE", bytes_at_once)
    network, test = draw(cell)
    dump.write_dump(network, test, 6, "float32", CPU, tmp_path)
    layers, softmax = plain_weights(network)
    expected = [run_stream(cell, layers, softmax, ids[:-1].tolist())[1] for ids in test]
    for depth in range(2):
        quantities = list(expected[0][0][depth])
        table, _ = joined(tmp_path / f"layer-{depth + 1}.parquet", quantities)
        np.testing.assert_array_equal(table["stream"], np.repeat(np.arange(4), 20))
        np.testing.assert_array_equal(table["step"], np.tile(np.arange(20), 4))
        np.testing.assert_array_equal(table["character"], test[:, :-1].ravel())
        for name in quantities:
            values = np.array([step[depth][name].detach().numpy() for stream in expected for step in stream])
            assert table[name].dtype == np.float32
            np.testing.assert_allclose(table[name], values, rtol=0, atol=1e-6)


def test_memory_is_bounded_and_row_groups_are_of_about_the_same_size(tmp_path, monkeypatch):
    """1,500 bytes hold 20 characters of 2 layers x 3 units x 6 quantities of 2 bytes: one of these streams at a time."""
    monkeypatch.setattr(dump, "BYTES_AT_ONCE", 1500)
    network, test = draw("lstm", steps=50)
    assert dump.at_once(network.shape, test, 6, "float16") == (1, 3)
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    sizes = [len(group["step"]) for group in row_groups(tmp_path / "layer-1.parquet", ["h"])]
    assert sizes == [18, 18, 14] * 4


def test_a_row_group_may_hold_several_streams_and_end_in_one(tmp_path, monkeypatch):
    monkeypatch.setattr(dump, "ROWS_OF_A_GROUP", 70)
    network, test = draw("lstm", steps=50)
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    table, groups = joined(tmp_path / "layer-1.parquet", ["h"])
    assert groups == round(4 * 50 / 70)
    np.testing.assert_array_equal(table["character"], test[:, :-1].ravel())
    np.testing.assert_array_equal(table["step"], np.tile(np.arange(50), 4))


def computed(network, test):
    """Every activation of the first layer, (rows, H), of the network itself."""
    _, activations = network(torch.from_numpy(test[:, :-1].T.astype(np.int64)), network.zero_state(len(test)))
    return {name: values.detach().numpy().transpose(1, 0, 2).reshape(-1, 3) for name, values in activations[0].items()}


READERS = {
    "pandas": lambda path, columns: pd.read_parquet(path, columns=columns),
    "polars": lambda path, columns: polars.read_parquet(path, columns=columns).to_pandas(),
    "duckdb": lambda path, columns: duckdb.sql(f"select {', '.join(columns)} from '{path}'").df(),
}


@pytest.mark.parametrize("precision", ["float16", "float32"])
@pytest.mark.parametrize("reader", READERS)
def test_others_read_one_unit_without_help(tmp_path, reader, precision):
    """As docs/tables.md says."""
    network, test = draw("gru")
    dump.write_dump(network, test, 6, precision, CPU, tmp_path)
    table = READERS[reader](tmp_path / "layer-1.parquet", ["stream", "character", "candidate_2"])
    assert list(table.columns) == ["stream", "character", "candidate_2"]
    np.testing.assert_array_equal(table["stream"], np.repeat(np.arange(4), 20))
    np.testing.assert_array_equal(table["character"], test[:, :-1].ravel())
    expected = computed(network, test)["candidate"][:, 2].astype(precision)
    np.testing.assert_allclose(table["candidate_2"].astype(precision), expected, rtol=1e-3 if precision == "float16" else 1e-6)


def test_a_column_a_unit_and_no_more(tmp_path):
    """The position is worth compression and statistics; values that hardly repeat are not."""
    network, test = draw("gru")
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    units = [f"{name}_{unit}" for name in ("r", "z", "candidate", "h") for unit in range(3)]
    schema = pq.read_schema(path)
    assert schema.names == ["stream", "step", "character", *units]
    assert {schema.field(name).type for name in units} == {pa.float16()}
    group = pq.read_metadata(path).row_group(0)
    chunks = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
    assert [name for name, chunk in chunks.items() if chunk.compression == "ZSTD"] == ["stream", "step", "character"]
    assert not any(chunk.has_dictionary_page for chunk in chunks.values())
    assert [name for name, chunk in chunks.items() if chunk.is_stats_set] == ["stream", "step", "character"]
    assert (chunks["stream"].statistics.min, chunks["stream"].statistics.max) == (0, 3)


def test_some_units_of_some_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(dump, "ROWS_OF_A_GROUP", 30)
    network, test = draw("gru")
    dump.write_dump(network, test, 6, "float32", CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    assert units_by_quantity(path) == {"r": 3, "z": 3, "candidate": 3, "h": 3}
    expected = computed(network, test)
    groups = list(row_groups(path, ["h", "z"]))
    for name in ("h", "z"):
        np.testing.assert_allclose(np.concatenate([group[name] for group in groups]), expected[name], atol=1e-6)
        np.testing.assert_allclose(read_units(path, name, [2, 0]), expected[name][:, [2, 0]], atol=1e-6)
    np.testing.assert_allclose(read_units(path, "candidate", [1]), expected["candidate"][:, [1]], atol=1e-6)
    np.testing.assert_allclose(read_units(path, "r"), expected["r"], atol=1e-6)


def test_a_part_of_a_row_group_is_read_from_its_offset(tmp_path):
    """A file rewritten by another program, with fewer rows and other groups."""
    values = np.arange(60, dtype=np.float32).reshape(20, 3)
    write_layer(tmp_path, 1, 4, 5, {"h": values}, np.float32)
    path = tmp_path / "layer-1.parquet"
    pq.write_table(pq.read_table(path).slice(7), path, row_group_size=4)
    table, groups = joined(path, ["h"])
    assert groups == 4
    np.testing.assert_array_equal(table["h"], values[7:])


def test_a_column_that_holds_no_floats_is_named(tmp_path):
    write_layer(tmp_path, 1, 4, 5, {"h": np.zeros((20, 3))}, np.float64)
    path = tmp_path / "layer-1.parquet"
    with pytest.raises(InputError, match=r"layer-1\.parquet: column 'h_0': found double, expected float16 or float32"):
        next(row_groups(path, ["h"]))


def test_a_missing_quantity_or_unit_and_a_truncated_file_are_named(tmp_path):
    network, test = draw("rnn")
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    with pytest.raises(InputError, match=r"layer-1\.parquet: no gate or state 'i', found h$"):
        next(row_groups(path, ["i"]))
    with pytest.raises(InputError, match=r"layer-1\.parquet: no column 'h_3'; found 3 units of 'h'$"):
        read_units(path, "h", [0, 3])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"layer-1\.parquet: damaged: found a footer"):
        next(row_groups(path, ["h"]))


def test_a_flipped_bit_in_a_unit_is_noticed_when_it_is_read(tmp_path):
    network, test = draw("rnn")
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    names = pq.read_schema(path).names
    place = middles_of_columns(path)[names.index("h_1")]
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert read_units(path, "h", [0, 2]).shape == (80, 2)
    with pytest.raises(InputError, match=r"layer-1\.parquet: row group 0 is damaged"):
        read_units(path, "h", [0, 1])
