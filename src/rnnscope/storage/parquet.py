"""Parquet tables between stages, written whole and read with the columns checked.

Apart from the CSV tables, so that a stage that only writes parquet does not pay for importing pandas.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rnnscope.errors import InputError
from rnnscope.storage.files import check_footer, check_is_file, corrupt_file_error, whole_file

# What pyarrow raises on damaged bytes; the middle one where the damage is in the names of columns.
DAMAGE = (pa.ArrowException, UnicodeDecodeError, OSError)
# A few kilobytes can claim any number of equal rows. Of a text, many rows take some bytes each.
FEW_ROWS, ROWS_A_BYTE = 10_000_000, 20

ID_TYPES = (pa.uint8(), pa.uint16())  # of the ids of characters: as few bits as their number needs
Columns = Iterable[str] | Mapping[str, pa.DataType | tuple[pa.DataType, ...]]


def open_parquet(path: Path, columns: Columns) -> pq.ParquetFile:
    """Open a parquet file.

    Its footer is compared with its record; damage inside a row group shows when that group is read (`read_row_group`).

    Parameters
    ----------
    path
        A file that `write_parquet` wrote.
    columns
        Names of columns that it has at least, or their types by name, several where each of them is allowed.

    Raises
    ------
    InputError
        If the file is missing or corrupt, lacks a column or has one of another type, or claims more rows than it can hold.
    """
    check_is_file(path, f"parquet with columns {', '.join(columns)}")
    check_footer(path)
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        schema = file.schema_arrow
    except DAMAGE as error:
        raise corrupt_file_error(path, f"not readable as parquet ({_one_line(error)})") from None
    if len(set(schema.names)) < len(schema.names):
        raise InputError(f"{path}: found columns {', '.join(schema.names)}; expected different names")
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}, found {', '.join(schema.names)}; expected {', '.join(columns)}")
    for name, kind in columns.items() if isinstance(columns, Mapping) else ():
        allowed = kind if isinstance(kind, tuple) else (kind,)
        if schema.field(name).type not in allowed:
            expected = " or ".join(map(str, allowed))
            raise InputError(f"{path}: column {name!r}: found {schema.field(name).type}, expected {expected}")
    most = FEW_ROWS + ROWS_A_BYTE * path.stat().st_size
    if file.metadata.num_rows > most:
        raise InputError(f"{path}: found {file.metadata.num_rows:,} rows, expected at most {most:,} in a file of its size")
    return file


def read_row_group(file: pq.ParquetFile, group: int, columns: list[str], path: Path) -> pa.Table:
    """Read some columns of one row group; raises InputError naming the file when its bytes are damaged or values are missing."""
    try:
        table = file.read_row_group(group, columns=columns)
    except DAMAGE as error:
        raise corrupt_file_error(path, f"row group {group} is damaged ({_one_line(error)})") from None
    for name in columns:
        if table[name].null_count:
            raise InputError(f"{path}: column {name!r}: found {table[name].null_count:,} missing values, expected none")
    return table


def read_parquet(path: Path, columns: Columns) -> pa.Table:
    """Read some columns of a whole parquet file; raises InputError as `open_parquet` does."""
    names = list(columns)
    with open_parquet(path, columns) as file:
        groups = [read_row_group(file, group, names, path) for group in range(file.num_row_groups)]
        return pa.concat_tables(groups) if groups else file.schema_arrow.empty_table().select(names)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as parquet with page checksums, whole or not at all."""
    with whole_file(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _one_line(error: Exception) -> str:
    """Return the beginning of a message on one line."""
    return " ".join(str(error).split())[:120]
