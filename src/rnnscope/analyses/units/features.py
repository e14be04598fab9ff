"""Features of the text at every test character: what a unit of a network could track (paper section 4, F2).

They are computed on the text of all parts, the train, validation and test parts of each stream joined in order. So a comment that
was opened long before the test part is known to be open. The rows of the test part are then written.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

import rnnscope.analyses.units.text_features  # noqa: F401 (registers the features)
from rnnscope.analyses.units.feature_registry import FEATURES, Feature, chosen_features
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.split_text import SplitText
from rnnscope.errors import InputError
from rnnscope.settings.units import Features
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet

POSITION = ("stream", "step")
POSITION_TYPES = {"stream": pa.int16(), "step": pa.int32()}

declare(
    "analyses/features.parquet",
    "What the text is doing at every test character: the rows of `activations` in the same order, and a column for each feature "
    "of the corpus. A value is the state of the text **after** the character was read, known from the beginning of the text on, "
    "not only from that of the test part. An *empty line* holds only spaces, tabs and carriage returns; *word characters* are "
    "ASCII letters, digits and underscores, and all bytes from 128 on.",
    (
        Column("stream", "int16", "row s of `test.npy`"),
        Column("step", "int32", "t: after column t was read"),
        *(Column(name, entry.kind, entry.meaning) for name, entry in FEATURES.items()),
    ),
)


def feature_table(text: SplitText, chosen: list[Feature], settings: Features) -> pa.Table:
    """Compute features of the test part.

    Parameters
    ----------
    text
        Text of a split.
    chosen
        The features.
    settings
        Their settings.

    Returns
    -------
    pyarrow.Table
        One row a test character in stream-then-step order: `POSITION`, then a column a feature.
    """
    cut = text.text[:-1]  # without the target of its last character
    read = text.positions - 1  # the character after which a row is the state of the text
    stream, column = np.divmod(read, text.row)
    columns = {"stream": stream.astype(np.int16), "step": (column - column[0]).astype(np.int32)}
    return pa.table(columns | {entry.name: entry.values(cut, settings)[read] for entry in chosen})


def read_features(path: Path) -> dict[str, np.ndarray]:
    """Read features.parquet.

    Returns
    -------
    dict of str to ndarray
        `POSITION` and every feature, arrays (test characters,).

    Raises
    ------
    InputError
        If the file is missing or corrupt, or has a feature that is neither yes or no nor a count.
    """
    with open_parquet(path, POSITION_TYPES) as file:
        schema = file.schema_arrow
    for field in schema:
        if not (pa.types.is_boolean(field.type) or pa.types.is_integer(field.type)):
            raise InputError(f"{path}: column {field.name!r}: found {field.type}, expected bool or a type of whole numbers")
    table = read_parquet(path, schema.names)
    return {name: table[name].to_numpy() for name in schema.names}


def main(split: Path, features: list[str], settings: Features, out: Path) -> None:
    """Write the features of one corpus at every test character.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    features
        Name of a list of features (prose, code), or names of features.
    settings
        Settings of the features.
    out
        Parquet file to write.
    """
    chosen = chosen_features(features)
    write_parquet(feature_table(read_split(split).text, chosen, settings), out)


if __name__ == "__main__":
    run(main)
