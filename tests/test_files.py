import hashlib

import pytest

from rnnscope.errors import InputError
from rnnscope.files import read_json, sha256_of, whole_file, write_json


def test_a_file_appears_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "folder" / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail():
        with whole_file(path) as partial:
            partial.write_text("half")
            raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_behind_is_overwritten(tmp_path):
    path = tmp_path / "table.csv"
    (tmp_path / ".table.csv.partial").write_text("left by a killed run, longer than the new content")
    with whole_file(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_json(tmp_path):
    path = tmp_path / "summary.json"
    write_json(path, {"a": [1, 2.5, None]})
    assert read_json(path) == {"a": [1, 2.5, None]}
    path.write_text(path.read_text()[:-4])
    with pytest.raises(InputError, match=r"summary\.json: not readable as JSON"):
        read_json(path)
    with pytest.raises(InputError, match=r"nowhere\.json: no such file"):
        read_json(tmp_path / "nowhere.json")


def test_sha256(tmp_path):
    path = tmp_path / "text.bin"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
