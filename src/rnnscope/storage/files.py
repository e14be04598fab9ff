"""Files that appear whole or not at all, and reads that name the file when it is bad.

Every file that is written here leaves a record of its SHA-256 beside it (`rnnscope.storage.checksums`). A stage that reads the
file compares it with this record.
"""

import errno
import fcntl
import hashlib
import json
import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from rnnscope.errors import InputError
from rnnscope.storage.checksums import footer_digest, forget_record, read_record, record_path, write_record

# Errors of network file systems that cannot lock a file or flush a folder.
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)

log = logging.getLogger(__name__)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to, which gets the final name only when the block ends without an error.

    A kill or a power failure at any moment leaves the old file or the new one. The partial file has a fixed name, so that
    the next run overwrites what a killed one left; a second process that writes the same file waits for the first.

    Raises
    ------
    OSError
        If the file cannot be written, as on a full disk; it names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with _only_writer(path, partial):
        is_whole = False
        try:
            yield partial
            sha256, footer = sha256_of(partial), footer_digest(partial)
            _flush(partial, os.O_RDWR)
            # In this order no kill leaves a file beside the record of another.
            forget_record(path)
            partial.replace(path)
            is_whole = True
            _flush(path.parent, os.O_RDONLY)
            write_record(path, sha256, footer)
        except OSError as error:
            if error.filename is not None:
                raise
            # Some libraries report a full disk without the name of the file or the number of the error.
            raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error
        finally:
            if not is_whole:  # else the name may be that of another writer's file by now
                partial.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Remove a file that `whole_file` wrote, and its record; nothing when there is none."""
    path.unlink(missing_ok=True)
    forget_record(path)


@contextmanager
def _only_writer(path: Path, partial: Path) -> Iterator[None]:
    """Lock the partial file until this block or this process ends, after any other process that writes the file."""
    while True:
        with partial.open("ab") as file:
            if _lock(file, fcntl.LOCK_EX, partial) and not _is_at(file, partial):
                continue  # the process before gave the file its final name, or removed it
            # A process that has given its file the final name still has the lock on it until the record is written.
            if path.is_file():
                with suppress(FileNotFoundError, PermissionError), path.open("rb") as before:
                    _lock(before, fcntl.LOCK_SH, path)
            yield
            return


def _lock(file: IO[bytes], kind: int, path: Path) -> bool:
    """Lock an open file, after any other process that has the lock; return False where the file system cannot."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("%s: another process is writing it; waiting for it to end", path)
        fcntl.flock(file, kind)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return False
    return True


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether a path is that of an open file, and not of another one or none by now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _flush(path: Path, mode: int) -> None:
    """Flush a file's content, or a folder's list of names, to the disk."""
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def check_is_file(path: Path, expected: str) -> None:
    """Check that a path is that of a file; `expected` says what it was to be, such as "a text".

    Raises
    ------
    InputError
        If there is none, or a folder or a device in its place.
    """
    if path.is_file():
        return
    found = "found a folder" if path.is_dir() else "found no regular file" if path.exists() else "no such file"
    raise InputError(f"{path}: {found}; expected {expected}")


class CorruptFileError(InputError):
    """A file that is not what a stage wrote; the message has the remedy too."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{path}: {reason}; {remedy}")
        self.path, self.reason = path, reason


@contextmanager
def from_elsewhere(place: Path) -> Iterator[None]:
    """Let no error in the block advise to delete a file that this project cannot make again.

    Parameters
    ----------
    place
        A file that the user put there, or a folder of such files.

    Raises
    ------
    InputError
        If the block raises `CorruptFileError` for the file, or for one in the folder: with another remedy.
    """
    try:
        yield
    except CorruptFileError as error:
        if place not in (error.path, *error.path.parents):
            raise
        raise InputError(f"{error.path}: {error.reason}; it is from elsewhere: put a whole copy in its place") from None


def corrupt_file_error(path: Path, reason: str, rebuild: str | None = None) -> CorruptFileError:
    """Return the error for a file that is not what a stage wrote.

    It advises to delete the file only where what makes it again is known, or a record says that this project wrote it: any
    other may be a user's own, such as a text that was given in place of a checkpoint.

    Parameters
    ----------
    path
        The file.
    reason
        What is wrong with it.
    rebuild
        The command that makes it again. By default the environment variable `RNNSCOPE_REBUILD`, whose first {} is the
        place of the file: what started this process knows the command.
    """
    rebuild = rebuild or os.environ.get("RNNSCOPE_REBUILD", "").replace("{}", shlex.quote(str(path)), 1)
    if rebuild:
        remedy = f"delete it and run: {rebuild}"
    elif record_path(path).exists():
        remedy = "delete it and run again what made it"
    else:
        remedy = "expected a file that rnnscope wrote, and found no record that it wrote this one"
    return CorruptFileError(path, reason, remedy)


def check_digest(path: Path, rebuild: str | None = None) -> None:
    """Compare a file with its record; a file without a record passes.

    Raises
    ------
    InputError
        If its content is not what was written, as `corrupt_file_error` makes it.
    """
    record = read_record(path)
    if record is None:
        return
    found, expected = sha256_of(path), record["sha256"]
    if found != expected:
        raise corrupt_file_error(path, f"damaged: found SHA-256 {found[:12]}..., expected {expected[:12]}... as written", rebuild)


def check_footer(path: Path) -> None:
    """Compare the footer of a parquet file with its record, as `check_digest` compares a whole file.

    The record of a file that an earlier version wrote has no digest of the footer: then the whole file is compared.
    """
    record = read_record(path)
    if record is None or not isinstance(record.get("footer"), str):
        check_digest(path)
        return
    found, expected = footer_digest(path) or "none", record["footer"]
    if found != expected:
        raise corrupt_file_error(path, f"damaged: found a footer {found[:12]}..., expected {expected[:12]}... as written")


def mismatch_error(path: Path, other: Path, reason: str, *, same_source: bool = False) -> InputError:
    """Return the error for two files that do not fit each other; it names the one to make again.

    That is the one that is damaged. Where neither is, one is stale: what it was made from has changed since.

    Parameters
    ----------
    path, other
        The two files.
    reason
        What is wrong with `path`, naming `other`.
    same_source
        Whether both were made from the same file, so that the older of the two is the stale one; otherwise `path` was made
        from `other`.
    """
    for file in (path, other):
        try:
            check_digest(file)
        except InputError as error:
            return error
    if same_source and other.stat().st_mtime_ns < path.stat().st_mtime_ns:
        return corrupt_file_error(other, f"stale, the older of two files that do not fit each other ({path}: {reason})")
    return corrupt_file_error(path, f"{reason}; it is stale")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(value, indent=2) + "\n")


def read_json(path: Path, rebuild: str | None = None) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path
        The file.
    rebuild
        As of `corrupt_file_error`.

    Raises
    ------
    InputError
        If the file is missing, damaged or not JSON.
    """
    check_is_file(path, "a JSON file")
    check_digest(path, rebuild)
    try:
        return json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise corrupt_file_error(path, f"not readable as JSON ({error})", rebuild) from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
