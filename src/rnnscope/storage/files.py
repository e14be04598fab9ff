"""Files that appear whole or not at all, and reads that name the file when it is bad.

Every file that is written here leaves a record of its SHA-256 beside it (`rnnscope.storage.checksums`), to which a stage that reads
it holds it.
"""

import errno
import fcntl
import hashlib
import json
import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnscope.errors import InputError
from rnnscope.storage.checksums import forget_record, read_record, write_record

# What some network file systems answer to a lock or to the flushing of a folder, which they cannot do.
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)

log = logging.getLogger(__name__)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the final name only when the block ends well.

    A process killed or a power failure at any moment leaves the old file or the new one. The partial file has a fixed
    name, so that what a killed run left behind is overwritten by the next one; a process that comes while another is
    writing waits for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with _only_writer(partial):
        try:
            yield partial
            sha256 = sha256_of(partial)
            _flush(partial, os.O_RDWR)
            # In this order no kill leaves a file beside the record of another.
            forget_record(path)
            partial.replace(path)
            _flush(path.parent, os.O_RDONLY)
            write_record(path, sha256)
        except OSError as error:
            if error.filename is not None:
                raise
            # A full disk, in the words of some library that names no file and perhaps no number.
            raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error
        finally:
            partial.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Remove a file that `whole_file` wrote, and its record; nothing when there is none."""
    path.unlink(missing_ok=True)
    forget_record(path)


@contextmanager
def _only_writer(partial: Path) -> Iterator[None]:
    """Hold a lock on the partial file, which ends with the process; wait for it where another process holds it."""
    with partial.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("%s: another process is writing it; waiting for its end", partial)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
        yield


def _flush(path: Path, mode: int) -> None:
    """Have the disk hold what was written to a file, or which names a folder has."""
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def corrupt_file_error(path: Path, reason: str, rebuild: str | None = None) -> InputError:
    """The error for a file of ours that is not what a stage wrote: its name, the reason, and the command that rebuilds it.

    Which command that is, with {} in place of the file, is for who started this process to say, in `RNNSCOPE_REBUILD`.
    """
    rebuild = rebuild or os.environ.get("RNNSCOPE_REBUILD", "").format(shlex.quote(str(path)))
    remedy = f"delete it and run: {rebuild}" if rebuild else "delete it and run again what made it"
    return InputError(f"{path}: {reason}; {remedy}")


def check_digest(path: Path, rebuild: str | None = None) -> None:
    """Hold a file to its record. Raises `damaged` when it is not what was written; a file without a record passes."""
    record = read_record(path)
    if record is None:
        return
    found, expected = sha256_of(path), record["sha256"]
    if found != expected:
        raise corrupt_file_error(path, f"damaged: found SHA-256 {found[:12]}..., expected {expected[:12]}... as written", rebuild)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises InputError naming the file when it is missing, damaged or not JSON."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a JSON file")
    check_digest(path)
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise corrupt_file_error(path, f"not readable as JSON ({error})") from None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
