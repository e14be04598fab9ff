"""What parquet's headers are written in: the compact protocol of Apache Thrift, as far as they need it.

Source: the Thrift compact protocol's specification (apache/thrift, doc/specs/thrift-compact-protocol.md).
"""

from collections.abc import Sequence

TRUE, FALSE, BYTE, I16, I32, I64, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 8, 9, 12
STOP = b"\0"

BYTES = [bytes([value]) for value in range(256)]

Field = tuple[int, int, bytes]  # its number, its type and its value, encoded


def varint(number: int) -> bytes:
    """Return an unsigned number, seven bits a byte, the lowest first."""
    if number < 0x80:
        return BYTES[number]
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def zigzag(number: int) -> bytes:
    """Return a signed number of at most 64 bits: small ones of either sign take few bytes."""
    return varint((number << 1) ^ (number >> 63))


def fields_after(before: int, *fields: Field) -> bytes:
    """Return fields of a structure, in increasing order of their numbers, after the field of number `before` (0 for none)."""
    encoded = b""
    for number, kind, value in fields:
        encoded += BYTES[number - before << 4 | kind] + value
        before = number
    return encoded


def struct(*fields: Field) -> bytes:
    """Return a structure; its fields in increasing order of their numbers."""
    return fields_after(0, *fields) + STOP


def i16(number: int, value: int) -> Field:
    """Return a field of 16 bits."""
    return number, I16, zigzag(value)


def i32(number: int, value: int) -> Field:
    """Return a field of 32 bits, also for an enumeration."""
    return number, I32, zigzag(value)


def i64(number: int, value: int) -> Field:
    """Return a field of 64 bits."""
    return number, I64, zigzag(value)


def byte(number: int, value: int) -> Field:
    """Return a field of one byte."""
    return number, BYTE, BYTES[value]


def boolean(number: int, value: bool) -> Field:
    """Return a truth value, which is part of the field's type."""
    return number, TRUE if value else FALSE, b""


def binary(number: int, value: bytes) -> Field:
    """Return a field of bytes, or of text in UTF-8."""
    return number, BINARY, varint(len(value)) + value


def nested(number: int, *fields: Field) -> Field:
    """Return a field that is a structure."""
    return number, STRUCT, struct(*fields)


def listing(number: int, kind: int, items: Sequence[bytes]) -> Field:
    """Return a field that is a list of encoded items of one type."""
    size = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + varint(len(items))
    return number, LIST, b"".join([size, *items])
