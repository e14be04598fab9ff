"""Take a text from an installed Python package: from its files, or from a dict of strings in a module."""

import importlib
import importlib.util
from pathlib import Path

from rnnscope.corpus.folder import write_matching_files
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError


def write_package_files(package: str, patterns: list[str], seed: int, size: int | None, text: Path) -> None:
    """Join the files of a package that match some patterns.

    The package is not imported (of a dotted name only the parents are).

    Parameters
    ----------
    package
        The name under which it is imported.
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
        If the package is not installed.
    InputError
        If it has no folder, or nothing in it matches.
    """
    write_matching_files(_package_folder(package), patterns, seed, size, text)


def write_attribute(module: str, attribute: str, size: int | None, text: Path) -> None:
    """Join the values of a dict of strings: sorted by key, with a blank line between them, in UTF-8.

    Parameters
    ----------
    module, attribute
        The module and the name of the dict in it.
    size
        Bytes to which the text is cut; None for no cut.
    text
        The file to write.

    Raises
    ------
    UnavailableError
        If the module is not installed.
    InputError
        If the attribute is not such a dict.
    """
    try:
        values = getattr(importlib.import_module(module), attribute, None)
    except ImportError as error:
        raise UnavailableError(str(error)) from None
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise InputError(f"{module}.{attribute}: found {type(values).__name__}, expected a dict of strings")
    text.write_bytes("\n\n".join(values[key] for key in sorted(values)).encode()[:size])


def _package_folder(package: str) -> Path:
    """Return the folder of a package without importing it."""
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
