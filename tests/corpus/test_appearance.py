"""What a text looks like that was not declared to be so."""

import bz2
import codecs
import gzip
import io
import lzma
import tarfile

import numpy as np
import pytest
from corpus.test_compressed import zstd
from corpus.test_zip_archive import packed

from rnnscope.corpus.appearance import describe_appearance

PROSE = "The old man sat by the river.\r\n\tHe counted — again — 41 boats.\f\n" * 20
RUSSIAN = "Старик сидел у реки и считал лодки.\n" * 40


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [PROSE.encode(), RUSSIAN.encode(), b"x", b"", b"\x1b[31mred\x1b[0m", codecs.BOM_UTF8 + b"x", RUSSIAN.encode()[:-2]]
)
def test_an_ordinary_text(tmp_path, content):
    (tmp_path / "text").write_bytes(content)
    assert describe_appearance(tmp_path / "text", None) is None


@pytest.mark.parametrize(
    ("content", "encoding", "beginning", "remedy"),
    [
        (gzip.compress(b"x"), None, "looks like a gzip file", "ends in .gz"),
        (gzip.compress(b"x"), "utf-16", "looks like a gzip file", "ends in .gz"),
        (lzma.compress(b"x"), None, "looks like an xz file", "ends in .xz"),
        (bz2.compress(b"x"), None, "looks like a bzip2 file", "ends in .bz2"),
        (zstd(b"x"), None, "looks like a Zstandard file", "ends in .zst"),
        (packed({"a": b"x"}), None, "looks like a zip archive", "write archive:"),
        (tar(), None, "looks like a tar archive", "write archive:"),
        (b"%PDF-1.4\n", None, "looks like a PDF", "convert"),
        (PROSE.encode("utf-16"), None, "looks like UTF-16;", "write encoding: utf-16 ("),
        (PROSE.encode("utf-16-le"), None, "looks like UTF-16 without", "write encoding: utf-16-le"),
        (PROSE.encode("utf-16-be"), None, "looks like UTF-16 without", "write encoding: utf-16-be"),
        (np.random.default_rng(1).bytes(5000), None, "looks binary", "write its encoding"),
        (RUSSIAN.encode("koi8-r"), None, "is not UTF-8 (byte 0xF3 at position 0)", "write its encoding"),
    ],
    ids=lambda value: "content" if isinstance(value, bytes) else None,  # some formats hold the time
)
def test_what_looks_otherwise_is_described_with_what_to_write(tmp_path, content, encoding, beginning, remedy):
    (tmp_path / "text").write_bytes(content)
    found = describe_appearance(tmp_path / "text", encoding)
    assert found is not None
    assert found.startswith(beginning)
    assert remedy in found


def test_a_declared_encoding_is_believed(tmp_path):
    (tmp_path / "text").write_bytes(PROSE.encode("utf-16"))
    assert describe_appearance(tmp_path / "text", "utf-16") is None
