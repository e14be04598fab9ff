"""Texts from packages made here and put on the import path."""

import random
import sys
from pathlib import Path

import pytest

from rnnscope.corpus.installed import write_attribute, write_package_files
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A package that cannot be imported, with a module beside it that can."""
    folder = tmp_path / "headers_of_ours"
    (folder / "include/deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('this package must not be imported')")
    for name in ["include/b.h", "include/a.h", "include/deep/c.h", "include/a.cpp", "d.h"]:
        (folder / name).write_text(name + "\n")
    (tmp_path / "topics_of_ours.py").write_text(
        "topics = {'b': 'zwei', 'a': 'één'}\nnumbers = {'a': 1}\nword = 'a'\nnothing = {}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("size", [None, 1, 15, 38, 1000])
def test_files_are_shuffled_and_cut_without_an_import(package, size):
    names = ["include/a.h", "include/b.h", "include/deep/c.h"]
    random.Random(7).shuffle(names)
    write_package_files("headers_of_ours", ["include/**/*.h"], 7, size, package / "text.bin")
    assert (package / "text.bin").read_text() == "".join(name + "\n" for name in names)[:size]
    assert "headers_of_ours" not in sys.modules


def test_linked_file_is_read(package):
    (package / "outside.h").write_text("outside\n")
    (package / "headers_of_ours/linked.hpp").symlink_to(package / "outside.h")
    write_package_files("headers_of_ours", ["*.hpp"], 1, None, package / "text.bin")
    assert (package / "text.bin").read_text() == "outside\n"


def test_nothing_matches(package):
    with pytest.raises(InputError, match=r"no file in .*headers_of_ours matches \*\.rs"):
        write_package_files("headers_of_ours", ["*.rs"], 1, None, package / "text.bin")


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.part"])
def test_package_that_is_not_installed_is_unavailable(tmp_path, name):
    with pytest.raises(UnavailableError, match="no_such_package"):
        write_package_files(name, ["*.h"], 1, None, tmp_path / "text.bin")
    with pytest.raises(UnavailableError, match="no_such_package"):
        write_attribute(name, "topics", None, tmp_path / "text.bin")


def test_module_has_no_files(package):
    with pytest.raises(InputError, match="topics_of_ours: found a module, expected a package"):
        write_package_files("topics_of_ours", ["*.h"], 1, None, package / "text.bin")


@pytest.mark.parametrize("size", [None, 3, 100])
def test_values_by_key_with_a_blank_line_between(package, size):
    write_attribute("topics_of_ours", "topics", size, package / "text.bin")
    assert (package / "text.bin").read_bytes() == "één\n\nzwei".encode()[:size]


@pytest.mark.parametrize("attribute", ["numbers", "word", "missing"])
def test_attribute_of_another_kind(package, attribute):
    with pytest.raises(InputError, match=rf"topics_of_ours\.{attribute}: .*expected a dict of strings"):
        write_attribute("topics_of_ours", attribute, None, package / "text.bin")
