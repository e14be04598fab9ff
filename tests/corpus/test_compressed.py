"""Files that are unpacked by the ends of their names."""

import bz2
import gzip
import lzma
import subprocess

import pyarrow as pa
import pytest

from rnnscope.corpus.compressed import append_text, is_compressed
from rnnscope.errors import InputError

TEXT = ("Хорошо, сказал он.\n" * 5000).encode()


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


PACK = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress, ".zst": zstd}


@pytest.mark.parametrize("suffix", PACK)
def test_a_compressed_file_is_unpacked(tmp_path, suffix):
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(PACK[suffix](TEXT))
    with (tmp_path / "out").open("wb") as output:
        output.write(b"before ")
        append_text(path, output)
    assert (tmp_path / "out").read_bytes() == b"before " + TEXT
    assert is_compressed(path.name.upper())
    assert not is_compressed("text.txt")


@pytest.mark.parametrize("suffix", PACK)
def test_a_damaged_file_is_one_line(tmp_path, suffix):
    path, packed = tmp_path / f"text.txt{suffix}", PACK[suffix](TEXT)
    for damaged in (packed[: len(packed) // 2], b"no such format", packed[:20]):
        path.write_bytes(damaged)
        with (
            (tmp_path / "out").open("wb") as output,
            pytest.raises(InputError, match=f"not readable as its name says, {suffix}") as caught,
        ):
            append_text(path, output)
        assert "\n" not in str(caught.value)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path):
    (tmp_path / "zeros.gz").write_bytes(gzip.compress(bytes(10**7)))
    with (tmp_path / "out").open("wb") as output, pytest.raises(InputError, match="more than 1,000 bytes unpacked"):
        append_text(tmp_path / "zeros.gz", output, limit=1000)
    assert (tmp_path / "out").stat().st_size <= 2**20


def test_files_of_other_programs(tmp_path):
    """Two members one after another, as `cat a.gz b.gz` makes them; of gzip itself, where it is installed."""
    (tmp_path / "a.txt").write_bytes(TEXT)
    packed = subprocess.run(["gzip", "-c", tmp_path / "a.txt"], capture_output=True, check=True).stdout
    (tmp_path / "two.gz").write_bytes(packed + packed)
    with (tmp_path / "out").open("wb") as output:
        append_text(tmp_path / "two.gz", output)
    assert (tmp_path / "out").read_bytes() == TEXT + TEXT
