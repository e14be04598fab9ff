"""Features of the text at every test character: what a unit of a network could be tracking (paper section 4, F2).

    python -m rnnscope.analyses.units.features --split DIR --features line_position inside_quotes --newline-within 10 --out FILE

They are computed on the whole text, train, validation and test parts of each stream joined in order, so that a comment
that was opened long before the test part is known to be open; the rows of the test part are then written.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from rnnscope.analyses.units import text_features
from rnnscope.analyses.units.code_features import code_features
from rnnscope.cli import run
from rnnscope.corpus.split import PARTS, read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet

POSITION = ("stream", "step")
TEXT_FEATURES: dict[str, Callable[[bytes], np.ndarray]] = {
    "line_position": text_features.line_position,
    "inside_quotes": text_features.inside_quotes,
    "inside_parentheses": text_features.inside_parentheses,
    "indentation": text_features.indentation,
    "inside_word": text_features.inside_word,
    "word_position": text_features.word_position,
    "capital": text_features.capital,
    "sentence_start": text_features.sentence_start,
}
CODE_FEATURES = ("inside_comment", "inside_string", "inside_if_condition", "brace_depth", "inside_preprocessor")
FEATURES = (*TEXT_FEATURES, "newline_soon", *CODE_FEATURES)


def compute(text: bytes, names: list[str], newline_within: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each feature of a text by name, bool or int32 (characters,).

    names: of `FEATURES`, defined in `text_features` and `code_features`. newline_within: characters, of `newline_soon`.
    """
    code = code_features(text) if set(names) & set(CODE_FEATURES) else {}
    for name in names:
        if name == "newline_soon":
            yield name, text_features.newline_soon(text, newline_within)
        else:
            yield name, code[name] if name in code else TEXT_FEATURES[name](text)


def read_text(split: Path) -> tuple[bytes, tuple[int, int, int]]:
    """Put the cut text together again from the parts of a split: its bytes, and (streams, characters a stream, of these test).

    Raises InputError when a part is missing or damaged, or when the parts have different numbers of streams.
    """
    vocabulary = read_vocabulary(split)
    parts = [read_characters(split, part, len(vocabulary))[:, :-1] for part in PARTS]
    if len({len(part) for part in parts}) > 1:
        found = ", ".join(str(len(part)) for part in parts)
        raise InputError(f"{split}: found parts of {found} streams, expected as many in each; delete them to have them rebuilt")
    streams = np.concatenate(parts, axis=1)
    return vocabulary[streams].tobytes(), (*streams.shape, parts[-1].shape[1])


def feature_table(split: Path, names: list[str], newline_within: int) -> pa.Table:
    """The features of the test part, a row a character in stream-then-step order: `POSITION`, then a column a feature."""
    text, (streams, row, steps) = read_text(split)
    columns = {
        "stream": np.repeat(np.arange(streams, dtype=np.int16), steps),
        "step": np.tile(np.arange(steps, dtype=np.int32), streams),
    }
    for name, values in compute(text, names, newline_within):
        columns[name] = values.reshape(streams, row)[:, row - steps :].ravel()
    return pa.table(columns)


def read_features(path: Path) -> dict[str, np.ndarray]:
    """Read what `feature_table` made: `POSITION` and every feature, arrays (test characters,).

    Raises InputError naming the file when it is missing or damaged.
    """
    with open_parquet(path, list(POSITION)) as file:
        names = file.schema_arrow.names
    table = read_parquet(path, names)
    return {name: table[name].to_numpy() for name in names}


def main() -> None:
    """Write the features of one corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--features", nargs="+", choices=FEATURES, required=True, metavar="NAME", help=", ".join(FEATURES))
    parser.add_argument("--newline-within", type=int, required=True, help="characters that newline_soon looks ahead")
    parser.add_argument("--out", type=Path, required=True, help="parquet to write")
    arguments = parser.parse_args()
    write_parquet(feature_table(arguments.split, arguments.features, arguments.newline_within), arguments.out)


if __name__ == "__main__":
    run(main)
