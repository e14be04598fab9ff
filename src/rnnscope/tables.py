"""CSV tables between stages, written whole and read with the columns checked."""

from pathlib import Path

import pandas as pd

from rnnscope.errors import InputError
from rnnscope.files import check_digest, damaged, whole_file


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index, whole or not at all."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV table that has at least `columns`. Raises InputError naming the file otherwise.

    A truncated file is told from its last line, which has no end.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a table with columns {', '.join(columns)}")
    check_digest(path)
    if not path.read_bytes().endswith(b"\n"):
        raise damaged(path, "the last line has no end, so the file was cut off")
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise damaged(path, f"not readable as CSV ({reason})") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}, found {', '.join(table.columns)}; expected {', '.join(columns)}")
    return table
