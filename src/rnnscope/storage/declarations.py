"""Declarations of the files between stages, from which `docs/tables.md` is written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a table, or a key of a JSON file.

    Parameters
    ----------
    name
        As in the file. A key inside an object has the object's name before it, as in `segments.train`; a part in angle
        brackets stands for any word, as in `c_<unit>`.
    kind
        How its values are written: "text", "integer", "number", "yes/no"; a parquet type such as "int16"; in a JSON file also
        "object", "list of integers", "list of texts".
    meaning
        What it says, with its unit.
    """

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Declaration:
    """A file that a stage writes.

    Parameters
    ----------
    path
        Below `results/<corpus>/`, with parts in angle brackets for what differs, as in `models/<model>/summary.json`.
    meaning
        What the file holds, or what one row is, in whole sentences.
    columns
        All columns in their order; none for a file that has no columns and no keys.
    """

    path: str
    meaning: str
    columns: tuple[Column, ...]


DECLARATIONS: dict[str, Declaration] = {}


def declare(path: str, meaning: str, columns: tuple[Column, ...] = ()) -> None:
    """Add a declaration to `DECLARATIONS`; the parameters are those of `Declaration`.

    Raises
    ------
    ValueError
        If another declaration has the same path: a mistake of the program.
    """
    declaration = Declaration(path, meaning, columns)
    if DECLARATIONS.setdefault(path, declaration) != declaration:
        raise ValueError(f"{path}: declared twice")
