"""CSV tables: declared, written and read; and every file of a finished run, compared with its declaration."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.documented import column_of, documented, matches

from docs.write_tables import TABLES, text
from rnnscope.corpus import fetch, split
from rnnscope.errors import InputError
from rnnscope.storage import declarations
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.tables import Table, read_csv, write_csv

JSON_KINDS = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "yes/no": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list of integers": lambda value: isinstance(value, list) and all(type(item) is int for item in value),
    "list of texts": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}
CSV_KINDS = {
    "text": pd.api.types.is_string_dtype,
    "integer": pd.api.types.is_integer_dtype,
    "number": pd.api.types.is_numeric_dtype,
    "yes/no": pd.api.types.is_bool_dtype,
}
COLUMNS = (Column("model", "text", "name"), Column("loss", "number", "nats per character"))


@pytest.fixture
def table(monkeypatch):
    """A declared table, which is forgotten after the test."""
    monkeypatch.setattr(declarations, "DECLARATIONS", {})
    return Table("analyses/made_up.csv", "A row a model.", COLUMNS)


def test_a_table_is_written_in_the_order_of_its_columns_and_read_back(table, tmp_path):
    path = tmp_path / "folder/made_up.csv"
    table.write(pd.DataFrame({"loss": [1.25, None], "model": ["lstm-1-4", "NA"]}), path)
    assert path.read_text() == "model,loss\nlstm-1-4,1.25\nNA,\n"
    read = table.read(path)
    assert list(read.columns) == ["model", "loss"]
    assert read["model"].tolist() == ["lstm-1-4", "NA"]
    assert read["loss"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("kind", "values", "row", "expected"),
    [
        ("number", ["1.5", "", "abc\x1b[2J", "x"], 3, r"'abc\x1b[2J'"),
        ("number", ["True", "False"], 1, "'True'"),
        ("number", ["1.5", "True"], 2, "'True'"),
        ("integer", ["1", "", "2.5"], 3, "'2.5'"),
        ("integer", ["1", "inf"], 2, "'inf'"),
        ("integer", ["one", "2"], 1, "'one'"),
        ("yes/no", ["True", "1"], 2, "'1'"),
        ("yes/no", ["0", "1"], 1, "'0'"),
        ("yes/no", ["True", "", "maybe"], 3, "'maybe'"),
    ],
)
def test_values_of_another_kind_are_named(tmp_path, monkeypatch, kind, values, row, expected):
    monkeypatch.setattr(declarations, "DECLARATIONS", {})
    table, path = Table("a.csv", "A row.", (Column("model", "text", "name"), Column("value", kind, "it"))), tmp_path / "a.csv"
    path.write_text("model,value\n" + "".join(f"m,{value}\n" for value in values))
    with pytest.raises(InputError) as told:
        table.read(path)
    noun = {"integer": "a whole number", "number": "a number", "yes/no": "True or False"}[kind]
    line = str(told.value)
    assert line.startswith(f"{path}: column 'value': found {expected} in row {row}, expected {noun}; expected a file that")
    assert line.isprintable()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["1", "abc", "", "True"]),
        ("number", ["1", "2.5", "", "-1e-9", "inf"]),
        ("number", ["", ""]),
        ("integer", ["3", "", "-1"]),
        ("integer", ["3", "4"]),
        ("yes/no", ["True", "", "False"]),
        ("yes/no", ["True", "False"]),
        ("yes/no", ["", ""]),
        ("integer", []),
        ("yes/no", []),
    ],
)
def test_values_of_the_declared_kind_are_read(tmp_path, monkeypatch, kind, values):
    monkeypatch.setattr(declarations, "DECLARATIONS", {})
    table, path = Table("a.csv", "A row.", (Column("model", "text", "name"), Column("value", kind, "it"))), tmp_path / "a.csv"
    path.write_text("model,value\n" + "".join(f"m,{value}\n" for value in values))
    assert len(table.read(path)) == len(values)


@pytest.mark.parametrize("columns", [["model"], ["model", "loss", "more"], ["model", "los"]])
def test_a_table_of_other_columns_than_declared_is_not_written(table, tmp_path, columns):
    with pytest.raises(ValueError, match=r"analyses/made_up\.csv: found columns .*, declared \['model', 'loss'\]"):
        table.write(pd.DataFrame({column: [1] for column in columns}), tmp_path / "made_up.csv")
    assert not (tmp_path / "made_up.csv").exists()


def test_a_path_is_declared_once(table):
    declare(table.path, table.meaning, table.columns)  # the same again, as by a module that is imported under two names
    with pytest.raises(ValueError, match=r"analyses/made_up\.csv: declared twice"):
        declare(table.path, table.meaning, COLUMNS[:1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; expected a table with columns model, loss"),
        ("model,loss\nlstm-1-4,1.2", "the last line has no end, so the file was cut off"),
        ("model,loss\na,1,2,3\nb\nc,1,2,3,4,5\n", "not readable as CSV"),
        ("", "the last line has no end"),
        ("model,los\na,1\n", "no column 'loss', found model, los; expected model, loss"),
    ],
)
def test_a_bad_table_is_reported(tmp_path, content, message):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as error:
        read_csv(path, ["model", "loss"])
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_table_is_reported(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(pd.DataFrame({"a": [1, 2]}), path)
    path.write_text(path.read_text().replace("2", "3"))
    with pytest.raises(InputError, match=r"table\.csv: damaged"):
        read_csv(path, ["a"])


def test_the_documentation_is_what_the_code_declares():
    assert TABLES.read_text() == text(), "run: make docs"


def test_every_kind_is_known():
    for pattern, columns in documented().items():
        for name, kind in columns.items():
            known = CSV_KINDS if pattern.endswith(".csv") else JSON_KINDS if pattern.endswith(".json") else None
            assert kind in known if known else is_type(kind), (pattern, name)


def is_type(kind):
    """The function that says whether the type of a parquet column is the declared one, or one of them."""
    return [pa.type_for_alias(word) for word in kind.split(" or ")].__contains__


def flattened(content, columns):
    """The keys of a JSON object; those of an object that is not declared itself, with its name before them."""
    flat = {}
    for name, value in content.items():
        nested = isinstance(value, dict) and name not in columns
        flat.update({f"{name}.{inner}": item for inner, item in value.items()} if nested else {name: value})
    return flat


def check_json(path, columns):
    """Check the types of all values; returns the declared keys that the file has."""
    flat = flattened(json.loads(path.read_text()), columns)
    for name, value in flat.items():
        assert JSON_KINDS[columns[name]](value), (path, name, value)
    return set(flat)


def check_csv(path, columns):
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    assert list(table.columns) == list(columns), path
    for name, kind in columns.items():
        values = table[name].dropna().convert_dtypes()  # a missing value turns whole numbers into fractions
        assert values.empty or CSV_KINDS[kind](values), (path, name)
    return set(columns)


def check_parquet(path, columns):
    found = {field: column_of(field.name, columns) for field in pq.read_schema(path)}
    for field, column in found.items():
        assert column, (path, field.name)
        assert is_type(columns[column])(field.type), (path, field)
    return set(found.values())


CHECKS = {".json": check_json, ".csv": check_csv, ".parquet": check_parquet}


@pytest.fixture
def words(tmp_path, call):
    """The results of the first stages on a text of code points, some of them rare."""
    results, text = tmp_path / "results/words", tmp_path / "words.txt"
    text.write_bytes(("слова и числа, " * 10 + "…").encode("koi8-r", "replace"))
    characters = ["--characters", "unicode", "--encoding", "koi8-r"]
    source = ["--sources", json.dumps({"path": str(text)})]
    assert call(fetch, *source, *characters, "--out", results / "corpus") is None
    layout = ["--streams", 2, "--sequence-length", 5, "--fractions", "0.6,0.2,0.2", "--minimum-count", 2]
    out = ["--text", results / "corpus/text.bin", "--out", results / "split"]
    assert call(split, *out, *characters, *layout) is None
    return tmp_path


def test_every_file_is_documented_and_every_documented_file_is_there(finished, words):
    """A CSV table has all its columns; of a JSON or parquet file each declared one is met in some file.

    The two files beside the folders of the corpora are described in the introduction.
    """
    sections = documented()
    assert len(sections) >= 40
    met = {}
    paths = [(folder, path) for folder in (finished.folder, words) for path in sorted((folder / "results").glob("*/**/*"))]
    for folder, path in paths:
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or re.search(r"/(logs|benchmarks|figures|\.provenance)/", name):
            continue
        # Most files of a training run are described where the best candidate's are.
        names = (name, re.sub(r"/(dropout|width|seed)-[\d.]+(?=[/.])", "", name))
        found = next(filter(None, ([pattern for pattern in sections if matches(pattern).fullmatch(name)] for name in names)), [])
        assert len(found) == 1, f"{name} is described {len(found)} times"
        (pattern,) = found
        columns = met.setdefault(pattern, set())
        if check := CHECKS.get(path.suffix):
            columns |= check(path, sections[pattern])
        elif path.suffix == ".npy":
            array = np.load(path)
            assert array.dtype == np.uint8
            assert array.ndim == 2
    assert met == {pattern: set(columns) for pattern, columns in sections.items()}


def test_predictions_and_dumps_have_the_same_rows(finished):
    results = finished.folder / "results/tale"
    test = np.load(results / "split/test.npy")
    positions = {
        "stream": np.repeat(np.arange(len(test)), test.shape[1] - 1),
        "step": np.tile(np.arange(test.shape[1] - 1), len(test)),
    }
    for path in [*results.glob("predictions/*.parquet"), *results.glob("activations/*/*.parquet")]:
        table = pq.read_table(path)
        for name, values in positions.items():
            np.testing.assert_array_equal(table[name], values)
        character, columns = ("target", test[:, 1:]) if "target" in table.column_names else ("character", test[:, :-1])
        np.testing.assert_array_equal(table[character], columns.ravel())


def test_losses_are_those_of_the_predictions(finished):
    results = finished.folder / "results/tale"
    horizons = pd.read_csv(results / "analyses/horizons.csv")
    for losses, key, name in (
        (pd.read_csv(results / "analyses/losses.csv"), "model", "{}"),
        (horizons[horizons["kind"] == "n-gram"], "n", "ngram-{}"),
        (horizons[horizons["kind"] == "n-NN"], "n", "nnn-{}"),
    ):
        for value, test_loss in zip(losses[key], losses["test_loss"], strict=True):
            log_prob = pd.read_parquet(results / f"predictions/{name.format(value)}.parquet")["log_prob"]
            assert test_loss == pytest.approx(-log_prob.astype(float).mean(), abs=1e-6)
