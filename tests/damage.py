"""Damaged files: which kinds of files there are, and what can happen to one."""

import re

from test_tables import documented, matches

ASIDE = re.compile(r"/(logs|benchmarks|figures|\.provenance)/")


def kinds_of_files(workspace):
    """A file of every kind that docs/tables.md describes, by its pattern: {pattern: path below the workspace}."""
    paths = sorted(path.relative_to(workspace.folder).as_posix() for path in (workspace.folder / "results").rglob("*"))
    found = {}
    for pattern in documented():
        regex = matches(pattern)
        found[pattern] = next(path for path in paths if regex.fullmatch(path) and not ASIDE.search(path))
    return found


def cut_off(path):
    """Half of the file is lost."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path):
    """One bit in the middle is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {"truncated": cut_off, "bit-flipped": flip}
