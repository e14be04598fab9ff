"""Assemble a text from the members of an archive: tar, compressed or not, or zip."""

import errno
import lzma
import re
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from pathspec import GitIgnoreSpec

from rnnscope.corpus.compressed import open_zstd
from rnnscope.corpus.selection import compile_patterns, shuffled
from rnnscope.corpus.zip_archive import MEMBERS_LIMIT, is_zip, spool_zip
from rnnscope.errors import InputError, shortened

# No corpus comes near these; an archive made to fill the disk, the memory or the day stops at one of them.
MATCHED_BYTES_LIMIT = 4 * 2**30
ARCHIVE_BYTES_LIMIT = 16 * 2**30  # unpacked, what matches and what does not
HEADER_BYTES_LIMIT = 2**20  # of the extended headers of one member, and of those for all, which tarfile keeps in memory
DIGITS_LIMIT = 200  # on end in an extended header; for more, some versions of tarfile take time that grows with their square
PATH_LIMIT = 4096  # characters; no file system has longer paths
EXTENSIONS = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
# Nothing is extracted: paths are checked as if into this folder.
NOWHERE = "/nonexistent"
ZSTD_BEGINNING = b"\x28\xb5\x2f\xfd"
# The last three are what tarfile itself ends with on numbers, names and chains of headers that make no sense.
DAMAGE = (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, OSError, ValueError, ArithmeticError, RecursionError)


class StrictMember(tarfile.TarInfo):
    """A member whose damaged header is an error; tarfile alone would read it as the end of the archive.

    A sparse member is an error too, before its map of holes is read: some kilobytes of it, compressed, take gigabytes, and no
    text has holes.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "StrictMember":
        """Parse one header block; a block of zeros is the regular end."""
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf == bytes(tarfile.BLOCKSIZE):
                raise
            raise tarfile.ReadError(f"cut off or damaged: {error}") from None
        if member.size < 0:
            raise tarfile.ExtractError(f"a member of {member.size:,} bytes")
        if member.type == tarfile.GNUTYPE_SPARSE:
            member._refuse_sparse(member)
        return member

    def _proc_member(self, archive: "StrictTar") -> tarfile.TarInfo:  # before an extended header is read
        if self.type in EXTENSIONS:
            archive.count_header(self.size, self.type == tarfile.XGLTYPE)
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member

    def _proc_pax(self, archive: "StrictTar") -> tarfile.TarInfo:
        assert archive.fileobj is not None, "an archive opened for reading has a file"
        headers = archive.fileobj.read(self._block(self.size))  # type: ignore[attr-defined]
        if max(map(len, re.findall(rb"[0-9]+", headers)), default=0) > DIGITS_LIMIT:
            raise tarfile.ExtractError(f"an extended header with a number of more than {DIGITS_LIMIT} digits")
        archive.fileobj = _ReadBefore(archive, headers)  # type: ignore[assignment]
        member: tarfile.TarInfo = super()._proc_pax(archive)  # type: ignore[misc]
        return member

    def _refuse_sparse(self, member: tarfile.TarInfo, *_: object) -> None:
        raise tarfile.ExtractError(f"a sparse member {member.name!r}, expected members without holes")

    # Where tarfile reads the three further forms of a map: in extended headers, or before the content.
    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_sparse


class StrictTar(tarfile.TarFile):
    """A tar archive of strict members, whose extended headers are limited and which forgets the members that it has read."""

    tarinfo = StrictMember
    member_headers = 0  # bytes of the extended headers since the last member
    common_headers = 0  # bytes of those that hold for all further members

    def count_header(self, size: int, is_common: bool) -> None:
        """Raise ExtractError when a further extended header makes too many bytes of them."""
        self.member_headers += size
        self.common_headers += size if is_common else 0
        if (found := max(self.member_headers, self.common_headers)) > HEADER_BYTES_LIMIT:
            raise tarfile.ExtractError(f"extended headers of {found:,} bytes, expected at most {HEADER_BYTES_LIMIT:,}")

    def next_member(self) -> tarfile.TarInfo | None:
        """Return the next member; None at the end."""
        member = self.next()
        self.member_headers = 0
        self.members.clear()  # type: ignore[attr-defined]  # tarfile keeps each with its headers
        return member


class _ReadBefore:
    """The file of an archive whose next bytes were read before; with these it puts the file itself back."""

    def __init__(self, archive: StrictTar, content: bytes) -> None:
        self.archive, self.file, self.content = archive, archive.fileobj, content

    def read(self, _: int) -> bytes:
        """Return the bytes that were read before."""
        self.archive.fileobj = self.file
        return self.content


def write_members(
    archive: Path, patterns: list[str], seed: int, size: int | None, text: Path, limit: int = MATCHED_BYTES_LIMIT
) -> None:
    """Join the members of an archive that match some patterns.

    One pass over the archive copies what matches to an unnamed file, so memory stays small whatever the sizes are, and no
    name from the archive ever becomes a file.

    Parameters
    ----------
    archive
        A tar archive, compressed or not, or a zip archive.
    patterns
        In gitignore syntax.
    seed
        Seed of the order of the members (`shuffled`).
    size
        Bytes to which the text is cut; None for no cut.
    text
        The file to write.
    limit
        Bytes that match, at most.

    Raises
    ------
    InputError
        If the archive is corrupt or too large, if nothing matches, if a file's path leads out of the archive, or if a link
        or a device matches.
    """
    with tempfile.TemporaryFile(dir=text.parent) as spool:
        spool_members = spool_zip if is_zip(archive) else _spool_members
        extents = spool_members(archive, compile_patterns(patterns), spool, limit)
        if not extents:
            raise InputError(f"{archive}: no member matches {', '.join(patterns)}")
        with text.open("wb") as output:
            for name in shuffled(extents, seed):
                start, length = extents[name]
                spool.seek(start)
                wanted = length if size is None else min(length, size - output.tell())
                _copy(spool, output, wanted)


def _spool_members(archive: Path, wanted: GitIgnoreSpec, spool: IO[bytes], limit: int) -> dict[str, tuple[int, int]]:
    """Copy what matches to `spool`; return the start and the length there of each path."""
    extents: dict[str, tuple[int, int]] = {}
    try:
        with _open_tar(archive) as tar:
            for count, member in enumerate(iter(tar.next_member, None), start=1):
                if member.size < 0 or member.issparse():  # as an extended header may have it
                    raise tarfile.ExtractError(f"a member {member.name!r} of {member.size:,} bytes, perhaps sparse")
                if count > MEMBERS_LIMIT or member.offset_data + member.size > ARCHIVE_BYTES_LIMIT:
                    raise InputError(
                        f"{archive}: more than {MEMBERS_LIMIT:,} members or {ARCHIVE_BYTES_LIMIT:,} bytes unpacked; too large"
                    )
                path = _path_inside(member, archive)
                if member.isdir() or not wanted.match_file(path):
                    continue
                if not member.isreg():
                    raise InputError(f"{archive}: {shortened(path)} is a link or a device, expected a regular file")
                start = spool.tell()
                if start + member.size > limit:
                    raise InputError(f"{archive}: the members that match exceed {limit:,} bytes; choose fewer")
                content = tar.extractfile(member)
                assert content is not None, "a regular file always has content"
                shutil.copyfileobj(content, spool)
                extents[path] = (start, member.size)
            _read_to_end(tar)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # EINVAL: a place before the file
            raise  # the disk, not the archive
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{archive}: not readable as a tar archive ({reason})") from None
    return extents


def _open_tar(archive: Path) -> StrictTar:
    """Open a tar archive; tarfile itself knows every compression but Zstandard."""
    with archive.open("rb") as file:
        is_zstd = file.read(4) == ZSTD_BEGINNING
    if is_zstd:
        return StrictTar.open(fileobj=open_zstd(archive), mode="r|")
    return StrictTar.open(archive)


def _path_inside(member: tarfile.TarInfo, archive: Path) -> str:
    """Return the path of a member inside the archive, without a leading `./` or `/`."""
    if len(member.name) > PATH_LIMIT:
        raise InputError(f"{archive}: found a path of {len(member.name):,} characters, expected at most {PATH_LIMIT:,}")
    shown = shortened(member.name)
    if member.isreg():  # of all others nothing is read, and tarfile's filter would refuse those that do not matter
        try:
            member = tarfile.data_filter(member, NOWHERE)
        except tarfile.FilterError:
            raise InputError(f"{archive}: found member {shown!r}, expected a path that stays inside the archive") from None
    return str(PurePosixPath(member.name))


def _read_to_end(tar: tarfile.TarFile) -> None:
    """Read what follows the last member, so that a compressed file that is cut off or fails its checksum shows."""
    assert tar.fileobj is not None, "an archive opened for reading has a file"
    while tar.fileobj.read(2**20):
        pass


def _copy(source: IO[bytes], target: IO[bytes], count: int) -> None:
    """Copy `count` bytes."""
    while count:
        block = source.read(min(count, 2**20))
        target.write(block)
        count -= len(block)
