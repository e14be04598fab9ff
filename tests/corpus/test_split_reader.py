"""The readers of a split, on whole and on damaged files."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.random_texts import texts
from hypothesis import given

from rnnscope.corpus.split_reader import PARTS, Split, read_part, read_sequence_length, read_split, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.predictions import write_predictions


@pytest.fixture
def part(tmp_path) -> Path:
    np.save(tmp_path / "test.npy", np.arange(12, dtype=np.uint8).reshape(3, 4))
    return tmp_path / "test.npy"


def test_part_is_mapped(part):
    ids = read_part(part.parent, "test")
    assert isinstance(ids, np.memmap)
    assert ids.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_damaged_part_is_reported(part):
    content = part.read_bytes()
    for damaged in [content[:kept] for kept in range(len(content))] + [content + b"x", b"x" + content, b"x" * len(content)]:
        part.write_bytes(damaged)
        with pytest.raises(InputError, match=r"test\.npy: "):
            read_part(part.parent, "test")


@pytest.mark.parametrize(
    "ids", [np.zeros((3, 4), np.int64), np.zeros(4, np.uint8), np.zeros((2, 2, 2), np.uint8), np.zeros((3, 1), np.uint8)]
)
def test_part_of_another_kind_is_reported(part, ids):
    np.save(part, ids)
    with pytest.raises(InputError, match=r"test\.npy: found .* expected uint8 or uint16 \(streams, steps \+ 1\)"):
        read_part(part.parent, "test")


def test_missing_part_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"train\.npy: no such file"):
        read_part(tmp_path, "train")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1, 2]",
        "{}",
        '{"bytes": []}',
        '{"bytes": [2, 1]}',
        '{"bytes": [1, 1]}',
        '{"bytes": [256]}',
        '{"bytes": [true]}',
        '{"bytes": "a"}',
        '{"code_points": [1114112]}',
        '{"code_points": [20013, 19968]}',
    ],
)
def test_damaged_vocabulary_is_reported(tmp_path, content):
    (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(InputError, match=r"vocabulary\.json: "):
        read_vocabulary(tmp_path)


@pytest.fixture
def split(tmp_path) -> Split:
    """Two streams of the text "abcdefgh": 2 characters of each to train, 1 to validation, 1 to test."""
    folder = tmp_path / "split"
    folder.mkdir()
    for name, ids in (("train", [[0, 1, 2], [4, 5, 6]]), ("validation", [[2, 3], [6, 7]]), ("test", [[3, 4], [7, 0]])):
        np.save(folder / f"{name}.npy", np.array(ids, dtype=np.uint8))
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": list(b"abcdefgh")}))
    (folder / "split.json").write_text(json.dumps({"sequence_length": 1}))
    return read_split(folder)


def test_a_split_is_its_files(split):
    assert bytes(split.vocabulary) == b"abcdefgh"
    assert split.sequence_length == 1
    assert split.streams == 2
    assert split.part("validation").tolist() == [[2, 3], [6, 7]]
    assert split.part("validation") is split.part("validation")
    assert split.test_targets.tolist() == [4, 0]
    for part in PARTS:
        assert split.digest(part) == hashlib.sha256((split.folder / f"{part}.npy").read_bytes()).hexdigest()


def test_the_text_of_a_split(split):
    text = split.text
    assert text.text == b"abcdefgha"
    assert text.positions.tolist() == [4, 8]
    assert text.stream_starts.tolist() == [0, 4]
    assert (text.row, text.train) == (4, 2)


def test_an_id_beyond_the_vocabulary_is_reported(split):
    np.save(split.folder / "train.npy", np.full((2, 3), 8, dtype=np.uint8))
    with pytest.raises(InputError, match=r"train\.npy: found the id 8, expected ids below 8, the size of the vocabulary"):
        split.part("train")


@pytest.mark.parametrize("ids", [[[2, 0], [6, 7]], [[2, 3]]])
def test_parts_of_different_texts_are_reported(split, ids):
    np.save(split.folder / "validation.npy", np.array(ids, dtype=np.uint8))
    with pytest.raises(InputError, match=r"(validation|test)\.npy: does not continue where the part before it ends"):
        _ = split.text


def test_predictions_of_another_text_are_reported(split, tmp_path):
    log_prob = np.array([[-1.0], [-2.0]], dtype=np.float32)
    write_predictions(tmp_path / "same.parquet", split.part("test"), log_prob, np.zeros(log_prob.shape))
    np.testing.assert_array_equal(split.read_log_prob(tmp_path / "same.parquet"), log_prob)
    path = tmp_path / "other.parquet"
    write_predictions(path, np.array([[3, 4], [7, 1]], dtype=np.uint8), log_prob, np.zeros(log_prob.shape))
    with pytest.raises(InputError) as error:
        split.read_log_prob(path)
    test = split.folder / "test.npy"
    assert str(error.value) == f"{path}: its targets are not the 2 of {test}; it is stale; delete it and run again what made it"
    with pytest.raises(InputError, match="its targets are not the 2 of"):
        split.check_aligned(path, np.array([[4, 0]], dtype=np.uint8))


@pytest.mark.parametrize("key", ["sequence_length", "steps"])
def test_length_of_a_segment_under_its_name_and_its_former_one(tmp_path, key):
    (tmp_path / "split.json").write_text(json.dumps({key: 7, "streams": 2}))
    assert read_sequence_length(tmp_path) == 7


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sequence_length": 0}', '{"sequence_length": true}', '{"steps": "7"}'])
def test_damaged_description_is_reported(tmp_path, content):
    (tmp_path / "split.json").write_text(content)
    with pytest.raises(InputError, match=r"split\.json: "):
        read_sequence_length(tmp_path)


@given(texts())
def test_any_text_is_put_together_again(text_and_plain):
    """The text, the index of every target in it and the beginning of its stream, one character at a time."""
    text, plain = text_and_plain
    assert text.text == plain.text
    assert text.positions.tolist() == [plain.place(*character) for character in plain.characters()]
    assert text.stream_starts.tolist() == [stream * plain.row for stream, _ in plain.characters()]
    assert (text.row, text.train) == (plain.row, plain.train)


def array_file(header):
    """An array's file of version 1 with this header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    "content",
    [
        b"",
        array_file(b""),
        array_file(b"(" * 60_000),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,"),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 5)}"),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (4, 0)}"),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-4, 5)}"),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (4.5, 5)}"),
        array_file(b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + b"9" * 30 + b", 5)}"),
        array_file(b"{'descr': 'no type', 'fortran_order': False, 'shape': (4, 5)}"),
        array_file(b"{'descr': [[]], 'fortran_order': False, 'shape': (4, 5)}"),
        array_file(b"{'descr': '|u1', 'fortran_order': 7, 'shape': (4, 5)}"),
        array_file(b"\xff\xfe"),
    ],
)
def test_a_file_that_is_no_array_is_one_line(tmp_path, content):
    (tmp_path / "train.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"^[^\n]*train\.npy: [^\n]{1,300}$"):
        read_part(tmp_path, "train")
