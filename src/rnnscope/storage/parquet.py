"""Parquet tables between stages, written whole and read with the columns checked.

Apart from the CSV tables, so that a stage that only writes parquet does not pay for importing pandas.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rnnscope.errors import InputError
from rnnscope.storage.files import corrupt_file_error, whole_file

# What pyarrow raises on damaged bytes; the middle two where the damage is in the footer, in types and names of columns.
DAMAGE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, OSError)


def open_parquet(path: Path, columns: list[str]) -> pq.ParquetFile:
    """Open a parquet file.

    A truncated file lacks its footer; damage inside a row group shows when that group is read (`read_row_group`).

    Parameters
    ----------
    path
        A file that `write_parquet` wrote.
    columns
        Names of columns that it has at least.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or lacks a column.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected parquet with columns {', '.join(columns)}")
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        names = file.schema_arrow.names
    except DAMAGE as error:
        raise corrupt_file_error(path, f"not readable as parquet ({_one_line(error)})") from None
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}, found {', '.join(names)}; expected {', '.join(columns)}")
    return file


def read_row_group(file: pq.ParquetFile, group: int, columns: list[str], path: Path) -> pa.Table:
    """Read some columns of one row group; raises InputError naming the file when its bytes are damaged."""
    try:
        return file.read_row_group(group, columns=columns)
    except DAMAGE as error:
        raise corrupt_file_error(path, f"row group {group} is damaged ({_one_line(error)})") from None


def read_parquet(path: Path, columns: list[str]) -> pa.Table:
    """Read some columns of a whole parquet file.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or lacks a column.
    """
    with open_parquet(path, columns) as file:
        groups = [read_row_group(file, group, columns, path) for group in range(file.num_row_groups)]
        return pa.concat_tables(groups) if groups else file.schema_arrow.empty_table().select(columns)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as parquet with page checksums, whole or not at all."""
    with whole_file(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _one_line(error: Exception) -> str:
    """Return the beginning of a message on one line."""
    return " ".join(str(error).split())[:120]
