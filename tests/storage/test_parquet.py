import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.errors import InputError
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet

STEPS = pa.array(range(5000), pa.int32())
LOG_PROB = pa.array([-(step % 97) / 10 for step in range(5000)], pa.float32())
TABLE = pa.table({"step": STEPS, "log_prob": LOG_PROB})


def test_pyarrow_reads_what_is_written(tmp_path):
    path = tmp_path / "predictions.parquet"
    write_parquet(TABLE, path)
    assert pq.read_table(path).equals(TABLE)
    assert read_parquet(path, ["log_prob"]).equals(TABLE.select(["log_prob"]))


def test_a_missing_column_or_file_is_named(tmp_path):
    path = tmp_path / "predictions.parquet"
    with pytest.raises(InputError, match=r"predictions\.parquet: no such file"):
        open_parquet(path, ["step"])
    write_parquet(TABLE, path)
    with pytest.raises(InputError, match=r"predictions\.parquet: no column 'target', found step, log_prob; expected target"):
        open_parquet(path, ["target"])


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_never_read_as_if_it_were_whole(tmp_path_factory, data):
    """Truncated anywhere, or one bit flipped anywhere: either an error that names the file, or the very same table."""
    path = tmp_path_factory.mktemp("damaged") / "predictions.parquet"
    write_parquet(TABLE, path)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:position]
    else:
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    message = None
    try:
        table = read_parquet(path, ["step", "log_prob"])
    except InputError as error:
        message = str(error)
    if message is None:
        assert table.equals(TABLE)
    else:
        assert "predictions.parquet" in message
        assert "\n" not in message
