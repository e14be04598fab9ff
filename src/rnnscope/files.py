"""Files that appear whole or not at all, and reads that name the file when it is bad."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnscope.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the final name only when the block ends well.

    The partial file has a fixed name, so that what a killed run left behind is overwritten by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises InputError naming the file when it is missing or is not JSON."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a JSON file")
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{path}: not readable as JSON ({error}); the file is damaged, delete it to have it rebuilt") from None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
