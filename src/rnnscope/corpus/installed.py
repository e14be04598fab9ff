"""Take a text from an installed Python package: from its files, or from a dict of strings in a module."""

import importlib
import importlib.util
import os
import shutil
from pathlib import Path

from rnnscope.corpus.selection import compile_patterns, shuffled
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError


def write_package_files(package: str, patterns: list[str], seed: int, size: int | None, text: Path) -> None:
    """Write the files in the folder of `package` that match `patterns` to `text`, cut to `size` bytes.

    The order is that of `shuffled`. The package is found, not imported (of a dotted name only the parents are).
    Raises UnavailableError when it is not installed, InputError when it has no folder or nothing in it matches.
    """
    folder = _package_folder(package)
    wanted = compile_patterns(patterns)
    names = [name for name in _files_below(folder) if wanted.match_file(name)]
    if not names:
        raise InputError(f"package {package}: no file in {folder} matches {', '.join(patterns)}")
    with text.open("wb") as output:
        for name in shuffled(names, seed):
            with (folder / name).open("rb") as content:
                shutil.copyfileobj(content, output)
            if size is not None and output.tell() >= size:
                output.truncate(size)
                return


def write_attribute(module: str, attribute: str, size: int | None, text: Path) -> None:
    """Write the values of a dict of strings to `text`: sorted by key, joined by a blank line, in UTF-8, cut to `size` bytes.

    Raises UnavailableError when the module is not installed, InputError when the attribute is not such a dict.
    """
    try:
        values = getattr(importlib.import_module(module), attribute, None)
    except ImportError as error:
        raise UnavailableError(str(error)) from None
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise InputError(f"{module}.{attribute}: found {type(values).__name__}, expected a dict of strings")
    text.write_bytes("\n\n".join(values[key] for key in sorted(values)).encode()[:size])


def _package_folder(package: str) -> Path:
    try:
        found = importlib.util.find_spec(package)
    except ImportError as error:
        raise UnavailableError(str(error)) from None
    if found is None:
        raise UnavailableError(f"no package {package} is installed")
    folders = list(found.submodule_search_locations or [])
    if not folders:
        raise InputError(f"{package}: found a module, expected a package with a folder")
    return Path(folders[0])


def _files_below(folder: Path) -> list[str]:
    """Paths of the files below `folder`, relative to it, with forward slashes."""
    return [(Path(parent) / name).relative_to(folder).as_posix() for parent, _, names in os.walk(folder) for name in names]
