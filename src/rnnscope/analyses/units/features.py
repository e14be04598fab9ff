"""Features of the text at every test character: what a unit of a network could track (paper section 4, F2).

They are computed on the text of all parts, the train, validation and test parts of each stream joined in order. So a comment that
was opened long before the test part is known to be open. The rows of the test part are then written.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

import rnnscope.analyses.units.text_features  # noqa: F401 (registers the features)
from rnnscope.analyses.units import language_features
from rnnscope.analyses.units.feature_registry import FEATURES, Feature, chosen_features
from rnnscope.cli import run
from rnnscope.corpus.letters import Text, encoded
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.split_text import SplitText
from rnnscope.errors import InputError
from rnnscope.progress import warn
from rnnscope.settings.units import Features
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import mismatch_error
from rnnscope.storage.parquet import open_parquet, read_parquet, write_parquet
from rnnscope.storage.tables import Table

POSITION = ("stream", "step")
MANY_ERRORS = 0.01  # share of the text
POSITION_TYPES = {"stream": pa.int16(), "step": pa.int32()}

declare(
    "analyses/features.parquet",
    "What the text is doing at every test character: the rows of `activations` in the same order, and a column for each feature "
    "of the corpus. A value is the state of the text **after** the character was read, known from the beginning of the text on, "
    "not only from that of the test part. Where a character is a byte, a state changes at the last byte of a letter, and what a "
    "letter is holds for all of its bytes. An *empty line* holds only spaces, tabs and carriage returns; *word characters* are "
    "letters, marks, digits and underscores of any script. Features whose meaning begins with *C* are of C and C++ alone; "
    "those with *Language* are of the programming language that the corpus names, as Pygments reads it.",
    (
        Column("stream", "int16", "row s of `test.npy`"),
        Column("step", "int32", "t: after column t was read"),
        *(Column(name, entry.kind, entry.meaning) for name, entry in FEATURES.items()),
    ),
)


FEATURE_CHANGES = Table(
    "analyses/feature_changes.csv",
    "One row a feature of the corpus: how it varies in the test part. One that never changes there is compared with no unit.",
    (
        Column("feature", "text", "column of `features.parquet`"),
        Column("mean", "number", "mean over the test part: of a yes/no feature the share of the characters where it is on"),
        Column("changes", "yes/no", "whether it has two different values in the test part"),
    ),
)

log = logging.getLogger(__name__)


def feature_table(text: SplitText, chosen: list[Feature], settings: Features, language: str | None = None) -> pa.Table:
    """Compute features of the test part.

    Parameters
    ----------
    text
        Text of a split.
    chosen
        The features.
    settings
        Their settings.
    language
        Programming language of the text, where a feature needs it.

    Returns
    -------
    pyarrow.Table
        One row a test character in stream-then-step order: `POSITION`, then a column a feature.
    """
    cut = whole_text(text)
    read = text.positions - 1  # the character after which a row is the state of the text
    stream, column = np.divmod(read, text.row)
    columns = {"stream": stream.astype(np.int16), "step": (column - column[0]).astype(np.int32)}
    return pa.table(columns | {entry.name: entry.values(cut, settings, language)[read] for entry in chosen})


def whole_text(text: SplitText) -> Text:
    """Return the text of a split without the target of its last character, with its encoding where a character is a byte."""
    return encoded(text.text[:-1], text.encoding)


def feature_changes(table: pa.Table) -> pd.DataFrame:
    """Return the rows of `FEATURE_CHANGES` of a table of features."""
    values = {name: table[name].to_numpy() for name in table.column_names if name not in POSITION}
    rows = [(name, of_feature.mean(), bool((of_feature != of_feature[0]).any())) for name, of_feature in values.items()]
    return pd.DataFrame(rows, columns=FEATURE_CHANGES.names)


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


def read_shaped(path: Path, split_path: Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Read features.parquet as features of the streams of a test part.

    Parameters
    ----------
    path
        features.parquet.
    split_path
        File of the test part.
    shape
        Its streams and steps.

    Returns
    -------
    dict of str to ndarray
        Every feature, (streams, steps).

    Raises
    ------
    InputError
        If the file is missing or corrupt, or is of another number of test characters.
    """
    table = read_features(path)
    if len(table[POSITION[0]]) != shape[0] * shape[1]:
        reason = f"found {len(table[POSITION[0]])} rows, expected {shape[0] * shape[1]} as in {split_path}"
        raise mismatch_error(path, split_path, reason)
    return {name: values.reshape(shape) for name, values in table.items() if name not in POSITION}


def varies_in_both_halves(values: np.ndarray) -> bool:
    """Return whether a feature, (streams, steps), takes two values in the streams of even number and in those of odd number."""
    return all(half.min() < half.max() for half in (values[::2], values[1::2]) if half.size)


def main(split: Path, features: list[str], settings: Features, out: Path, out_changes: Path, language: str | None = None) -> None:
    """Write the features of one corpus at every test character.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    features
        Name of a list of features (prose, code, language), or names of features.
    settings
        Settings of the features.
    out
        Parquet file to write.
    out_changes
        CSV file to write: which features change.
    language
        Programming language of the text, as Pygments names it; the features of the list `language` need it.
    """
    chosen = chosen_features(features, language)
    text = read_split(split).text
    table = feature_table(text, chosen, settings, language)
    changes = feature_changes(table)
    for name in changes["feature"][~changes["changes"]]:
        warn(log, f"the feature {name} never changes in the test part: no unit is compared with it")
    if language and (errors := language_features.share_of_errors(whole_text(text), language)) > MANY_ERRORS:
        warn(log, f"the lexer of {language} cannot read {errors:.1%} of the text; is it in this language?")
    FEATURE_CHANGES.write(changes, out_changes)
    write_parquet(table, out)


if __name__ == "__main__":
    run(main)
