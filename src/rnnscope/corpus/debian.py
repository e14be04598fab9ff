"""Fetch the source tarball inside a Debian package such as linux-source-6.1."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import IO

from rnnscope.corpus.archive import DAMAGE, StrictTar
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError, quoted

HTTPS_ALONE = ("-o", "Dir::Bin::Methods::http=false", "-o", "Dir::Bin::Methods::ftp=false")
PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def check_package_name(name: str) -> None:
    """Raise InputError unless `name` is the name of a Debian package, so that no tool can take it for an option."""
    if not PACKAGE_NAME.fullmatch(name):
        raise InputError(f"debian: found {quoted(name)}, expected the name of a package")


def fetch_debian_tarball(name: str, folder: Path) -> Path:
    """Download a package and take the tarball usr/src/NAME.tar.* out of it.

    Over HTTPS alone: apt's own method for HTTP is switched off, so that mirrors configured with http:// are not used.

    Parameters
    ----------
    name
        The package.
    folder
        An empty folder.

    Returns
    -------
    tarball
        A file in the folder.

    Raises
    ------
    UnavailableError
        If a tool is missing or fails, or if the package has no such tarball.
    """
    _call(["apt-get", *HTTPS_ALONE, "download", name], folder)
    packages = list(folder.glob("*.deb"))
    if len(packages) != 1:
        raise UnavailableError(f"apt-get download {name} left {len(packages)} packages, expected one")
    content = folder / "content.tar"
    with content.open("wb") as output:
        _call(["dpkg-deb", "--fsys-tarfile", packages[0].name], folder, output)
    tarball = folder / "source.tar"
    try:
        with StrictTar.open(content, "r:") as tar:
            _take_source(tar, name, tarball)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the package
        raise UnavailableError(f"package {name}: not readable ({error})") from None
    return tarball


def _take_source(tar: StrictTar, name: str, tarball: Path) -> None:
    """Copy the source tarball of a package's content to `tarball`."""
    for member in iter(tar.next_member, None):
        if member.isreg() and member.name.removeprefix("./").startswith(f"usr/src/{name}.tar"):
            source = tar.extractfile(member)
            assert source is not None, "a regular file always has content"
            with source, tarball.open("wb") as target:
                shutil.copyfileobj(source, target)
            return
    raise UnavailableError(f"package {name} holds no usr/src/{name}.tar.*")


def _call(command: list[str], folder: Path, output: IO[bytes] | int = subprocess.DEVNULL) -> None:
    """Run a tool in `folder`. Raises UnavailableError with the last line that it wrote to standard error."""
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False)
    except FileNotFoundError:
        raise UnavailableError(f"{command[0]} is not installed") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise UnavailableError(f"{command[0]} ended with {done.returncode}: {lines[-1]}")
