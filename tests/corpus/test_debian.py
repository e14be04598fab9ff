"""The plumbing around apt-get and dpkg-deb, with two small programs in their place: no network, no Debian."""

import io
import tarfile
from pathlib import Path

import pytest

from rnnscope.corpus.archive import HEADER_BYTES_LIMIT
from rnnscope.corpus.debian import check_package_name, fetch_debian_tarball
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError

APT_GET = """#!/bin/sh
[ "$2 $5 $6" = "Dir::Bin::Methods::http=false download linux-source-6.1" ] &&
    exec /bin/cp "{content}" linux-source-6.1_6.1.1_all.deb
echo noise >&2
echo "E: Unable to locate" >&2
exit 100
"""


@pytest.fixture
def tools(tmp_path, monkeypatch) -> Path:
    """A folder that is the whole PATH but for the shell's own tools."""
    folder = tmp_path / "tools"
    folder.mkdir()
    install(folder, "apt-get", APT_GET.format(content=tmp_path / "content.tar"))
    install(folder, "dpkg-deb", '#!/bin/sh\n[ "$1" = --fsys-tarfile ] && exec /bin/cat "$2"\n')
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def pack(path: Path, name: str, *before: str, form: int = tarfile.DEFAULT_FORMAT) -> None:
    with tarfile.open(path, "w", format=form) as tar:
        for member_name, content in [*((other, b"not this") for other in ("./usr/share/doc/x", *before)), (name, b"the tarball")]:
            member = tarfile.TarInfo(member_name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.mark.parametrize("name", ["./usr/src/linux-source-6.1.tar.xz", "usr/src/linux-source-6.1.tar.bz2"])
def test_tarball_inside_the_package(tools, folder, name):
    pack(tools.parent / "content.tar", name)
    assert fetch_debian_tarball("linux-source-6.1", folder).read_bytes() == b"the tarball"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_package_with_long_names(tools, folder, form):
    """All their extended headers together are longer than those of one member may be."""
    names = [f"./usr/share/doc/{number}{'x' * 250}/{'y' * 250}" for number in range(3000)]
    assert sum(map(len, names)) > HEADER_BYTES_LIMIT
    pack(tools.parent / "content.tar", "./usr/src/linux-source-6.1.tar.xz", *names, form=form)
    assert fetch_debian_tarball("linux-source-6.1", folder).read_bytes() == b"the tarball"


def test_package_without_the_tarball(tools, folder):
    pack(tools.parent / "content.tar", "./usr/src/another.tar.xz")
    with pytest.raises(UnavailableError, match=r"holds no usr/src/linux-source-6\.1\.tar"):
        fetch_debian_tarball("linux-source-6.1", folder)


def test_package_that_is_damaged(tools, folder):
    (tools.parent / "content.tar").write_bytes(b"damaged")
    with pytest.raises(UnavailableError, match=r"linux-source-6\.1: not readable"):
        fetch_debian_tarball("linux-source-6.1", folder)


@pytest.mark.usefixtures("tools")
def test_last_line_of_a_tool_that_fails(folder):
    with pytest.raises(UnavailableError, match=r"apt-get ended with 100: E: Unable to locate$"):
        fetch_debian_tarball("linux-source-6.2", folder)


def test_missing_tool(tools, folder):
    (tools / "apt-get").unlink()
    with pytest.raises(UnavailableError, match="apt-get is not installed"):
        fetch_debian_tarball("linux-source-6.1", folder)


def test_download_that_leaves_nothing(tools, folder):
    install(tools, "apt-get", "#!/bin/sh\n")
    with pytest.raises(UnavailableError, match="left 0 packages"):
        fetch_debian_tarball("linux-source-6.1", folder)


@pytest.mark.parametrize("name", ["--option", "-o", "", "a", "Linux", "a b", "linux=6.1", "../x", "linux\n"])
def test_name_that_could_be_an_option(name):
    with pytest.raises(InputError, match="expected the name of a package"):
        check_package_name(name)
