"""CSV tables between stages: declared once, written whole, read with their columns checked."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import check_digest, check_is_file, corrupt_file_error, whole_file


@dataclass(frozen=True)
class Table:
    """A CSV table that a stage writes: its path, what it holds, its columns in their order.

    Making one declares it: `docs/tables.md` is written from all declarations.

    Parameters
    ----------
    path
        Below `results/<corpus>/`, such as `analyses/losses.csv`.
    meaning
        What a row is, one sentence.
    columns
        All columns in their order.
    """

    path: str
    meaning: str
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        declare(self.path, self.meaning, self.columns)

    @property
    def names(self) -> list[str]:
        """Names of the columns in their order."""
        return [column.name for column in self.columns]

    def write(self, table: pd.DataFrame, path: Path) -> None:
        """Write `table` with its columns in the declared order, whole or not at all.

        Raises
        ------
        ValueError
            If its columns are not the declared ones.
        """
        if set(table.columns) != set(self.names):
            raise ValueError(f"{self.path}: found columns {list(table.columns)}, declared {self.names}")
        write_csv(table[self.names], path)

    def read(self, path: Path) -> pd.DataFrame:
        """Read the table with its columns in the declared order.

        Raises
        ------
        InputError
            As `read_csv`, and if a value is not of the declared kind.
        """
        table = read_csv(path, self.names)[self.names]
        for column in self.columns:
            given = table[column.name].dropna()
            wrong = given[_is_wrong(given, column.kind)]
            if len(wrong):
                reason = f"column {column.name!r}: found {str(wrong.iloc[0])[:40]!r} in row {wrong.index[0] + 1}"
                raise corrupt_file_error(path, f"{reason}, expected {EXPECTED[column.kind]}")
        return table


EXPECTED = {"integer": "a whole number", "number": "a number", "yes/no": "True or False"}


def _is_wrong(values: pd.Series, kind: str) -> pd.Series:
    """Say of each value, none of them missing, whether it is of another kind; any value is a text."""
    if kind == "text":
        return pd.Series(False, values.index)
    # pandas leaves a column of several kinds as text.
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    is_truth = pd.Series(False, values.index) if is_number else values.map(str).isin(["True", "False"])
    if kind == "yes/no":
        return ~is_truth
    numbers = pd.to_numeric(values, errors="coerce")
    # A missing value turns the whole numbers of a column into fractions.
    return is_truth | numbers.isna() | ((numbers % 1 != 0) if kind == "integer" else False)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index, whole or not at all."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV table.

    Parameters
    ----------
    path
        A file that `write_csv` wrote.
    columns
        Names of columns that it has at least.

    Raises
    ------
    InputError
        If the file is missing or corrupt, or lacks a column. A truncated file shows in its last line, which has no end.
    """
    check_is_file(path, f"a table with columns {', '.join(columns)}")
    check_digest(path)
    if not path.read_bytes().endswith(b"\n"):
        raise corrupt_file_error(path, "the last line has no end, so the file was cut off")
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise corrupt_file_error(path, f"not readable as CSV ({reason})") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}, found {', '.join(table.columns)}; expected {', '.join(columns)}")
    return table
