"""The record beside every file that a stage writes: its SHA-256 and what made it.

The record of `folder/name` is `folder/.provenance/name.json`. With it a damaged file is found, whatever its format. Of a
parquet file, of which stages read some columns only, it also has the digest of the footer. It names the module, the versions
and the kind of machine, but no host, user or time, so that two runs on machines of the same kind write the same records.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = ".provenance"
# A parquet file ends with its footer, the length of the footer in 4 bytes, and these 4.
PARQUET = b"PAR1"


def record_path(path: Path) -> Path:
    """Return the path of a file's record."""
    return path.parent / FOLDER / f"{path.name}.json"


def partial_path(path: Path) -> Path:
    """Return the path of a file's record while it is written."""
    return path.parent / FOLDER / f".{path.name}.json.partial"


def footer_digest(path: Path) -> str | None:
    """Return the SHA-256 of a parquet file's footer, its length and its mark; None for a file that does not end with one.

    The footer says where the columns are, what they are called and how their values are written; the checksums of the pages do
    not cover it.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        ending = file.read()
        length = int.from_bytes(ending[:4], "little") + len(ending)
        if len(ending) < 8 or ending[4:] != PARQUET or length > size:
            return None
        file.seek(size - length)
        return hashlib.sha256(file.read()).hexdigest()


def write_record(path: Path, sha256: str, footer: str | None = None) -> None:
    """Write the record of a file that this process has just written.

    It need not survive a power failure: a file without a record is read unchecked, and a truncated record counts as none.

    Parameters
    ----------
    path
        The file, not its record.
    sha256
        Of the file, 64 hexadecimal digits.
    footer
        As `footer_digest` returns it.
    """
    digests = {"sha256": sha256} | ({"footer": footer} if footer else {})
    record = digests | {"module": module(), "commit": commit(), "packages": packages(), "host": host()}
    target, partial = record_path(path), partial_path(path)
    target.parent.mkdir(exist_ok=True)
    partial.write_text(json.dumps(record, indent=2) + "\n")
    partial.replace(target)


def read_record(path: Path) -> dict[str, Any] | None:
    """Read the record of a file; None when it is missing or unreadable."""
    try:
        record = json.loads(record_path(path).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("sha256"), str) else None


def forget_record(path: Path) -> None:
    """Remove the record of a file, whole or partly written, if there is one."""
    record_path(path).unlink(missing_ok=True)
    partial_path(path).unlink(missing_ok=True)


def module() -> str:
    """Return the name of the module that this process runs, such as `rnnscope.corpus.split`."""
    specification = getattr(sys.modules["__main__"], "__spec__", None)
    return str(specification.name) if specification else "unknown"


@cache
def commit() -> str | None:
    """Return the git commit of the source, with `-dirty` behind it when files differ from it; None outside a repository."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(describe, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def packages() -> dict[str, str]:
    """Return the versions of Python and of every installed package that this process has imported."""
    names = [name for name in sys.modules if "." not in name and name not in sys.stdlib_module_names]
    versions = {name: version for name in sorted(names) if (version := version_of(sys.modules[name]))}
    return {"python": platform.python_version(), **versions}


@cache  # some packages look theirs up in their files
def version_of(package: ModuleType) -> str | None:
    """Return what an imported package says of its version, if it does."""
    with warnings.catch_warnings(action="ignore"):  # MarkupSafe warns whoever asks for its version
        version = getattr(package, "__version__", None)
    return version if isinstance(version, str) else None


def host() -> dict[str, Any]:
    """Return the kind of machine: architecture, cores, memory (bytes), and the device that networks use in this process."""
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "device": computing_device(),
    }


def computing_device() -> str:
    """Return the GPU's name once this process has used one, else the CPU's vector instructions as torch reports them."""
    torch = sys.modules.get("torch")  # not imported here: most stages do without it
    if torch is None:
        return "CPU"
    if torch.cuda.is_initialized():
        return str(torch.cuda.get_device_name())
    return f"CPU {torch.backends.cpu.get_cpu_capability()}"
