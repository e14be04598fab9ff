"""Holds every file of a finished run to docs/tables.md, and docs/tables.md to the files."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.workspace import REPOSITORY

JSON_TYPES = {
    "string": lambda value: isinstance(value, str),
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) is float,
    "object": lambda value: isinstance(value, dict),
    "list of int": lambda value: isinstance(value, list) and all(type(item) is int for item in value),
    "list of string": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}
# Which quantities a dump of each cell has; the documentation lists those of all cells in one table.
QUANTITIES = {"lstm": set("ifogch"), "gru": {"r", "z", "candidate", "h"}, "rnn": {"h"}}


def documented():
    """The path pattern of every section and its rows: {pattern: {column: dtype}}."""
    sections = {}
    for line in (REPOSITORY / "docs/tables.md").read_text().splitlines():
        if heading := re.fullmatch(r"### `(.+)`", line):
            rows = sections.setdefault(heading[1], {})
        elif line.startswith("## "):
            rows = None
        elif sections and rows is not None and (row := re.fullmatch(r"\| ([\w.]+) \| ([\w ]+) \|.*", line)) and row[2] != "dtype":
            rows[row[1]] = row[2]
    return sections


def matches(pattern):
    """A regular expression for a pattern such as results/<corpus>/models/<model>/summary.json."""
    words = enumerate(re.split("<(.+?)>", pattern))
    parts = [f"(?P<{word}>[^/]+)" if position % 2 else re.escape(word) for position, word in words]
    return re.compile("".join(parts))


def check_json(content, rows):
    flat = {}
    for name, value in content.items():
        nested = isinstance(value, dict) and name not in rows
        flat.update({f"{name}.{inner}": item for inner, item in value.items()} if nested else {name: value})
    assert set(flat) == set(rows)
    for name, value in flat.items():
        assert JSON_TYPES[rows[name]](value), (name, value)


def check_csv(path, rows):
    table = pd.read_csv(path)
    assert list(table.columns) == list(rows)
    for name, dtype in rows.items():
        assert pd.api.types.is_string_dtype(table[name]) if dtype == "string" else table[name].dtype == dtype, name


def check_parquet(path, rows, cell):
    schema = pq.read_schema(path)
    columns = {name: dtype for name, dtype in rows.items() if dtype != "bytes of float" or name in QUANTITIES[cell]}
    assert set(schema.names) == set(columns)
    for field in schema:
        if columns[field.name] == "bytes of float":
            assert pa.types.is_fixed_size_binary(field.type)
            assert field.metadata[b"dtype"] in {b"float16", b"float32"}
        else:
            assert field.type == pa.from_numpy_dtype(np.dtype(columns[field.name]))


def test_every_file_is_documented_and_every_documented_file_is_there(finished):
    sections = {pattern: (matches(pattern), rows) for pattern, rows in documented().items()}
    assert len(sections) >= 15
    met = set()
    for path in sorted((finished.folder / "results").rglob("*")):
        # The files of a training run lie once more in the folder of each candidate.
        name = re.sub(r"/(dropout|width)-[\d.]+/", "/", path.relative_to(finished.folder).as_posix())
        if path.is_dir() or re.search(r"/(logs|benchmarks|figures|\.provenance)/", name):
            continue
        found = [(pattern, match, rows) for pattern, (regex, rows) in sections.items() if (match := regex.fullmatch(name))]
        assert len(found) == 1, f"{name} is described {len(found)} times"
        (pattern, match, rows) = found[0]
        met.add(pattern)
        if name.endswith(".json"):
            check_json(json.loads(path.read_text()), rows)
        elif name.endswith(".csv"):
            check_csv(path, rows)
        elif name.endswith(".parquet"):
            check_parquet(path, rows, match.groupdict().get("model", "").split("-")[0])
        elif name.endswith(".npy"):
            array = np.load(path)
            assert array.dtype == np.uint8
            assert array.ndim == 2
    assert met == set(sections)


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
        (pd.read_csv(results / "analyses/ngram_losses.csv"), "n", "ngram-{}"),
        (horizons[horizons["kind"] == "n-gram"], "n", "ngram-{}"),
        (horizons[horizons["kind"] == "n-NN"], "n", "nnn-{}"),
    ):
        for value, test_loss in zip(losses[key], losses["test_loss"], strict=True):
            log_prob = pd.read_parquet(results / f"predictions/{name.format(value)}.parquet")["log_prob"]
            assert test_loss == pytest.approx(-log_prob.astype(float).mean(), abs=1e-6)
