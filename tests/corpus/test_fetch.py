"""The stage as a person runs it: files, manifest, and one line for every mistake."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnnscope.corpus.fetch import fetch
from rnnscope.errors import InputError

TEXT = "Хорошо, well\r\n".encode() * 100
DIGEST = hashlib.sha256(TEXT).hexdigest()


def run_stage(out: Path, *flags: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "rnnscope.corpus.fetch", *flags, "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def path_source(path: Path) -> str:
    return json.dumps({"path": str(path)})


def test_text_and_manifest(tmp_path):
    (tmp_path / "x.txt").write_bytes(TEXT)
    vocabulary = str(len(set(TEXT)))
    flags = ["--sources", path_source(tmp_path / "gone.txt"), path_source(tmp_path / "x.txt")]
    done = run_stage(tmp_path / "out", *flags, "--bytes", str(len(TEXT)), "--vocabulary", vocabulary, "--sha256", DIGEST.upper())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/text.bin").read_bytes() == TEXT
    assert json.loads((tmp_path / "out/manifest.json").read_text()) == {
        "source": {"path": str(tmp_path / "x.txt")},
        "bytes": len(TEXT),
        "sha256": DIGEST,
        "vocabulary": len(set(TEXT)),
        "distinct_bytes": sorted(set(TEXT)),
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_file()) == ["manifest.json", "text.bin"]


def test_second_run_gives_the_same_bytes(tmp_path):
    source = {"installed": {"package": "pydoc_data.topics", "attribute": "topics"}}
    contents = []
    for name in ("one", "two"):
        fetch([source], {}, tmp_path / name)
        contents.append([(tmp_path / name / file).read_bytes() for file in ("text.bin", "manifest.json")])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"bytes": 7}, f"bytes: found {len(TEXT)}, expected 7"),
        ({"vocabulary": 7}, f"vocabulary: found {len(set(TEXT))}, expected 7"),
        ({"sha256": "0" * 64}, f"sha256: found {DIGEST}, expected {'0' * 64}"),
    ],
)
def test_text_that_was_not_declared_stops_the_run(tmp_path, declared, message):
    (tmp_path / "x.txt").write_bytes(TEXT)
    (tmp_path / "y.txt").write_bytes(b"1234567")
    with pytest.raises(InputError, match=message):
        fetch([{"path": str(tmp_path / "x.txt")}, {"path": str(tmp_path / "y.txt")}], declared, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []


def test_wrong_bytes_from_a_server_stop_the_run_and_are_not_kept(server, tmp_path):
    server.content = TEXT[:-1] + b"!"
    with pytest.raises(InputError, match="sha256: found"):
        fetch([{"url": server.url}], {"bytes": len(TEXT), "sha256": DIGEST}, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []
    server.content, server.etag = TEXT, '"two"'
    fetch([{"url": server.url}], {"bytes": len(TEXT), "sha256": DIGEST}, tmp_path / "out")
    assert (tmp_path / "out/text.bin").read_bytes() == TEXT


def test_text_shorter_than_its_cut_is_reported(tmp_path):
    source = {"installed": {"package": "pydoc_data.topics", "attribute": "topics"}}
    with pytest.raises(InputError, match=r"bytes: found [0-9]+, expected 1000000000"):
        fetch([source], {"bytes": 10**9}, tmp_path / "out")
    fetch([source], {"bytes": 1000}, tmp_path / "out")
    assert (tmp_path / "out/text.bin").stat().st_size == 1000


@pytest.mark.parametrize(
    ("content", "flags", "message"),
    [
        (None, [], "no such file"),
        (b"", [], 'x.txt"}: the text is empty'),
        (b"x", ["--bytes", "0"], "bytes: found 0, expected a positive number"),
        (b"x", ["--vocabulary", "257"], "vocabulary: found 257"),
        (b"x", ["--sha256", "abc"], "sha256: found 'abc', expected 64 hexadecimal digits"),
        (b"x", ["--bytes", "2"], "bytes: found 1, expected 2"),
        (b"x", ["{"], "expected JSON"),
        (b"x", ['{"book": "x"}'], "expected one key"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_text(tmp_path, content, flags, message):
    if content is not None:
        (tmp_path / "x.txt").write_bytes(content)
    done = run_stage(tmp_path / "out", "--sources", path_source(tmp_path / "x.txt"), *flags)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out/text.bin").exists()
    assert not (tmp_path / "out/manifest.json").exists()


def test_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "x.txt").write_bytes(TEXT)
    done = run_stage(tmp_path / "x.txt", "--sources", path_source(tmp_path / "x.txt"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
