"""Read files that may be compressed; the end of the name says how."""

import bz2
import gzip
import lzma
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from rnnscope.errors import InputError

TEXT_BYTES_LIMIT = 16 * 2**30  # unpacked; a file made to fill the disk stops here
BLOCK = 2**20
DAMAGE = (EOFError, lzma.LZMAError, zlib.error, OSError)


def open_zstd(path: Path) -> IO[bytes]:
    """Open a file that is compressed with Zstandard, for reading from its beginning to its end."""
    import pyarrow as pa  # here, as every run of Snakemake imports this module

    opened: IO[bytes] = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return opened


OPENERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open, ".zst": open_zstd}


def is_compressed(name: str) -> bool:
    """Return whether the name of a file says that it is compressed."""
    return Path(name).suffix.lower() in OPENERS


def append_text(path: Path, output: IO[bytes], name: str | None = None, limit: int = TEXT_BYTES_LIMIT) -> None:
    """Append the content of a file, unpacked where its name says that it is compressed.

    Parameters
    ----------
    path
        The file.
    output
        Where it is appended.
    name
        Its name, if it is not that of `path`.
    limit
        Bytes of the output, at most, when a file has been unpacked to it. A file that is not compressed is copied whole: it has
        its place on a disk already.

    Raises
    ------
    InputError
        If it is compressed and damaged, not what its name says, or too large unpacked.
    """
    opener = OPENERS.get(Path(name or path).suffix.lower())
    if opener is None:
        with path.open("rb") as plain:
            shutil.copyfileobj(plain, output)
        return
    try:
        with opener(path) as unpacked:
            while block := unpacked.read(BLOCK):
                output.write(block)
                if output.tell() > limit:
                    raise InputError(f"{name or path}: more than {limit:,} bytes unpacked; too large")
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the file
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{name or path}: not readable as its name says, {Path(name or path).suffix} ({reason})") from None
