"""Files of `plain_parquet`, read by programs that share no code with it."""

import io

import duckdb
import numpy as np
import polars
import pyarrow.parquet as pq
import pytest
from helpers.damage import check_never_read_as_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.storage.plain_parquet import KINDS, PlainWriter, plain_writer
from rnnscope.storage.thrift import varint, zigzag

READERS = {
    "pyarrow": lambda path: pq.read_table(path),
    "polars": lambda path: polars.read_parquet(path),
    "duckdb": lambda path: duckdb.sql(f"select * from '{path}'").df(),
}


def draw(random, dtype, rows):
    if dtype.startswith("float"):
        return random.standard_normal(rows).astype(dtype)
    bounds = np.iinfo(dtype)
    return random.integers(bounds.min, bounds.max, rows, dtype=dtype, endpoint=True)


def write(path, columns, groups):
    with plain_writer(path, columns) as writer:
        for group in groups:
            writer.write(group)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("sizes", [[1], [5, 1, 7], [20_000, 40_000]])
def test_others_read_every_dtype(tmp_path, reader, sizes):
    random = np.random.default_rng(1)
    columns = {f"{dtype}_{copy}": dtype for dtype in KINDS for copy in range(4)}
    groups = [[draw(random, dtype, rows) for dtype in columns.values()] for rows in sizes]
    write(tmp_path / "plain.parquet", columns, groups)
    table = READERS[reader](tmp_path / "plain.parquet")
    for index, (name, dtype) in enumerate(columns.items()):
        np.testing.assert_array_equal(np.asarray(table[name]).astype(dtype), np.concatenate([group[index] for group in groups]))


def test_special_values_of_floats_are_kept(tmp_path):
    values = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 6e-8, 65504], np.float16)
    write(tmp_path / "plain.parquet", {"a": "float16", "b": "float32"}, [[values, values.astype(np.float32)]])
    table = pq.read_table(tmp_path / "plain.parquet")
    assert table["a"].to_numpy().tobytes() == values.tobytes()
    assert table["b"].to_numpy().tobytes() == values.astype(np.float32).tobytes()


def test_what_the_footer_says(tmp_path):
    columns = {"stream": "int16", "x" * 300: "float16"}
    write(tmp_path / "plain.parquet", columns, [[np.array([-5, 3], np.int16), np.zeros(2, np.float16)]] * 3)
    metadata = pq.read_metadata(tmp_path / "plain.parquet")
    assert (metadata.num_rows, metadata.num_row_groups, metadata.created_by) == (6, 3, "rnnscope")
    assert metadata.schema.to_arrow_schema().names == list(columns)
    integers, floats = metadata.row_group(2).column(0), metadata.row_group(2).column(1)
    statistics = integers.statistics
    assert (statistics.min, statistics.max, statistics.null_count) == (-5, 3, 0)
    assert (integers.compression, floats.compression, floats.is_stats_set) == ("ZSTD", "UNCOMPRESSED", False)
    assert floats.total_compressed_size == floats.total_uncompressed_size


def test_readers_skip_row_groups_by_the_statistics(tmp_path):
    """polars and DuckDB find the rows of one group although the values of another are damaged."""
    path = tmp_path / "plain.parquet"
    groups = [[np.full(100, group, np.int16), np.full(100, group, np.float32)] for group in range(3)]
    write(path, {"stream": "int16", "c": "float32"}, groups)
    chunk = pq.read_metadata(path).row_group(0).column(1)
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset : chunk.data_page_offset + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(content)
    assert duckdb.sql(f"select count(*), min(c), max(c) from '{path}' where stream = 2").fetchall() == [(100, 2, 2)]
    found = polars.scan_parquet(path).filter(polars.col("stream") == 2).collect()
    assert found["c"].to_list() == [2.0] * 100


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_never_read_as_if_it_were_whole(tmp_path_factory, data):
    """Truncated anywhere, or one bit flipped anywhere: either an error that names the file, or the very same table."""
    path = tmp_path_factory.mktemp("damaged") / "plain.parquet"
    random = np.random.default_rng(2)
    columns = {"step": "int32", "c_0": "float16", "c_1": "float32"}
    write(path, columns, [[draw(random, dtype, 300) for dtype in columns.values()] for _ in range(2)])
    check_never_read_as_whole(path, list(columns), pq.read_table(path), data)


def test_columns_of_different_lengths_are_refused():
    writer = PlainWriter(io.BytesIO(), {"a": "float16", "b": "float16"})
    with pytest.raises(ValueError, match="found 2 columns, expected 2 of 3 values"):
        writer.write([np.zeros(3, np.float16), np.zeros(2, np.float16)])


def test_numbers_as_the_specification_of_thrift_has_them():
    assert [varint(number) for number in (0, 1, 127, 128, 300)] == [b"\0", b"\1", b"\x7f", b"\x80\1", b"\xac\2"]
    assert [zigzag(number) for number in (0, -1, 1, -2, 2147483647, -2147483648)] == [
        b"\0", b"\1", b"\2", b"\3", b"\xfe\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x0f",
    ]  # fmt: skip
