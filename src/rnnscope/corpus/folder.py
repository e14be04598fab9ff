"""Assemble a text from files: those of a folder that match some patterns, or some in a given order."""

import os
from collections.abc import Iterable
from pathlib import Path

from rnnscope.corpus.compressed import append_text
from rnnscope.corpus.selection import compile_patterns, shuffled
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError


def local_path(name: str) -> Path:
    """Return the path of a file or folder of this machine; a leading ~ is the home folder."""
    return Path(name).expanduser()


def existing_file(name: str) -> Path:
    """Return the path of a file; raises UnavailableError when there is none, and InputError when it is a folder."""
    path = local_path(name)
    if path.is_dir():
        raise InputError(f"{name}: found a folder, expected a file; write folder: with path, members and shuffle_seed")
    if not path.is_file():
        raise UnavailableError("no such file")
    return path


def matching_files(folder: Path, patterns: list[str]) -> list[str]:
    """Return the paths of the files below a folder that match some patterns, relative to it, with forward slashes."""
    wanted = compile_patterns(patterns)
    every = ((Path(parent) / name).relative_to(folder).as_posix() for parent, _, names in os.walk(folder) for name in names)
    return [name for name in every if wanted.match_file(name) and (folder / name).is_file()]


def write_folder(folder: Path, patterns: list[str], seed: int, size: int | None, text: Path) -> None:
    """Join the files below a folder that match some patterns.

    Parameters
    ----------
    folder
        The folder. Links to folders are not followed.
    patterns
        In gitignore syntax.
    seed
        Seed of the order of the files (`shuffled`).
    size
        Bytes to which the text is cut; None for no cut.
    text
        The file to write.

    Raises
    ------
    UnavailableError
        If there is no such folder.
    InputError
        If nothing matches, or a compressed file is damaged.
    """
    if not folder.is_dir():
        raise UnavailableError("no such folder")
    write_matching_files(folder, patterns, seed, size, text)


def write_matching_files(folder: Path, patterns: list[str], seed: int, size: int | None, text: Path) -> None:
    """Join the files below a folder that exists; the parameters and errors are those of `write_folder`."""
    names = matching_files(folder, patterns)
    if not names:
        raise InputError(f"no file in {folder} matches {', '.join(patterns)}")
    write_files((folder / name for name in shuffled(names, seed)), size, text)


def write_files(paths: Iterable[Path], size: int | None, text: Path) -> None:
    """Join files in their order, cut to `size` bytes (None for no cut); those compressed by their names are unpacked."""
    with text.open("wb") as output:
        for path in paths:
            append_text(path, output)
            if size is not None and output.tell() >= size:
                output.truncate(size)
                return
