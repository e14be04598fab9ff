"""A folder, and several files, as a text."""

import gzip
import json
import random
from pathlib import Path

import pytest

from rnnscope.corpus.folder import matching_files
from rnnscope.corpus.sources import local_files, write_first_available
from rnnscope.errors import InputError

STRANGE = ["a {b}.txt", "{}.txt", "*.txt", "[x].txt", "läßt ? 'sich' \"nennen\".txt", "$HOME.txt"]


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "my {texts}"
    for name in ["one.txt", "deep/er/two.txt", "three.md", "four.txt.gz", *STRANGE]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        content = f"<{name}>".encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def written(source: dict, tmp_path: Path, size: int | None = None) -> bytes:
    assert write_first_available([source], size, tmp_path / "text.bin") == source
    return (tmp_path / "text.bin").read_bytes()


def test_a_folder_is_joined_in_the_order_of_its_seed(folder, tmp_path):
    names = sorted(["one.txt", "deep/er/two.txt", "four.txt.gz", *STRANGE])
    random.Random(3).shuffle(names)
    source = {"folder": {"path": str(folder), "members": ["*.txt", "*.txt.gz"], "shuffle_seed": 3}}
    expected = "".join(f"<{name}>" for name in names).encode()
    assert written(source, tmp_path) == expected
    assert written(source, tmp_path, 20) == expected[:20]
    assert sorted(matching_files(folder, ["*.txt", "*.txt.gz"])) == sorted(names)


def test_files_are_joined_in_the_order_of_their_list(folder, tmp_path):
    source = {"path": [str(folder / name) for name in ("three.md", "four.txt.gz", "{}.txt")]}
    assert written(source, tmp_path) == b"<three.md><four.txt.gz><{}.txt>"


def test_the_home_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert written({"path": "~/one.txt"}, tmp_path) == b"<one.txt>"
    assert local_files({"path": "~/one.txt"}) == [folder / "one.txt"]


def test_the_files_that_a_source_reads(folder):
    selection = {"members": ["/*.md", "one.*"], "shuffle_seed": 1}
    assert local_files({"folder": {"path": str(folder)} | selection}) == [folder / "one.txt", folder / "three.md"]
    assert local_files({"folder": {"path": str(folder / "gone")} | selection}) == []
    assert local_files({"path": [str(folder / "{}.txt"), "gone"]}) == [folder / "{}.txt"]
    assert local_files({"archive": {"path": str(folder / "one.txt")} | selection}) == [folder / "one.txt"]
    for source in ({"archive": {"url": "https://example.org/x"} | selection}, {"url": "https://example.org/x"}):
        assert local_files(source) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"folder": {"path": "gone", "members": ["*"], "shuffle_seed": 1}}, "no such folder"),
        ({"folder": {"path": "FOLDER", "members": ["*.c"], "shuffle_seed": 1}}, "no file in .* matches"),
        ({"path": "FOLDER"}, "found a folder, expected a file; write folder: with path, members and shuffle_seed"),
        ({"path": ["FOLDER/one.txt", "gone"]}, "no such file"),
    ],
)
def test_what_is_wrong_is_one_line(folder, tmp_path, source, message):
    source = json.loads(json.dumps(source).replace("FOLDER", str(folder)))
    with pytest.raises(InputError, match=message) as caught:
        write_first_available([source], None, tmp_path / "text.bin")
    assert "\n" not in str(caught.value)
