"""Zip archives as texts, beside the tar archives of test_archive.py."""

import io
import stat
import tarfile
import zipfile

import pytest
from corpus.test_compressed import zstd

from rnnscope.corpus.archive import write_members
from rnnscope.errors import InputError

CONTENT = {"top/a.txt": b"one ", "top/b.txt": b"two ", "top/c.md": b"three "}


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_zip_archive_gives_the_same_text_as_a_tar_archive(tmp_path):
    (tmp_path / "x.zip").write_bytes(packed(CONTENT))
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for name, content in CONTENT.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    (tmp_path / "x.tar.zst").write_bytes(zstd((tmp_path / "x.tar").read_bytes()))
    for name in ("x.zip", "x.tar", "x.tar.zst"):
        write_members(tmp_path / name, ["*.txt"], 5, None, tmp_path / name.replace(".", "-"))
    assert sorted((tmp_path / "x-zip").read_bytes().split()) == [b"one", b"two"]
    assert (tmp_path / "x-zip").read_bytes() == (tmp_path / "x-tar").read_bytes() == (tmp_path / "x-tar-zst").read_bytes()


def linked() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("a.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return file.getvalue()


def encrypted() -> bytes:
    content = bytearray(packed(CONTENT))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + offset] |= 1
            start = content.find(mark, start + 1)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "limit", "message"),
    [
        (packed({"../a.txt": b"x"}), 100, r"found member '../a.txt', expected a path that stays inside the archive"),
        (packed({"/a.txt": b"x"}), 100, "expected a path that stays inside the archive"),
        (linked(), 100, "a.txt is a link or a device"),
        (encrypted(), 100, "not readable as a zip archive .*encrypted"),
        (packed({"a.txt": bytes(10**6)}), 1000, "the members that match exceed 1,000 bytes"),
        (packed({"a.md": b"x"}), 100, "no member matches"),
        (packed(CONTENT)[:-30], 100, "not readable as a zip archive"),
        (b"PK\x03\x04" + bytes(100), 100, "not readable as a zip archive"),
        (packed({"a.txt": b"x" * 50}, zipfile.ZIP_STORED).replace(b"x" * 50, b"y" * 50), 100, "not readable as a zip archive"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, content, limit, message):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        write_members(tmp_path / "x.zip", ["*.txt"], 1, None, tmp_path / "text", limit)
    assert "\n" not in str(caught.value)
