"""Snakemake's records of the files that it made: what a power cut leaves of them.

Snakemake does not flush them to the disk. After a power cut, those of the last seconds may be empty; it then ignores them, and no
longer notices that a setting or the source has changed since.
"""

import json
import shlex
from base64 import urlsafe_b64decode
from pathlib import Path

from rnnscope.errors import printable

MOST_NAMED = 5


def unreadable_records(folder: Path, rebuild: str) -> list[str]:
    """Report the files whose records are empty or unreadable.

    Parameters
    ----------
    folder
        Where Snakemake keeps its state, `.snakemake`.
    rebuild
        The command that makes a file again, with {} in place of the file.

    Returns
    -------
    list of str
        One line, with the commands that help; none where all records are readable, or while another Snakemake writes them.
    """
    if any((folder / "locks").glob("*")):
        return []
    metadata = folder / "metadata"
    records = [path for path in sorted(metadata.rglob("*")) if path.is_file() and not _is_readable(path)]
    files = [name for name in (_file_of(path.relative_to(metadata)) for path in records) if Path(name).is_file()]
    if not files:
        return []
    listed = folder / "unreadable_records.txt"
    listed.write_text("".join(f"{name}\n" for name in files))
    named = ", ".join(files[:MOST_NAMED]) + (f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else "")
    touch = rebuild.replace("{}", f"--touch --force $(cat {shlex.quote(str(listed))})", 1)
    plain = rebuild.replace(" {}", "", 1)
    line = (
        f"{metadata}: after a power cut, Snakemake's records of {len(files)} files are unreadable, and it would not notice that "
        f"a setting or the source has changed since: {named}; delete these files (xargs rm < {listed}) and run: {plain}; or, if "
        f"nothing has changed since they were made, run: {touch}"
    )
    return [printable(line)]


def _is_readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (ValueError, RecursionError):
        return False


def _file_of(record: Path) -> str:
    """Return the path of the file that a record is of: the record's name encodes it, in parts that begin with @ but the last."""
    name = "".join(part.removeprefix("@") for part in record.parts)
    try:
        return urlsafe_b64decode(name).decode()
    except ValueError:
        return ""
