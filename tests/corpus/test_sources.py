"""The forms of a source, and the order in which sources are tried."""

import io
import json
import logging
import tarfile

import pytest

from rnnscope.corpus.sources import parse_source, write_first_available
from rnnscope.errors import InputError

SELECTION = {"members": ["**/*.c"], "shuffle_seed": 1}

GOOD = [
    {"path": "x.txt"},
    {"path": ["x.txt", "y.txt.gz"]},
    {"url": "https://example.org/x.txt"},
    {"folder": {"path": "~/texts"} | SELECTION},
    {"archive": {"path": "x.tar"} | SELECTION},
    {"archive": {"url": "https://example.org/x.tar"} | SELECTION},
    {"archive": {"debian": "linux-source-6.1"} | SELECTION},
    {"installed": {"package": "torch"} | SELECTION},
    {"installed": {"package": "pydoc_data.topics", "attribute": "topics"}},
]

BAD = [
    ("x.txt", "expected JSON"),
    ('{"path": }', "expected JSON"),
    ('["path"]', "expected one key of path, url, folder, archive, installed"),
    ("{}", "expected one key"),
    ('{"path": "x", "url": "https://example.org"}', "expected one key"),
    ('{"file": "x"}', "expected one key"),
    ('{"path": 3}', "path: found 3, expected a text"),
    ('{"path": ""}', "path: found"),
    ('{"path": []}', "path: found .* expected a file or a list of files"),
    ('{"path": ["x", 1]}', "path: found .* expected a file or a list of files"),
    ('{"folder": "x"}', "folder: found"),
    ('{"folder": {"path": ["x"], "members": ["a"], "shuffle_seed": 1}}', "folder: path: found"),
    ('{"url": null}', "url: found null, expected a text"),
    ('{"url": "http://example.org/x"}', "expected https://"),
    ('{"archive": "x.tar"}', "archive: found"),
    ('{"archive": {"path": "x.tar"}}', "expected keys {members, path, shuffle_seed}"),
    ('{"archive": {"path": "x", "url": "https://example.org", "members": ["a"], "shuffle_seed": 1}}', "expected keys"),
    ('{"archive": {"path": "x", "members": "a", "shuffle_seed": 1}}', "members: found .* expected a list of patterns"),
    ('{"archive": {"path": "x", "members": [], "shuffle_seed": 1}}', "members: found"),
    ('{"archive": {"path": "x", "members": [1], "shuffle_seed": 1}}', "members: found"),
    ('{"archive": {"path": "x", "members": ["!"], "shuffle_seed": 1}}', "expected a pattern in gitignore syntax"),
    ('{"archive": {"path": "x", "members": ["a"], "shuffle_seed": 1.5}}', "shuffle_seed: found 1.5, expected an integer"),
    ('{"archive": {"path": "x", "members": ["a"], "shuffle_seed": true}}', "shuffle_seed: found true"),
    ('{"archive": {"debian": "--x", "members": ["a"], "shuffle_seed": 1}}', "expected the name of a package"),
    ('{"archive": {"url": "ftp://example.org", "members": ["a"], "shuffle_seed": 1}}', "expected https://"),
    ('{"installed": {"package": "torch"}}', "expected keys {members, package, shuffle_seed} or {attribute, package}"),
    ('{"installed": {"package": "..", "attribute": "x"}}', "package: found"),
    ('{"installed": {"package": "pydoc_data.topics", "attribute": 1}}', "attribute: found 1"),
]


@pytest.mark.parametrize("source", GOOD)
def test_good_source(source):
    assert parse_source(json.dumps(source)) == source


@pytest.mark.parametrize(("text", "message"), BAD)
def test_malformed_source_is_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_source(text)
    assert "\n" not in str(caught.value)


def test_first_that_answers_wins_and_the_others_are_logged(tmp_path, caplog):
    (tmp_path / "here.txt").write_text("here")
    (tmp_path / "later.txt").write_text("later")
    missing = {"installed": {"package": "no_such_package", "attribute": "topics"}}
    sources = [
        {"path": str(tmp_path / "gone.txt")},
        missing,
        {"path": str(tmp_path / "here.txt")},
        {"path": str(tmp_path / "later.txt")},
    ]
    with caplog.at_level(logging.INFO):
        assert write_first_available(sources, None, tmp_path / "text.bin") == sources[2]
    assert (tmp_path / "text.bin").read_text() == "here"
    assert len(caplog.messages) == 2
    assert "gone.txt" in caplog.messages[0]
    assert "no such file" in caplog.messages[0]
    assert "no_such_package" in caplog.messages[1]


def test_none_answers(tmp_path):
    sources = [{"path": str(tmp_path / "gone.txt")}, {"installed": {"package": "no_such_package", "attribute": "topics"}}]
    with pytest.raises(InputError) as caught:
        write_first_available(sources, None, tmp_path / "text.bin")
    assert "gone.txt" in str(caught.value)
    assert "no_such_package" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_archive_is_not_passed_over(tmp_path):
    (tmp_path / "bad.tar").write_bytes(b"no archive")
    (tmp_path / "here.txt").write_text("here")
    sources = [{"archive": {"path": str(tmp_path / "bad.tar")} | SELECTION}, {"path": str(tmp_path / "here.txt")}]
    with pytest.raises(InputError, match="not readable as a tar archive"):
        write_first_available(sources, None, tmp_path / "text.bin")


def test_archive_from_a_server_is_continued_and_not_kept(server, tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("top/a.c")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"int a"))
    server.content, server.script = packed.getvalue(), ["truncate 50"]
    write_first_available([{"archive": {"url": server.url} | SELECTION}], 3, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == b"int"
    assert server.ranges == [None, "bytes=50-"]
    assert [path.name for path in tmp_path.iterdir()] == ["text.bin"]
