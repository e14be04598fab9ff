import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream
from helpers.synthetic_activations import write_layer

from rnnscope.activations import dump
from rnnscope.activations.reader import row_groups
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


def test_memory_is_bounded_by_row_groups(tmp_path, monkeypatch):
    """1,500 bytes hold 20 characters of 2 layers x 3 units x 6 quantities of 2 bytes: one of these streams at a time."""
    monkeypatch.setattr(dump, "BYTES_AT_ONCE", 1500)
    network, test = draw("lstm", steps=50)
    assert dump.at_once(network.shape, test, 6, "float16") == (1, 3)
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    sizes = [len(group["step"]) for group in row_groups(tmp_path / "layer-1.parquet", ["h"])]
    assert sizes == [18, 18, 14] * 4


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_pandas_and_numpy_read_a_dump(tmp_path, precision):
    """As docs/tables.md says."""
    network, test = draw("gru")
    dump.write_dump(network, test, 6, precision, CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    table = pd.read_parquet(path)
    assert list(table.columns) == ["stream", "step", "character", "r", "z", "candidate", "h"]
    assert pq.read_schema(path).field("h").metadata[b"dtype"].decode() == precision
    _, activations = network(torch.from_numpy(test[:, :-1].T.astype(np.int64)), network.zero_state(4))
    for name, values in activations[0].items():
        found = np.frombuffer(b"".join(table[name]), precision).reshape(len(table), -1)
        expected = values.detach().numpy().transpose(1, 0, 2).reshape(80, 3)
        np.testing.assert_allclose(found, expected, rtol=2**-11 if precision == "float16" else 1e-6, atol=1e-6)


def test_a_part_of_a_row_group_is_read_from_its_offset(tmp_path):
    """A file rewritten by another program, with fewer rows and other groups."""
    values = np.arange(60, dtype=np.float32).reshape(20, 3)
    write_layer(tmp_path, 1, 4, 5, {"h": values}, np.float32)
    path = tmp_path / "layer-1.parquet"
    pq.write_table(pq.read_table(path).slice(7), path, row_group_size=4)
    table, groups = joined(path, ["h"])
    assert groups == 4
    np.testing.assert_array_equal(table["h"], values[7:])


def test_a_column_that_is_no_quantity_is_named(tmp_path):
    write_layer(tmp_path, 1, 4, 5, {"h": np.zeros((20, 3))})
    path = tmp_path / "layer-1.parquet"
    with pytest.raises(InputError, match=r"layer-1\.parquet: column 'step': found int32, dtype none; expected the bytes"):
        next(row_groups(path, ["step"]))


def test_a_missing_quantity_and_a_truncated_file_are_named(tmp_path):
    network, test = draw("rnn")
    dump.write_dump(network, test, 6, "float16", CPU, tmp_path)
    path = tmp_path / "layer-1.parquet"
    with pytest.raises(InputError, match=r"layer-1\.parquet: no column 'i', found stream, step, character, h"):
        next(row_groups(path, ["i"]))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"layer-1\.parquet: damaged: found a footer"):
        next(row_groups(path, ["h"]))
