"""Declarations of the files between stages, from which `docs/tables.md` is written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        As in the file.
    kind
        How its values are written: "text", "integer", "number", "yes/no", or a parquet type such as "int16".
    meaning
        What it says, with its unit.
    """

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Declaration:
    """A file that a stage writes: its path below `results/<corpus>/`, what it holds, its columns."""

    path: str
    meaning: str
    columns: tuple[Column, ...]


DECLARATIONS: dict[str, Declaration] = {}


def declare(path: str, meaning: str, columns: tuple[Column, ...]) -> None:
    """Add a declaration to `DECLARATIONS`; the same path twice is a mistake of the program."""
    declaration = Declaration(path, meaning, columns)
    if DECLARATIONS.setdefault(path, declaration) != declaration:
        raise ValueError(f"{path}: declared twice")
