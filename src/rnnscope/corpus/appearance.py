"""What a text looks like that was not declared to be so: compressed, UTF-16, binary, or not UTF-8."""

from pathlib import Path

import numpy as np

SAMPLE = 2**20  # bytes that are looked at
UNPACK = "give the file a name that ends in {} to have it unpacked"
FORMATS = (
    (b"\x1f\x8b", "a gzip file", UNPACK.format(".gz")),
    (b"\xfd7zXZ\x00", "an xz file", UNPACK.format(".xz")),
    (b"BZh", "a bzip2 file", UNPACK.format(".bz2")),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", UNPACK.format(".zst")),
    (b"PK\x03\x04", "a zip archive (or a document that is one)", "write archive: with path, members and shuffle_seed"),
    (b"%PDF-", "a PDF document", "expected plain text; convert it first"),
)
TAR_MARK = slice(257, 262)
UTF_16 = "write encoding: utf-16 (with characters: unicode a character is then a letter)"
# Bytes that no text has: control characters other than tab, line feed, form feed, carriage return and escape.
CONTROLS = np.isin(np.arange(256), [*range(9), 11, *range(14, 27), *range(28, 32), 127])
MANY_CONTROLS = 0.01  # share of the bytes
MANY_NULS = 0.2  # share of the bytes at even, or at odd positions


def describe_appearance(text: Path, encoding: str | None) -> str | None:
    """Return what a text looks like and what to write about it in config.yaml, on one line; None for an ordinary text.

    Parameters
    ----------
    text
        The file.
    encoding
        The declared encoding; None for none. A text that is declared is only checked for compression.
    """
    with text.open("rb") as file:
        head = file.read(SAMPLE)
    for beginning, name, remedy in FORMATS:
        if head.startswith(beginning):
            return f"looks like {name}, and is taken as it is; {remedy}"
    if head[TAR_MARK] == b"ustar":
        return "looks like a tar archive, and is taken as it is; write archive: with path, members and shuffle_seed"
    if encoding is not None:
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"looks like UTF-16; {UTF_16}"
    values = np.frombuffer(head, dtype=np.uint8)
    nuls = [float(np.mean(values[first::2] == 0)) if len(values) > 1 else 0.0 for first in (0, 1)]
    if max(nuls) > MANY_NULS and min(nuls) < MANY_NULS / 4:
        order = "le" if nuls[1] > nuls[0] else "be"
        return f"looks like UTF-16 without a mark of its byte order; {UTF_16.replace('utf-16', f'utf-16-{order}')}"
    if len(values) and (not values.all() or CONTROLS[values].mean() > MANY_CONTROLS):
        return "looks binary: it has bytes that are no text; expected plain text, or write its encoding, such as encoding: utf-16"
    return _not_utf_8(head)


def _not_utf_8(head: bytes) -> str | None:
    """Return where a text is not UTF-8; a letter that the end of the sample cuts off does not count."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(head):
            return None
        return (
            f"is not UTF-8 (byte 0x{head[error.start]:02X} at position {error.start:,}); write its encoding, such as "
            "encoding: latin-1, so that its letters can be displayed"
        )
    return None
