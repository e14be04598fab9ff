"""Copy what matches out of a zip archive."""

import errno
import lzma
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from pathspec import GitIgnoreSpec

from rnnscope.errors import InputError, shortened

BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
MEMBERS_LIMIT = 500_000  # no corpus comes near it; also of a tar archive
BLOCK = 2**20
REGULAR = (0, 0o100000)  # kinds of files in the mode of a member: not said, and a regular file
# The last four are what zipfile itself ends with on numbers and names that make no sense.
DAMAGE = (
    *(zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError),
    *(ValueError, ArithmeticError, LookupError, struct.error),
)


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip archive."""
    with path.open("rb") as file:
        return file.read(4) in BEGINNINGS


def spool_zip(archive: Path, wanted: GitIgnoreSpec, spool: IO[bytes], limit: int) -> dict[str, tuple[int, int]]:
    """Copy the members that match to `spool`.

    Parameters
    ----------
    archive
        A zip archive. No name in it becomes a file.
    wanted
        Patterns.
    spool
        Where they are copied.
    limit
        Bytes that match, at most, as unpacked.

    Returns
    -------
    dict
        The start and the length in `spool` of each path.

    Raises
    ------
    InputError
        If the archive is damaged, encrypted or too large, or if a path leads out of it.
    """
    extents: dict[str, tuple[int, int]] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > MEMBERS_LIMIT:
                raise InputError(f"{archive}: more than {MEMBERS_LIMIT:,} members; too large")
            for member in members:
                path, shown = PurePosixPath(member.filename), shortened(member.filename)
                if path.is_absolute() or ".." in path.parts:
                    raise InputError(f"{archive}: found member {shown!r}, expected a path that stays inside the archive")
                if member.is_dir() or not wanted.match_file(str(path)):
                    continue
                if member.external_attr >> 16 & 0o170000 not in REGULAR:
                    raise InputError(f"{archive}: {shown} is a link or a device, expected a regular file")
                start = spool.tell()
                with opened.open(member) as content:
                    while block := content.read(BLOCK):
                        if spool.tell() + len(block) > limit:
                            raise InputError(f"{archive}: the members that match exceed {limit:,} bytes; choose fewer")
                        spool.write(block)
                extents[str(path)] = (start, spool.tell() - start)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # EINVAL: a place before the file
            raise  # the disk, not the archive
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{archive}: not readable as a zip archive ({reason})") from None
    return extents
