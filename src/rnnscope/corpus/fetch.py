"""Fetch or assemble the text of a corpus, check it against what was declared, and describe it in a manifest."""

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.sources import Source, parse_source, spell, write_first_available
from rnnscope.corpus.text import distinct_bytes, open_text
from rnnscope.errors import InputError
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import sha256_of, whole_file, write_json

declare("corpus/text.bin", "The text itself and nothing else: one byte a character.")
declare(
    "corpus/manifest.json",
    "What the text is and where it came from.",
    (
        Column("source", "object", "the source that the text came from, as in `config.yaml`"),
        Column("bytes", "integer", "length of the text, characters"),
        Column("sha256", "text", "SHA-256 of the text, 64 hexadecimal digits"),
        Column("vocabulary", "integer", "number of distinct bytes, K"),
        Column("distinct_bytes", "list of integers", "the distinct bytes, ascending"),
    ),
)

Declared = dict[str, int | str]


def fetch(sources: list[Source], declared: Declared, directory: Path) -> None:
    """Write `text.bin` and `manifest.json` to `directory` from the first of `sources` that answers.

    `declared` holds what is known of the text: any of `bytes` (its size), `vocabulary` (its number of distinct
    bytes) and `sha256`. Raises InputError when no source answers, and when the text is empty or differs from
    what was declared; `text.bin` does not appear then.
    """
    size = declared.get("bytes")
    with whole_file(directory / "text.bin") as text:
        source = write_first_available(sources, int(size) if size is not None else None, text)
        if text.stat().st_size == 0:
            raise InputError(f"{spell(source)}: the text is empty")
        found = describe(text)
        differences = [f"{key}: found {found[key]}, expected {value}" for key, value in declared.items() if found[key] != value]
        if differences:
            raise InputError(f"{spell(source)}: not the text that was declared: {'; '.join(differences)}")
    write_json(directory / "manifest.json", {"source": source} | found)


def describe(text: Path) -> dict[str, Any]:
    """Size, SHA-256, number of distinct bytes and the distinct bytes of a text."""
    characters = open_text(text)
    values: np.ndarray = distinct_bytes(characters)
    return {
        "bytes": len(characters),
        "sha256": sha256_of(text),
        "vocabulary": len(values),
        "distinct_bytes": values.tolist(),
    }


def check_declared(declared: Declared) -> None:
    """Raise InputError unless sizes are positive and the SHA-256 has 64 hexadecimal digits."""
    for key, value in declared.items():
        if isinstance(value, int):
            if value < 1 or (key == "vocabulary" and value > 256):
                raise InputError(
                    f"{key}: found {value}, expected a positive number" + (" up to 256" if key == "vocabulary" else "")
                )
        elif not re.fullmatch(r"[0-9a-f]{64}", value):
            raise InputError(f"{key}: found {value!r}, expected 64 hexadecimal digits")


def main() -> None:
    """Fetch one corpus."""
    parser = argparse.ArgumentParser(description="Fetch or assemble the text of a corpus and check it.")
    parser.add_argument(
        "--source", action="append", required=True, help='JSON such as {"path": "x.txt"}; repeated: the first that answers wins'
    )
    parser.add_argument("--bytes", type=int, help="size of the text; texts put together from files are cut to it")
    parser.add_argument("--vocabulary", type=int, help="number of distinct bytes of the text")
    parser.add_argument("--sha256", type=str.lower, help="SHA-256 of the text, 64 hexadecimal digits")
    parser.add_argument("--out", type=Path, required=True, help="folder of text.bin and manifest.json")
    arguments = parser.parse_args()

    sources = [parse_source(text) for text in arguments.source]
    flags = {"bytes": arguments.bytes, "vocabulary": arguments.vocabulary, "sha256": arguments.sha256}
    declared: Declared = {key: value for key, value in flags.items() if value is not None}
    check_declared(declared)
    fetch(sources, declared, arguments.out)


if __name__ == "__main__":
    run(main)
