"""Fetch or assemble the text of a corpus, check it against what was declared, and describe it in a manifest."""

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.appearance import describe_appearance
from rnnscope.corpus.sources import Source, parse_source, write_first_available
from rnnscope.corpus.spelling import spell
from rnnscope.corpus.text import CODE_POINTS, check_characters, count_code_points, distinct_bytes, open_text
from rnnscope.errors import InputError, quoted
from rnnscope.progress import warn
from rnnscope.settings.corpus import DEFAULT_ENCODING
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import sha256_of, whole_file, write_json

Declared = dict[str, int | str]

declare("corpus/text.bin", "The text itself, nothing else: its bytes as they were found.", ())
declare(
    "corpus/manifest.json",
    "Where the text is from, and what it is.",
    (
        Column("source", "object", "the source that was used, as in `config.yaml`"),
        Column("bytes", "integer", "length of the text, bytes"),
        Column("sha256", "text", "SHA-256 of the text, 64 hexadecimal digits"),
        Column("vocabulary", "integer", "number of distinct characters: bytes, or with `characters: unicode` code points"),
        Column("distinct_bytes", "list of integers", "the distinct bytes, ascending"),
        Column("characters", "integer", "with `characters: unicode`: length of the text, code points"),
        Column("encoding", "text", "with `characters: unicode`: the encoding of the text"),
    ),
)

log = logging.getLogger(__name__)


def fetch(
    sources: list[Source], declared: Declared, folder: Path, characters: str = "bytes", encoding: str | None = None
) -> None:
    """Write `text.bin` and `manifest.json` from the first of some sources that is available.

    Parameters
    ----------
    sources
        In the order in which they are tried.
    declared
        What is known of the text: any of `bytes` (its size), `vocabulary` (its number of distinct characters) and `sha256`.
    folder
        Where the two files are written.
    characters
        What a character is, bytes or unicode.
    encoding
        Encoding of the text; None where none is declared.

    Raises
    ------
    InputError
        If no source is available, and if the text is empty or differs from what was declared; `text.bin` is not written then.
    """
    size = declared.get("bytes")
    with whole_file(folder / "text.bin") as text:
        source = write_first_available(sources, int(size) if size is not None else None, text)
        if text.stat().st_size == 0:
            raise InputError(f"{spell(source)}: the text is empty")
        if appearance := describe_appearance(text, encoding):
            warn(log, f"{spell(source)}: {appearance}")
        try:
            found = describe(text, (encoding or DEFAULT_ENCODING) if characters == "unicode" else None)
        except InputError as error:
            raise InputError(f"{spell(source)}: {str(error).partition(': ')[2]}") from None
        differences = [f"{key}: found {found[key]}, expected {value}" for key, value in declared.items() if found[key] != value]
        if differences:
            raise InputError(f"{spell(source)}: not the text that was declared: {'; '.join(differences)}")
    write_json(folder / "manifest.json", {"source": source} | found)


def describe(text: Path, encoding: str | None = None) -> dict[str, Any]:
    """Return the size, the SHA-256 and the distinct characters of a text: bytes, or code points in an encoding."""
    characters = open_text(text)
    values = distinct_bytes(characters)
    found = {"bytes": len(characters), "sha256": sha256_of(text), "vocabulary": len(values), "distinct_bytes": values.tolist()}
    if encoding is None:
        return found
    counts = count_code_points(text, encoding)
    more = {"vocabulary": int(np.count_nonzero(counts)), "characters": int(counts.sum()), "encoding": encoding}
    return found | more


def check_declared(declared: Declared, characters: str = "bytes") -> None:
    """Raise InputError unless sizes are positive and the SHA-256 has 64 hexadecimal digits."""
    most = CODE_POINTS if characters == "unicode" else 256
    for key, value in declared.items():
        if isinstance(value, int):
            if value < 1 or (key == "vocabulary" and value > most):
                raise InputError(
                    f"{key}: found {value}, expected a positive number" + (f" up to {most}" if key == "vocabulary" else "")
                )
        elif not re.fullmatch(r"[0-9a-f]{64}", value):
            raise InputError(f"{key}: found {quoted(value)}, expected 64 hexadecimal digits")


def main(
    sources: list[str],
    out: Path,
    bytes: int | None = None,  # noqa: A002  # the flag has the name of the key in config.yaml
    vocabulary: int | None = None,
    sha256: str | None = None,
    characters: str = "bytes",
    encoding: str | None = None,
) -> None:
    """Fetch or assemble the text of a corpus and check it.

    Parameters
    ----------
    sources
        Sources as JSON, such as {"path": "x.txt"}; the first that is available is used.
    out
        Folder of text.bin and manifest.json.
    bytes
        Size of the text; texts that are joined from files are cut to it.
    vocabulary
        Number of distinct characters of the text.
    sha256
        SHA-256 of the text, 64 hexadecimal digits.
    characters
        What a character is: bytes or unicode.
    encoding
        Encoding of the text; utf-8 where none is given and a character is a code point.
    """
    check_characters(characters, encoding)
    parsed = [parse_source(text) for text in sources]
    known = {"bytes": bytes, "vocabulary": vocabulary, "sha256": sha256.lower() if sha256 is not None else None}
    declared: Declared = {key: value for key, value in known.items() if value is not None}
    check_declared(declared, characters)
    fetch(parsed, declared, out, characters, encoding)


if __name__ == "__main__":
    run(main)
