import hashlib
import os
import shutil

import pytest

from rnnscope.storage import known_digests
from rnnscope.storage.checksums import record_path
from rnnscope.storage.files import whole_file
from rnnscope.storage.known_digests import KnownDigests, changed_outputs


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def hashed(monkeypatch):
    """The files that were hashed, in their order. Files count as settled at once."""
    found = []
    real = known_digests.sha256_of
    monkeypatch.setattr(known_digests, "sha256_of", lambda path: found.append(path.name) or real(path))
    monkeypatch.setattr(known_digests, "STEP", -(10**18))
    return found


def replace_with_older(path, text):
    """Put another file of an older date in the place of a file, as `mv` does."""
    other = path.with_name("other")
    other.write_text(text)
    os.utime(other, (1, 1))
    other.replace(path)


def test_a_file_is_hashed_again_only_when_it_may_have_changed(tmp_path, hashed):
    text, kept = tmp_path / "tale.txt", tmp_path / "kept/digests.json"
    text.write_text("one")
    for _ in range(2):
        known = KnownDigests(kept)
        assert known.digest(text) == sha256("one")
        known.save()
    assert hashed == ["tale.txt"]
    replace_with_older(text, "two")
    assert KnownDigests(kept).digest(text) == sha256("two")
    text.write_text("thr")
    os.utime(text, (1, 1))
    assert KnownDigests(kept).digest(text) == sha256("thr")
    assert hashed == ["tale.txt"] * 3


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(known_digests, "STEP", 10**15)
    text = tmp_path / "tale.txt"
    text.write_text("one")
    known = KnownDigests(tmp_path / "digests.json")
    known.digest(text)
    known.save()
    assert not known.path.exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"tale.txt": 7}', "[" * 100_000])
def test_anything_else_counts_as_nothing(tmp_path, content):
    text, kept = tmp_path / "tale.txt", tmp_path / "digests.json"
    text.write_text("one")
    kept.write_text(content)
    assert KnownDigests(kept).digest(text) == sha256("one")


def test_files_that_are_gone_are_forgotten(tmp_path, hashed):
    kept = tmp_path / "digests.json"
    known = KnownDigests(kept)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
        known.digest(tmp_path / name)
    (tmp_path / "a").unlink()
    known.save()
    assert list(KnownDigests(kept).known) == [str(tmp_path / "b")]


@pytest.fixture
def outputs(tmp_path):
    folder = tmp_path / "results/tale"
    for name in ("a.csv", "sub/b.csv", "sub/c.csv"):
        with whole_file(folder / name) as partial:
            partial.write_text(name)
    return folder


def test_a_changed_output_is_reported_whatever_its_date(tmp_path, outputs, hashed):
    known = KnownDigests(tmp_path / "digests.json")
    assert changed_outputs(outputs, known, "make {}") == []
    replace_with_older(outputs / "sub/b.csv", "b.sub/csv")
    (outputs / "sub/c.csv").unlink()
    (outputs / "other.csv").write_text("of no record")
    expected, found = sha256("sub/b.csv")[:12], sha256("b.sub/csv")[:12]
    assert changed_outputs(outputs, known, "make {}") == [
        f"{outputs}/sub/b.csv: changed since it was written: found SHA-256 {found}..., expected {expected}...; "
        f"delete it and run: make {outputs}/sub/b.csv"
    ]
    record_path(outputs / "sub/b.csv").write_text("")
    assert changed_outputs(outputs, known, "make {}") == []


def test_a_moved_or_copied_folder_is_hashed_once(tmp_path, outputs, hashed):
    copy = tmp_path / "results/copy"
    shutil.copytree(outputs, copy)
    for path in copy.rglob("*.csv"):
        os.utime(path)  # later than its record
    known = KnownDigests(tmp_path / "digests.json")
    for _ in range(2):
        assert changed_outputs(copy, known, "make {}") == []
    assert sorted(hashed) == ["a.csv", "b.csv", "c.csv"]
