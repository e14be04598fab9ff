import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers import plain_features

from rnnscope.analyses.units import features
from rnnscope.analyses.units.feature_registry import chosen_features

PROSE = '"I will (not) go."\r\nHe went;\r\n\r\n"So do I." '
CODE = '/* Opened in one stream,\n * closed in the next */ if (a) {\n\tb("c"); // d\n}\n'


@pytest.fixture
def text(tmp_path):
    """A text and its split: 5 streams of 140 characters, 80 of them to train, 20 to validation, 40 to test."""
    written = ((PROSE + CODE) * 30).encode()[: 5 * 140]
    vocabulary = np.unique(np.frombuffer(written, np.uint8))
    ids = np.searchsorted(vocabulary, np.frombuffer(written, np.uint8)).astype(np.uint8)
    following = np.roll(ids, -1).reshape(5, 140)
    (tmp_path / "split").mkdir()
    for part, start, stop in (("train", 0, 80), ("validation", 80, 100), ("test", 100, 140)):
        rows = np.append(ids.reshape(5, 140)[:, start:stop], following[:, stop - 1 : stop], axis=1)
        np.save(tmp_path / "split" / f"{part}.npy", rows)
    (tmp_path / "split" / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist()}))
    return written


def test_features_know_the_text_before_the_test_part(tmp_path, call, text):
    names = ["inside_quotes", "line_position", "inside_comment", "newline_soon", "brace_depth"]
    out = tmp_path / "features.parquet"
    words = [
        "--split",
        tmp_path / "split",
        "--features",
        *names,
        "--newline-within",
        6,
        "--out",
        out,
        "--out-changes",
        tmp_path / "changes.csv",
    ]
    assert call(features, *words) is None
    expected = {
        "inside_quotes": plain_features.inside_quotes(text),
        "line_position": plain_features.line_position(text),
        "inside_comment": plain_features.inside_comment(text),
        "newline_soon": plain_features.newline_soon(text, 6),
        "brace_depth": plain_features.brace_depth(text),
    }
    table = pq.read_table(out)
    assert table.column_names == ["stream", "step", *names]
    steps = np.load(tmp_path / "split" / "test.npy").shape[1] - 1
    rows = [stream * 140 + 140 - steps + step for stream in range(5) for step in range(steps)]
    assert list(zip(table["stream"].to_pylist(), table["step"].to_pylist(), strict=True)) == [
        (stream, step) for stream in range(5) for step in range(steps)
    ]
    for name in names:
        assert table[name].to_pylist() == [expected[name][row] for row in rows]
    first = np.array(table["inside_comment"])[np.array(table["step"]) == 0]
    assert first.any(), "one test part begins inside a comment"


def test_a_list_by_its_name(tmp_path, call, text):
    words = [
        "--split",
        tmp_path / "split",
        "--newline-within",
        3,
        "--out",
        tmp_path / "features.parquet",
        "--out-changes",
        tmp_path / "changes.csv",
    ]
    assert call(features, *words, "--features", "code") is None
    names = [entry.name for entry in chosen_features(["code"])]
    assert list(features.read_features(tmp_path / "features.parquet")) == ["stream", "step", *names]


def test_parts_that_do_not_belong_together(tmp_path, call, text):
    np.save(tmp_path / "split" / "validation.npy", np.zeros((4, 21), np.uint8))
    words = [
        "--split",
        tmp_path / "split",
        "--features",
        "capital",
        "--newline-within",
        6,
        "--out",
        tmp_path / "out.parquet",
        "--out-changes",
        tmp_path / "changes.csv",
    ]
    assert call(features, *words).startswith(f"error: {tmp_path / 'split/validation.npy'}: does ")
    assert not (tmp_path / "out.parquet").exists()


def test_unknown_features_and_files(tmp_path, call, text):
    with pytest.raises(Exception, match="no such file"):
        features.read_features(tmp_path / "nowhere.parquet")
    words = [
        "--split",
        tmp_path / "split",
        "--newline-within",
        1,
        "--out",
        tmp_path / "out.parquet",
        "--out-changes",
        tmp_path / "changes.csv",
    ]
    message = call(features, *words, "--features", "mood")
    assert message.startswith(
        "error: features: found 'mood', expected one list (prose or language or code) or features (line_position, "
    )
    assert "\n" not in message


def test_a_feature_that_never_changes_is_said_on_the_screen_and_in_a_table(tmp_path, call, text, capsys):
    changes = tmp_path / "changes.csv"
    words = ["--split", tmp_path / "split", "--newline-within", 1, "--out", tmp_path / "out.parquet", "--out-changes", changes]
    assert call(features, *words, "--features", "inside_quotes", "inside_preprocessor") is None
    assert "the feature inside_preprocessor never changes in the test part" in capsys.readouterr().out
    table = features.FEATURE_CHANGES.read(changes)
    assert table["feature"].tolist() == ["inside_quotes", "inside_preprocessor"]
    assert table["changes"].tolist() == [True, False]
    quotes = features.read_features(tmp_path / "out.parquet")["inside_quotes"]
    assert table["mean"].tolist() == [quotes.mean(), 0]
