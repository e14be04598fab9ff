import hashlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnnscope.corpus.text import open_text
from rnnscope.errors import InputError
from rnnscope.ngrams.arpa import read_arpa
from rnnscope.storage.checksums import read_record, record_path, write_record
from rnnscope.storage.files import (
    check_digest,
    check_is_file,
    corrupt_file_error,
    discard,
    read_json,
    sha256_of,
    whole_file,
    write_json,
)
from rnnscope.storage.parquet import open_parquet
from rnnscope.storage.tables import read_csv
from rnnscope.storage.tensors import load_tensors
from rnnscope.training.imported import read_order, read_weights
from rnnscope.training.take_over import read_history

FULL_DISK = Path(__file__).parents[1] / "helpers/full_disk.py"


def test_a_file_appears_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "folder" / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [found for found in path.parent.iterdir() if found.is_file()] == [path]


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
    assert [found for found in tmp_path.iterdir() if found.is_file()] == [path]


def test_json(tmp_path):
    path = tmp_path / "summary.json"
    write_json(path, {"a": [1, 2.5, None]})
    assert read_json(path) == {"a": [1, 2.5, None]}
    written_by_hand = tmp_path / "other.json"
    written_by_hand.write_text(path.read_text()[:-4])
    with pytest.raises(InputError, match=r"other\.json: not readable as JSON"):
        read_json(written_by_hand)
    with pytest.raises(InputError, match=r"nowhere\.json: no such file"):
        read_json(tmp_path / "nowhere.json")


def test_sha256(tmp_path):
    path = tmp_path / "text.bin"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_a_power_failure_finds_the_file_on_the_disk_before_its_name(tmp_path, monkeypatch):
    """What was written is flushed while the old file still has the name, and the folder once the new one has it."""
    path = tmp_path / "table.csv"
    path.write_text("old")
    flushed = []
    flush = os.fsync

    def watched(descriptor):
        flushed.append((os.readlink(f"/proc/self/fd/{descriptor}"), path.read_text()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    with whole_file(path) as partial:
        partial.write_text("new")
    assert flushed == [(str(tmp_path / ".table.csv.partial"), "old"), (str(tmp_path), "new")]


def test_a_writer_that_comes_between_the_final_name_and_the_record_waits(tmp_path, monkeypatch):
    path, order = tmp_path / "table.csv", []

    def second():
        with whole_file(path) as partial:
            order.append("second begins")
            partial.write_text("second")

    thread = threading.Thread(target=second)

    def watched(*arguments):
        if path.read_text() == "first":
            thread.start()
            thread.join(0.2)
            order.append("first has its record")
        write_record(*arguments)

    monkeypatch.setattr("rnnscope.storage.files.write_record", watched)
    with whole_file(path) as partial:
        partial.write_text("first")
    thread.join()
    assert order == ["first has its record", "second begins"]
    assert path.read_text() == "second"
    assert sorted(file.name for file in tmp_path.iterdir()) == [".provenance", "table.csv"]
    check_digest(path)


def test_a_writer_that_has_waited_is_the_only_one(tmp_path, monkeypatch):
    """The file that it waited for has the final name by then: the lock on it would keep nobody off."""
    path, order = tmp_path / "table.csv", []
    waits, begun, third_has_come = threading.Event(), threading.Event(), threading.Event()

    def second():
        with whole_file(path) as partial:
            begun.set()
            third_has_come.wait()
            partial.write_text("second")
            order.append("second ends")

    def third():
        with whole_file(path) as partial:
            order.append("third begins")
            partial.write_text("third")

    monkeypatch.setattr("rnnscope.storage.files.log.info", lambda *_: waits.set())
    threads = [threading.Thread(target=second), threading.Thread(target=third)]
    with whole_file(path) as partial:
        threads[0].start()
        waits.wait()
        partial.write_text("first")
    begun.wait()
    threads[1].start()
    threads[1].join(0.2)
    third_has_come.set()
    for thread in threads:
        thread.join()
    assert order == ["second ends", "third begins"]
    assert path.read_text() == "third"
    check_digest(path)


def test_a_second_writer_waits_for_the_first(tmp_path):
    path = tmp_path / "table.csv"
    order = []

    def second():
        with whole_file(path) as partial:
            order.append("second begins")
            partial.write_text("second")

    with whole_file(path) as partial:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        partial.write_text("first")
        order.append("first ends")
    thread.join()
    assert order == ["first ends", "second begins"]
    assert path.read_text() == "second"
    check_digest(path)


def test_a_record_tells_a_damaged_file_from_a_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "a folder" / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("1,2\n")
    assert read_record(path)["sha256"] == hashlib.sha256(b"1,2\n").hexdigest()
    check_digest(path)
    path.write_text("1,3\n")
    monkeypatch.setenv("RNNSCOPE_REBUILD", "make {} --quickly")
    with pytest.raises(InputError) as told:
        check_digest(path)
    found, expected = (hashlib.sha256(text).hexdigest()[:12] for text in (b"1,3\n", b"1,2\n"))
    assert str(told.value) == (
        f"{path}: damaged: found SHA-256 {found}..., expected {expected}... as written; "
        f"delete it and run: make '{path}' --quickly"
    )


@pytest.mark.parametrize("record", [None, "", '{"sha256": "0', "[]", "{}", '{"sha256": 7}'])
def test_a_file_without_a_readable_record_passes(tmp_path, record):
    path = tmp_path / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("1,2\n")
    if record is None:
        record_path(path).unlink()
    else:
        record_path(path).write_text(record)
    path.write_text("1,3\n")
    check_digest(path)


def test_a_discarded_file_leaves_no_record(tmp_path):
    path = tmp_path / "state"
    with whole_file(path) as partial:
        partial.write_text("state")
    discard(path)
    discard(path)
    assert not path.exists()
    assert not record_path(path).exists()


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "tensors", "array", "figure"])
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path, kind):
    folder = tmp_path / "folder"
    folder.mkdir()
    done = subprocess.run([sys.executable, FULL_DISK, kind, folder / "out"], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(rf"error: {re.escape(str(folder))}/out[^\n]*: [^\n]*(File too large|written)[^\n]*\n", done.stderr)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_nested_json_is_one_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"^[^\n]*a\.json: not readable as JSON[^\n]*$"):
        read_json(path)
    with whole_file(path) as partial:
        partial.write_text("[]")
    record_path(path).write_text('{"a":' * 100_000)
    assert read_record(path) is None


def test_a_command_with_braces_is_quoted_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNSCOPE_REBUILD", "snakemake {} --configfile '{a} {}.yaml'")
    error = corrupt_file_error(tmp_path / "x", "damaged")
    assert str(error).endswith(f"; delete it and run: snakemake {tmp_path}/x --configfile '{{a}} {{}}.yaml'")


def test_what_is_no_file_is_said(tmp_path):
    path = tmp_path / "text"
    for found, make, remove in (
        ("no such file", lambda _: None, lambda _: None),
        ("found a folder", Path.mkdir, Path.rmdir),
        ("found no regular file", os.mkfifo, os.remove),
    ):
        make(path)
        with pytest.raises(InputError, match=rf"/text: {found}; expected a text$"):
            check_is_file(path, "a text")
        remove(path)
    path.touch()
    check_is_file(path, "a text")


def readers():
    """Functions that read a file of a user's choice, by what each expects."""
    return {
        "a text": open_text,
        "a checkpoint": load_tensors,
        "a JSON file": read_json,
        "a table with columns a": lambda path: read_csv(path, ["a"]),
        "parquet with columns a": lambda path: open_parquet(path, ["a"]),
        "an ARPA file": read_arpa,
        "a history written by training": read_history,
        "the state dict of a network": read_weights,
        "the vocabulary of a network, JSON": read_order,
    }


@pytest.mark.parametrize("expected", readers())
def test_a_folder_in_place_of_a_file_is_called_one(tmp_path, expected):
    with pytest.raises(InputError) as told:
        readers()[expected](tmp_path)
    assert str(told.value) == f"{tmp_path}: found a folder; expected {expected}"


@pytest.mark.parametrize(
    "read", [load_tensors, read_json, lambda path: read_csv(path, ["a"]), lambda path: open_parquet(path, ["a"])]
)
def test_nobody_is_told_to_delete_a_file_of_their_own(tmp_path, monkeypatch, read):
    """Such as a text that was given in place of what a stage writes; of a file with a record it is the remedy."""
    monkeypatch.delenv("RNNSCOPE_REBUILD", raising=False)
    path, text = tmp_path / "text", "A novel, without a line end."
    path.write_text(text)
    with pytest.raises(InputError) as told:
        read(path)
    assert str(told.value).endswith("; expected a file that rnnscope wrote, and found no record that it wrote this one")
    with whole_file(path) as partial:
        partial.write_text(text)
    with pytest.raises(InputError, match=r"; delete it and run again what made it$"):
        read(path)
