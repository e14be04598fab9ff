"""The sources of a corpus: files, a folder, a download, an archive, or what an installed package holds.

A source is a mapping with one key, as config.yaml spells it:

    path: FILE | [FILE, FILE, ...]
    url: ADDRESS
    folder: {path: FOLDER, members: [PATTERN, ...], shuffle_seed: NUMBER}
    archive: {path | url | debian: ..., members: [PATTERN, ...], shuffle_seed: NUMBER}
    installed: {package: NAME, members: [PATTERN, ...], shuffle_seed: NUMBER}
    installed: {package: NAME, attribute: NAME}

A leading ~ of a path is the home folder. Files whose names end in .gz, .xz, .bz2 or .zst are unpacked.
"""

import json
import logging
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any

from rnnscope.corpus.archive import write_members
from rnnscope.corpus.compressed import append_text, is_compressed
from rnnscope.corpus.debian import check_package_name, fetch_debian_tarball
from rnnscope.corpus.download import download
from rnnscope.corpus.folder import existing_file, local_path, matching_files, write_files, write_folder
from rnnscope.corpus.https import check_url
from rnnscope.corpus.installed import write_attribute, write_package_files
from rnnscope.corpus.selection import compile_patterns
from rnnscope.corpus.spelling import LENGTH, spell, without_password
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError, quoted, shortened

Source = dict[str, Any]

SELECTION = {"members", "shuffle_seed"}
KEYS = {
    "folder": [{"path"} | SELECTION],
    "archive": [{place} | SELECTION for place in ("path", "url", "debian")],
    "installed": [{"package"} | SELECTION, {"package", "attribute"}],
}
KINDS = ("path", "url", *KEYS)

log = logging.getLogger(__name__)


def parse_source(text: str) -> Source:
    """Parse a source written as JSON.

    Raises
    ------
    InputError
        If a key is missing, unknown or of a wrong type; the message names it.
    """
    try:
        source = json.loads(text)
    except (ValueError, RecursionError) as error:
        found = shortened(without_password(text, is_address=True), LENGTH)
        raise InputError(f"source: found {found!r}, expected JSON ({error})") from None
    check_source(source)
    return source


def check_source(source: Any) -> None:
    """Raise InputError, naming what was found and expected, unless `source` is one of the forms above."""
    spelled = spell(source)
    if not isinstance(source, dict) or len(source) != 1 or next(iter(source)) not in KINDS:
        raise InputError(f"source: found {spelled}, expected one key of {', '.join(KINDS)}")
    kind, value = next(iter(source.items()))
    if kind in KEYS:
        if not isinstance(value, dict) or set(value) not in KEYS[kind]:
            forms = " or ".join("{" + ", ".join(sorted(form)) + "}" for form in KEYS[kind])
            raise InputError(f"source: {kind}: found {spell(value)}, expected keys {forms}")
        _check_values(kind, value)
    else:
        _check_values("source", source)


def _check_values(where: str, values: dict[str, Any]) -> None:
    """Check the type of each value, and what can be checked of it before anything is opened."""
    for key, value in values.items():
        if key == "members":
            if not isinstance(value, list) or not value or not all(isinstance(pattern, str) for pattern in value):
                raise InputError(f"{where}: members: found {spell(value)}, expected a list of patterns")
            compile_patterns(value)
        elif key == "shuffle_seed":
            if type(value) is not int:
                raise InputError(f"{where}: shuffle_seed: found {spell(value)}, expected an integer")
        elif where == "source" and key == "path" and isinstance(value, list):
            if not value or not all(isinstance(name, str) and name for name in value):
                raise InputError(f"{where}: path: found {spell(value)}, expected a file or a list of files")
        elif not isinstance(value, str) or not value:
            raise InputError(f"{where}: {key}: found {spell(value, key == 'url')}, expected a text that is not empty")
        elif key == "url":
            check_url(value)
        elif key == "debian":
            check_package_name(value)
        elif key == "package" and not all(word.isidentifier() for word in value.split(".")):
            raise InputError(f"{where}: package: found {quoted(value)}, expected the name under which it is imported")


def write_first_available(sources: list[Source], size: int | None, text: Path) -> Source:
    """Write the text of the first available source.

    Parameters
    ----------
    sources
        In the order in which they are tried.
    size
        Bytes to which texts that are joined from files are cut; None for no cut.
    text
        The file to write.

    Returns
    -------
    source
        The one that was used.

    Raises
    ------
    InputError
        If none is available, with the reason of each; or if one has something else than a text.
    """
    reasons: list[str] = []
    for source in sources:
        if reasons:
            log.info("%s; trying the next source", reasons[-1])
        try:
            write_source(source, size, text)
        except UnavailableError as error:
            reasons.append(f"{spell(source)}: {error}")
        except InputError as error:
            raise InputError(f"{spell(source)}: {error}") from None
        else:
            return source
    raise InputError("no source of the corpus is available: " + "; ".join(reasons))


def write_source(source: Source, size: int | None, text: Path) -> None:
    """Write the text of one source to `text`.

    Raises
    ------
    UnavailableError
        If it is not available.
    InputError
        If it is damaged or not what was declared.
    """
    kind, value = next(iter(source.items()))
    if kind == "path":
        _write_paths(value, size, text)
    elif kind == "url":
        _write_download(value, size, text)
    elif kind == "folder":
        write_folder(local_path(value["path"]), value["members"], value["shuffle_seed"], size, text)
    elif kind == "archive":
        _write_archive(value, size, text)
    elif "attribute" in value:
        write_attribute(value["package"], value["attribute"], size, text)
    else:
        write_package_files(value["package"], value["members"], value["shuffle_seed"], size, text)


def _write_paths(value: str | list[str], size: int | None, text: Path) -> None:
    """Write the text of a file, whole, or of several files, joined in their order."""
    if isinstance(value, list):
        write_files([existing_file(name) for name in value], size, text)
    else:
        write_files([existing_file(value)], None, text)


def _write_download(url: str, size: int | None, text: Path) -> None:
    """Download a text, and unpack it where the end of the address says that it is compressed."""
    name = urllib.parse.urlsplit(url).path
    if not is_compressed(name):
        download(url, text, size)
        return
    packed = text.with_name(".packed")
    try:
        download(url, packed)
        with text.open("wb") as output:
            append_text(packed, output, name)
    finally:
        packed.unlink(missing_ok=True)


def _write_archive(archive: dict[str, Any], size: int | None, text: Path) -> None:
    """Write the text of an archive, from a file, a Debian package or a download."""
    selection = (archive["members"], archive["shuffle_seed"], size, text)
    if "path" in archive:
        write_members(existing_file(archive["path"]), *selection)
    elif "debian" in archive:
        with tempfile.TemporaryDirectory(dir=text.parent, prefix=".debian-") as folder:
            write_members(fetch_debian_tarball(archive["debian"], Path(folder)), *selection)
    else:
        tarball = text.with_name(".archive")
        try:
            download(archive["url"], tarball)
            write_members(tarball, *selection)
        finally:
            tarball.unlink(missing_ok=True)


def local_files(source: Source) -> list[Path]:
    """Return the files of this machine that a source reads, as far as they exist; `check_source` lets the source pass."""
    kind, value = next(iter(source.items()))
    if kind == "folder":
        folder = local_path(value["path"])
        return [folder / name for name in sorted(matching_files(folder, value["members"]))]
    names = value if kind == "path" else value.get("path", []) if kind == "archive" else []
    paths = map(local_path, names if isinstance(names, list) else [names])
    return [path for path in paths if path.is_file()]
