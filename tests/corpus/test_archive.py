"""Texts from tarballs built here, good and hostile."""

import bz2
import gzip
import io
import random
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from rnnscope.corpus.archive import write_members
from rnnscope.errors import InputError

FILES = {
    "kernel/fork.c": b"fork\n",
    "kernel/sched/core.c": b"core\n",
    "kernel/sched/sched.h": b"sched\n",
    "kernel/sched/README": b"not code\n",
    "kernel.c": b"not in the folder\n",
    "mm/slab.c": b"not wanted\n",
    "kernel/empty.h": b"",
    "kernel/irq.h": b"irq\n",
}
WANTED = ["kernel/fork.c", "kernel/sched/core.c", "kernel/sched/sched.h", "kernel/empty.h", "kernel/irq.h"]
PATTERNS = ["kernel/**/*.[ch]", "linux-6.1/kernel/**/*.[ch]"]


def pack(path: Path, files: dict[str, bytes], mode: str = "w", prefix: str = "") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def pack_special(path: Path, name: str, kind: bytes) -> Path:
    """An archive with one wanted file and one member of another kind."""
    pack(path, {"kernel/fork.c": b"fork\n"})
    with tarfile.open(path, "a") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "kernel/fork.c"
        tar.addfile(member)
    return path


def shuffled_text(seed: int, wanted: list[str] = WANTED) -> bytes:
    names = sorted(wanted)
    random.Random(seed).shuffle(names)
    return b"".join(FILES[name] for name in names)


def assemble(archive: Path, seed: int = 1, size: int | None = None, patterns: list[str] = PATTERNS, **limit: int) -> bytes:
    text = archive.with_name("text.bin")
    write_members(archive, patterns, seed, size, text, **limit)
    return text.read_bytes()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("prefix", ["", "./", "linux-6.1/", "./linux-6.1/"])
def test_order_depends_on_the_seed_alone(tmp_path, mode, prefix):
    archive = pack(tmp_path / "a.tar", dict(reversed(FILES.items())), mode, prefix)
    for seed in range(5):
        assert assemble(archive, seed) == shuffled_text(seed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "text.bin"]


@pytest.mark.parametrize("size", [1, 5, 7, 19, 20, 21, 100])
def test_cut(tmp_path, size):
    assert assemble(pack(tmp_path / "a.tar", FILES), 3, size) == shuffled_text(3)[:size]


def test_patterns_may_exclude(tmp_path):
    archive = pack(tmp_path / "a.tar", FILES)
    expected = shuffled_text(0, ["kernel/fork.c", "kernel/sched/core.c"])
    assert assemble(archive, 0, patterns=["kernel/**/*.[ch]", "!*.h"]) == expected


def test_later_member_of_the_same_path_replaces_the_earlier(tmp_path):
    archive = pack(tmp_path / "a.tar", {"kernel/a.c": b"old"})
    pack(archive, {"kernel/a.c": b"newer"}, "a")
    assert assemble(archive) == b"newer"


@pytest.mark.parametrize(
    "name", ["../x.c", "kernel/../../x.c", "/../x.c", "/kernel/../../x.c", "../../etc/passwd", "./kernel/../../kernel/x.c"]
)
def test_path_out_of_the_archive_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="expected a path that stays inside"):
        assemble(pack(tmp_path / "a.tar", {"kernel/fork.c": b"fork\n", name: b"hostile"}))


@pytest.mark.parametrize("name", ["/kernel/fork.c", "//kernel/fork.c", "./kernel/fork.c"])
def test_path_from_the_root_is_one_inside_the_archive(tmp_path, name):
    assert assemble(pack(tmp_path / "a.tar", {"/etc/passwd": b"elsewhere", name: b"fork\n"})) == b"fork\n"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_link_or_device_is_refused_where_it_matches(tmp_path, kind):
    with pytest.raises(InputError, match=r"kernel/x\.c is a link or a device"):
        assemble(pack_special(tmp_path / "a.tar", "kernel/x.c", kind))
    assert assemble(pack_special(tmp_path / "b.tar", "elsewhere/x.c", kind)) == b"fork\n"


def test_link_out_of_the_archive_is_no_reason_to_refuse_the_rest(tmp_path):
    archive = pack(tmp_path / "a.tar", {"kernel/fork.c": b"fork\n"})
    with tarfile.open(archive, "a") as tar:
        member = tarfile.TarInfo("tools/include")
        member.type, member.linkname = tarfile.SYMTYPE, "/usr/include"
        tar.addfile(member)
    assert assemble(archive) == b"fork\n"


def test_folder_is_passed_over(tmp_path):
    assert assemble(pack_special(tmp_path / "a.tar", "kernel/x.c", tarfile.DIRTYPE)) == b"fork\n"


def test_too_many_bytes_stop_the_reading(tmp_path):
    bomb = {f"kernel/{number}.c": bytes(1_000_000) for number in range(20)}
    archive = pack(tmp_path / "a.tar", bomb, "w:xz")
    assert archive.stat().st_size < 100_000
    assert len(assemble(archive, limit=20_000_000)) == 20_000_000
    with pytest.raises(InputError, match="exceed 19,999,999 bytes"):
        assemble(archive, limit=19_999_999)


def test_announced_size_alone_stops_the_reading(tmp_path):
    member = tarfile.TarInfo("kernel/huge.c")
    member.size = 5 * 2**30
    (tmp_path / "a.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT))  # a header with no content behind it
    with pytest.raises(InputError, match="exceed 4,294,967,296 bytes"):
        assemble(tmp_path / "a.tar")


def test_members_that_do_not_match_are_limited(tmp_path, monkeypatch):
    contents = {f"other/{number}.txt": bytes(100_000) for number in range(10)}
    archive = pack(tmp_path / "a.tar", contents | {"kernel/a.c": b"int a;"}, "w:bz2")
    assert archive.stat().st_size < 3000
    monkeypatch.setattr("rnnscope.corpus.archive.ARCHIVE_BYTES_LIMIT", 1_000_000)
    with pytest.raises(InputError, match="or 1,000,000 bytes unpacked; too large"):
        assemble(archive)
    monkeypatch.setattr("rnnscope.corpus.archive.ARCHIVE_BYTES_LIMIT", 2_000_000)
    assert assemble(archive) == b"int a;"
    monkeypatch.setattr("rnnscope.corpus.archive.MEMBERS_LIMIT", 10)
    with pytest.raises(InputError, match="more than 10 members"):
        assemble(archive)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_extended_header_cannot_fill_the_memory(tmp_path, kind):
    """tarfile reads such a header as a whole, so that a few kilobytes of zeros, compressed, would take gigabytes."""
    member, header = tarfile.TarInfo("kernel/a.c"), tarfile.TarInfo("x")
    header.type, header.size = kind, 50_000_000
    with bz2.open(tmp_path / "a.tar", "wb") as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT))
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="extended headers of 50,000,000 bytes, expected at most 1,048,576"):
            assemble(tmp_path / "a.tar")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def traced(archive):
    """The most memory that is taken while a text is assembled, and how that ends."""
    tracemalloc.start()
    try:
        text = assemble(archive)
    except InputError as error:
        return tracemalloc.get_traced_memory()[1], str(error)
    else:
        return tracemalloc.get_traced_memory()[1], text
    finally:
        tracemalloc.stop()


def test_headers_of_many_members_do_not_add_up(tmp_path):
    """tarfile itself keeps every member with its headers."""
    members = [({"comment": "x" * 1_000_000}, b"x")] * 30
    (tmp_path / "a.tar").write_bytes(gzip.compress(pax(members), 1))
    peak, text = traced(tmp_path / "a.tar")
    assert text == b"x"  # all have the same name
    assert peak < 15_000_000


@pytest.mark.parametrize("kind", [tarfile.XGLTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("between", [b"", tarfile.TarInfo("kernel/a.c").tobuf()])
def test_headers_of_one_member_and_of_all_are_limited_together(tmp_path, kind, between):
    """Each may be small: those for all are copied into every member, and a chain of others is read as a whole."""
    header = tarfile.TarInfo("x")
    header.type, blocks = kind, []
    for index in range(60):
        record = f"60000 {index:02}=".encode().ljust(59_999, b"x") + b"\n"
        header.size = len(record)
        blocks.append(header.tobuf() + record + bytes(-len(record) % 512) + between)
    (tmp_path / "a.tar").write_bytes(gzip.compress(b"".join(blocks) + tarfile.TarInfo("kernel/b.c").tobuf() + bytes(1024), 1))
    peak, found = traced(tmp_path / "a.tar")
    assert peak < 10_000_000
    if kind == tarfile.XGLTYPE or not between:
        assert "extended headers of 1,080,000 bytes, expected at most 1,048,576" in found
    else:
        assert found == b"" if kind == tarfile.XHDTYPE else "found a path of 60,000 characters" in found


def test_a_long_number_in_a_header_takes_no_time(tmp_path):
    """In some versions of tarfile a header of a megabyte of digits takes half an hour."""
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 1_000_000
    content = member.tobuf() + b"9" * 1_000_000 + bytes(-1_000_000 % 512) + tarfile.TarInfo("kernel/a.c").tobuf() + bytes(1024)
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(InputError, match="an extended header with a number of more than 200 digits"):
        assemble(tmp_path / "a.tar")
    (tmp_path / "a.tar").write_bytes(pax([({"comment": "9" * 150}, b"int a;"), ({"path": "kernel/" + "9" * 150}, b"b")]))
    assert assemble(tmp_path / "a.tar") == b"int a;"


@pytest.mark.parametrize("name", ["../" + "x" * 900_000, "kernel/" + "x" * 900_000 + ".c", "../" + "x" * 4000])
def test_a_long_name_makes_no_long_line(tmp_path, name):
    archive = pack(tmp_path / "a.tar", {name: b"int a;"})
    with pytest.raises(InputError, match=r"expected at most 4,096|expected a path that stays inside") as error:
        assemble(archive)
    assert len(str(error.value)) < len(str(archive)) + 250
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("../" + "x" * 60_000, b"int a;")
    with pytest.raises(InputError, match="expected a path that stays inside") as error:
        assemble(tmp_path / "a.zip")
    assert len(str(error.value)) < len(str(archive)) + 250


def test_memory_stays_small(tmp_path):
    archive = pack(tmp_path / "a.tar", {f"kernel/{number}.c": bytes(5_000_000) for number in range(4)}, "w:gz")
    tracemalloc.start()
    try:
        write_members(archive, PATTERNS, 1, None, tmp_path / "text.bin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "text.bin").stat().st_size == 20_000_000
    assert peak < 5_000_000


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_archive_that_is_cut_off_is_reported(tmp_path, mode):
    contents = {f"kernel/{number}.c": random.Random(number).randbytes(700) for number in range(10)}
    whole = pack(tmp_path / "a.tar", contents, mode).read_bytes()
    # Of a plain archive the zeros at the end may go, down to the one block that marks it; of a compressed one nothing.
    end = 10 * (512 + 1024) + 512 if mode == "w" else len(whole)
    for kept in {0, 1, 511, 512, 1536, 2000, end // 2, end - 512, end - 1}:
        (tmp_path / "a.tar").write_bytes(whole[:kept])
        with pytest.raises(InputError, match="not readable as a tar archive"):
            assemble(tmp_path / "a.tar")


def test_damaged_header_is_not_taken_for_the_end(tmp_path):
    whole = bytearray(pack(tmp_path / "a.tar", {f"kernel/{number}.c": b"x" for number in range(5)}).read_bytes())
    whole[3 * 1024 + 10] ^= 1
    (tmp_path / "a.tar").write_bytes(whole)
    with pytest.raises(InputError, match="not readable as a tar archive"):
        assemble(tmp_path / "a.tar")


def test_damaged_checksum_is_reported(tmp_path):
    whole = bytearray(pack(tmp_path / "a.tar", FILES, "w:gz").read_bytes())
    whole[-6] ^= 1
    (tmp_path / "a.tar").write_bytes(whole)
    with pytest.raises(InputError, match="not readable as a tar archive"):
        assemble(tmp_path / "a.tar")


def test_file_that_is_no_archive_is_reported(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"War and Peace\n" * 1000)
    with pytest.raises(InputError, match=r"a\.tar: not readable as a tar archive"):
        assemble(tmp_path / "a.tar")


def test_archive_in_which_nothing_matches_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"no member matches \*\.rs"):
        assemble(pack(tmp_path / "a.tar", FILES), patterns=["*.rs"])


def pax(members):
    """A tar of members with extended headers: pairs of (headers by name, content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for headers, content in members:
            member = tarfile.TarInfo("kernel/a.c")
            member.size, member.pax_headers = len(content), headers
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def old_sparse(maps):
    """A sparse member of the old GNU form, whose map goes on in `maps` further blocks."""
    header = tarfile.TarInfo("kernel/a.c")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[482] = 1  # the map goes on
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    one = (b"%011o\0" % 512 + b"%011o\0" % 1) * 21
    blocks = [one + bytes([index + 1 < maps]) + bytes(7) for index in range(maps)]
    return bytes(block) + b"".join(blocks) + bytes(1024)


SPARSE = {
    "1.0": pax([({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"9999999\n" + b"0\n" * 1_000_000)]),
    "1.0, no number": pax([({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"nine\n")]),
    "1.0, cut off": pax([({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"9\n" + bytes(510))])[: 3 * 512 + 600],
    "0.1": pax([({"GNU.sparse.map": "0,1," * 100_000 + "0"}, b"x")]),
    "0.1, no numbers": pax([({"GNU.sparse.map": "a,b"}, b"x")]),
    "0.0": pax([({"GNU.sparse.size": "7", "GNU.sparse.offset": "0", "GNU.sparse.numbytes": "7"}, b"x")]),
    "0.0, no number": pax([({"GNU.sparse.size": "seven"}, b"x")]),
    "old": old_sparse(20_000),
    "old, cut off": old_sparse(3)[:700],
}


@pytest.mark.parametrize("form", SPARSE)
def test_a_sparse_member_is_refused_before_its_map_is_read(tmp_path, form):
    (tmp_path / "a.tar").write_bytes(gzip.compress(SPARSE[form]))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"^[^\n]*a\.tar: not readable as a tar archive \([^\n]*\)$") as error:
            assemble(tmp_path / "a.tar")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "sparse" in str(error.value) or "no number" in form
    assert peak < 5_000_000


def test_headers_that_make_no_sense_are_reported(tmp_path):
    """A negative size would be read for ever; a chain of long names nests as deep as it is long; sizes are text."""
    negative = bytearray(tarfile.TarInfo("kernel/a.c").tobuf(tarfile.GNU_FORMAT))
    negative[124:136] = b"\xff" * 11 + b"\x00"
    negative[148:156] = b" " * 8
    negative[148:156] = b"%06o\0 " % sum(negative)
    name = tarfile.TarInfo("x")
    name.type = tarfile.GNUTYPE_LONGNAME
    hostile = {
        "negative": bytes(negative) + bytes(1024),
        "negative, extended": pax([({"size": "-1024"}, b"x"), ({}, b"y")]),
        "chain": name.tobuf(tarfile.GNU_FORMAT) * 5000 + bytes(1024),
        "size": pax([({"GNU.sparse.realsize": "many"}, b"x")]),
        "bytes": pax([({"path": "a" * 10}, b"x")]).replace(b"path=aaaaaaaaaa", b"hdrcharset=\xff\xff\xff\xff"),
    }
    for name, content in hostile.items():
        (tmp_path / "a.tar").write_bytes(content)
        with pytest.raises(InputError, match=r"^[^\n]*a\.tar: [^\n]*$"):
            assemble(tmp_path / "a.tar")
        print(name)


def test_changed_bytes_are_reported_or_harmless(tmp_path):
    """Whatever a changed byte makes of an archive: a text, or one line."""
    whole = pax([({"comment": "one"}, b"int a;"), ({"path": "kernel/" + "b" * 200 + ".c"}, b"int b;")])
    draw = random.Random(4)
    for _ in range(150):
        content = bytearray(whole)
        content[draw.randrange(len(content))] = draw.randrange(256)
        start = draw.randrange(len(content) // 512) * 512
        content[start + 148 : start + 156] = b" " * 8  # a checksum that is right again
        content[start + 148 : start + 156] = b"%06o\0 " % (sum(content[start : start + 512]) % 2**18)
        (tmp_path / "a.tar").write_bytes(content)
        try:
            assemble(tmp_path / "a.tar")
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 (either outcome is right)


def test_changed_bytes_of_a_zip_archive_are_reported_or_harmless(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kernel/a.c", b"int a;" * 50)
        archive.writestr("kernel/b.c", b"int b;" * 50)
    whole, draw = path.read_bytes(), random.Random(5)
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(3):
            content[draw.randrange(4, len(content))] = draw.randrange(256)
        path.write_bytes(content)
        try:
            assemble(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 (either outcome is right)
