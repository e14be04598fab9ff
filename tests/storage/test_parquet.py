import hashlib
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.damage import check_never_read_as_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.errors import InputError
from rnnscope.storage.checksums import footer_digest, read_record, record_path
from rnnscope.storage.files import check_footer, mismatch_error
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
    check_never_read_as_whole(path, ["step", "log_prob"], TABLE, data)


def footer_of(path):
    """The first byte of a parquet file's footer."""
    content = path.read_bytes()
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def test_a_flipped_bit_in_any_byte_of_a_footer_is_found(tmp_path):
    """The checksums of pages do not cover it, and pyarrow reads other values without an error after one flip in a thousand."""
    path = tmp_path / "predictions.parquet"
    write_parquet(TABLE, path)
    whole = path.read_bytes()
    for index in range(footer_of(path), len(whole)):
        content = bytearray(whole)
        content[index] ^= 1 << index % 8
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"predictions\.parquet: damaged: found a footer"):
            check_footer(path)
    path.write_bytes(whole)
    assert read_parquet(path, ["step"]).equals(TABLE.select(["step"]))


def test_the_record_has_the_digest_of_the_footer(tmp_path):
    path = tmp_path / "predictions.parquet"
    write_parquet(TABLE, path)
    expected = hashlib.sha256(path.read_bytes()[footer_of(path) :]).hexdigest()
    assert read_record(path)["footer"] == footer_digest(path) == expected
    for content in (b"", b"PAR1", b"abcdefgPAR1", b"\xff\xff\xff\x7fPAR1", b"a text"):
        path.write_bytes(content)
        assert footer_digest(path) is None


def test_of_a_file_without_the_digest_of_its_footer_everything_is_compared(tmp_path):
    """As earlier versions wrote records."""
    path = tmp_path / "predictions.parquet"
    write_parquet(TABLE, path)
    record_path(path).write_text(json.dumps({"sha256": read_record(path)["sha256"]}))
    read_parquet(path, ["step"])
    content = bytearray(path.read_bytes())
    content[footer_of(path) + 30] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"predictions\.parquet: damaged: found SHA-256"):
        read_parquet(path, ["step"])


def test_types_numbers_of_rows_names_and_missing_values_are_checked(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(TABLE, path)
    with pytest.raises(InputError, match=r"other\.parquet: column 'step': found int32, expected int16"):
        read_parquet(path, {"step": pa.int16()})
    pq.write_table(pa.table({"step": pa.array([1, None, 3], pa.int32())}), path)
    with pytest.raises(InputError, match=r"column 'step': found 1 missing values, expected none"):
        read_parquet(path, {"step": pa.int32()})
    pq.write_table(pa.Table.from_arrays([STEPS, STEPS], ["a", "a"]), path)
    with pytest.raises(InputError, match="found columns a, a; expected different names"):
        read_parquet(path, ["a"])


def test_a_small_file_of_very_many_rows_is_refused(tmp_path):
    path = tmp_path / "bomb.parquet"
    group = pa.table({"step": pa.repeat(True, 1_000_000)})
    with pq.ParquetWriter(path, group.schema, compression="zstd") as writer:
        for _ in range(11):
            writer.write_table(group)
    with pytest.raises(
        InputError, match=r"bomb\.parquet: found 11,000,000 rows, expected at most 10,[0-9]{3},[0-9]{3} in a file"
    ):
        open_parquet(path, ["step"])


def test_of_two_files_that_do_not_fit_the_damaged_or_the_stale_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNSCOPE_REBUILD", "make {}")
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    for path, time in ((old, 1_000), (new, 2_000)):
        write_parquet(TABLE, path)
        os.utime(path, (time, time))
    stale = f"{old}: stale, the older of two files that do not fit each other ({new}: 3 rows); delete it and run: make {old}"
    assert str(mismatch_error(new, old, "3 rows", same_source=True)) == stale
    expected = f"{old}: 3 rows; it is stale; delete it and run: make {old}"
    assert str(mismatch_error(old, new, "3 rows", same_source=True)) == expected
    assert str(mismatch_error(old, new, "3 rows")) == expected
    assert str(mismatch_error(new, old, "3 rows")) == expected.replace("old", "new")
    content = bytearray(new.read_bytes())
    content[100] ^= 1
    new.write_bytes(content)
    for same_source in (True, False):
        assert str(mismatch_error(old, new, "3 rows", same_source=same_source)).startswith(f"{new}: damaged: found SHA-256")
