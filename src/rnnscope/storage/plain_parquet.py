"""Write parquet files of very many columns whose values hardly repeat, as fast as their bytes can be written.

The general writer (`pyarrow.parquet`) takes a float16 value by value: for an activation dump of hundreds of units, several times
as long as the network that computes them. Here the values of a column are one page as they are in memory: no dictionary, no
compression, no missing values. Columns of integers, of which a file has few, are compressed (zstd) and have statistics
(minimum and maximum), so that a reader can skip row groups.

Every page has a CRC-32 of its bytes. Any parquet reader reads the files; the tests do it with pyarrow, polars and DuckDB.
Source: the parquet format (apache/parquet-format, src/main/thrift/parquet.thrift), whose numbers of fields and types these are.
"""

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from rnnscope.storage.thrift import (
    BINARY,
    I32,
    STOP,
    STRUCT,
    Field,
    binary,
    boolean,
    byte,
    fields_after,
    i16,
    i32,
    i64,
    listing,
    nested,
    struct,
    varint,
    zigzag,
)

MAGIC = b"PAR1"
REQUIRED, DATA_PAGE, PLAIN, RLE, UNCOMPRESSED, ZSTD = 0, 0, 0, 3, 0, 6
INT32, FLOAT, FIXED_LENGTH = 1, 4, 7


@dataclass(frozen=True)
class Kind:
    """How a dtype is stored.

    Parameters
    ----------
    physical
        Parquet's type of a stored value.
    stored
        The dtype of a stored value, little-endian.
    facts
        Further fields of the column's element in the schema.
    """

    physical: int
    stored: str
    facts: tuple[Field, ...] = ()

    @property
    def is_integer(self) -> bool:
        """Whether it holds integers, which are compressed and have statistics."""
        return self.physical == INT32


def _integer(bits: int, signed: bool, converted: int) -> tuple[Field, ...]:
    """The facts of an integer of fewer than 32 bits: for old readers the converted type, for others the logical type."""
    return i32(6, converted), nested(10, nested(10, byte(1, bits), boolean(2, signed)))


KINDS = {
    "uint8": Kind(INT32, "<i4", _integer(8, False, 11)),
    "uint16": Kind(INT32, "<i4", _integer(16, False, 12)),
    "int16": Kind(INT32, "<i4", _integer(16, True, 16)),
    "int32": Kind(INT32, "<i4"),
    "float16": Kind(FIXED_LENGTH, "<f2", (nested(10, nested(15)),)),
    "float32": Kind(FLOAT, "<f4"),
}


@contextmanager
def plain_writer(path: Path, columns: Mapping[str, str]) -> Iterator["PlainWriter"]:
    """Open a parquet file to write row groups to; it is complete when the block ends without an error.

    Parameters
    ----------
    path
        The file.
    columns
        The dtype of every column by name, a key of `KINDS`.
    """
    with path.open("wb") as file:
        writer = PlainWriter(file, columns)
        yield writer
        writer.finish()


class PlainWriter:
    """Writes a parquet file, a row group at a time.

    Parameters
    ----------
    file
        Open for writing, empty.
    columns
        As of `plain_writer`.
    """

    def __init__(self, file: BinaryIO, columns: Mapping[str, str]) -> None:
        self.file = file
        self.names = [name.encode() for name in columns]
        self.schema = pa.schema([pa.field(name, pa.type_for_alias(dtype), nullable=False) for name, dtype in columns.items()])
        self.kinds = [KINDS[dtype] for dtype in columns.values()]
        self.beginnings = [_beginning(name, kind) for name, kind in zip(self.names, self.kinds, strict=True)]
        self.position = 0
        self.rows = 0
        self.groups: list[bytes] = []
        self._write(MAGIC)

    def write(self, columns: Sequence[np.ndarray]) -> None:
        """Write a row group.

        Parameters
        ----------
        columns
            The values of every column, all (rows,), contiguous; at least one row.

        Raises
        ------
        ValueError
            If they are not as many as the file has, or not of the same length.
        """
        rows, start = len(columns[0]), self.position
        if len(columns) != len(self.names) or any(len(values) != rows for values in columns):
            raise ValueError(f"row group: found {len(columns)} columns, expected {len(self.names)} of {rows} values")
        described, whole = [], 0
        for beginning, kind, values in zip(self.beginnings, self.kinds, columns, strict=True):
            chunk, size = self._write_column(beginning, kind, values)
            described.append(chunk)
            whole += size
        counts = i64(2, whole), i64(3, rows), i64(5, start), i64(6, self.position - start), i16(7, len(self.groups))
        self.groups.append(struct(listing(1, STRUCT, described), *counts))
        self.rows += rows

    def finish(self) -> None:
        """Write the footer."""
        elements = [struct(binary(4, b"schema"), i32(5, len(self.names)))]
        for name, kind in zip(self.names, self.kinds, strict=True):
            length = (i32(2, 2),) if kind.physical == FIXED_LENGTH else ()
            elements.append(struct(i32(1, kind.physical), *length, i32(3, REQUIRED), binary(4, name), *kind.facts))
        footer = struct(
            i32(1, 2),  # version of the format
            listing(2, STRUCT, elements),
            i64(3, self.rows),
            listing(4, STRUCT, self.groups),
            # As pyarrow writes it: some readers learn from it alone that a column is float16 (polars before 1.36).
            listing(5, STRUCT, [struct(binary(1, b"ARROW:schema"), binary(2, base64.b64encode(self.schema.serialize())))]),
            binary(6, b"rnnscope"),
            # Statistics are in the order of each type: a union with one empty structure.
            listing(7, STRUCT, [struct(nested(1))] * len(self.names)),
        )
        self._write(footer + len(footer).to_bytes(4, "little") + MAGIC)

    def _write_column(self, beginning: bytes, kind: Kind, values: np.ndarray) -> tuple[bytes, int]:
        """Write one column of a row group as a page; return its description and its bytes without compression."""
        stored = np.ascontiguousarray(values, kind.stored).view(np.uint8).data
        page = pa.compress(stored, "zstd", asbytes=True) if kind.is_integer else stored
        checksum = zlib.crc32(page)
        sizes = i32(1, DATA_PAGE), i32(2, len(stored)), i32(3, len(page))
        signed = checksum - (checksum >> 31 << 32)
        header = struct(*sizes, i32(4, signed), nested(5, i32(1, len(values)), i32(2, PLAIN), i32(3, RLE), i32(4, RLE)))
        start = self.position
        self._write(header)
        self._write(page)
        whole = len(header) + len(stored)
        written = [i64(5, len(values)), i64(6, whole), i64(7, self.position - start), i64(9, start), *_statistics(kind, values)]
        return fields_after(0, i64(2, start)) + beginning + fields_after(4, *written) + STOP + STOP, whole

    def _write(self, content: bytes | memoryview) -> None:
        self.file.write(content)
        self.position += len(content)


def _beginning(name: bytes, kind: Kind) -> bytes:
    """The beginning of the description of a column in a row group, which is the same in all of them."""
    encodings = listing(2, I32, [zigzag(PLAIN), zigzag(RLE)])
    codec = i32(4, ZSTD if kind.is_integer else UNCOMPRESSED)
    fields = fields_after(0, i32(1, kind.physical), encodings, listing(3, BINARY, [varint(len(name)) + name]), codec)
    return fields_after(2, (3, STRUCT, fields))


def _statistics(kind: Kind, values: np.ndarray) -> list[Field]:
    """The minimum and maximum of integers."""
    if not kind.is_integer:
        return []
    highest, lowest = (int(bound).to_bytes(4, "little", signed=True) for bound in (values.max(), values.min()))
    return [nested(12, i64(3, 0), binary(5, highest), binary(6, lowest))]
