"""The source of rnnscope's modules on the disk, and whether it is still the one that a run began with.

The workflow plans a run with the digests of all modules, and hands them to its jobs in an environment variable. When somebody
changes the source meanwhile (`git checkout` of another commit, and back), a job would be made by a source that no record names.
"""

import hashlib
import json
import os
import sys
from collections.abc import Collection
from pathlib import Path

from rnnscope.errors import InputError

# Files in the folder of a module that it reads or compiles.
DATA = (".cpp", ".html", ".css", ".js", ".json")
ROOT = Path(__file__).parent
# Digests by name of the module, as JSON.
VARIABLE = "RNNSCOPE_SOURCES"


def source_digest(module_file: Path) -> str:
    """Return the SHA-256 of the file of a module and of the data files in its folder, 64 hexadecimal digits."""
    data = (path for path in module_file.parent.iterdir() if path.suffix in DATA)
    digest = hashlib.sha256()
    for file in (module_file, *sorted(data)):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def loaded_modules() -> dict[str, Path]:
    """Return the files of the modules of rnnscope that this process has imported or runs, by name."""
    files = {}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] not in ("rnnscope", "__main__"):
            continue
        specification = getattr(module, "__spec__", None)
        name = specification.name if name == "__main__" and specification else name
        file = getattr(module, "__file__", None)
        if name.split(".")[0] == "rnnscope" and file and file.endswith(".py"):
            files[name] = Path(file)
    return files


def module_name(file: Path) -> str:
    """Return the name of a module of rnnscope from its file."""
    return ".".join(file.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def changed_file(error: BaseException) -> Path | None:
    """Return a source file that was changed since the run began, or is gone, and may be why a job ends with an error.

    Parameters
    ----------
    error
        What the job raised, perhaps when it imported a module.

    Returns
    -------
    Path or None
        Of a module that is imported, or that the error comes from; None if there is none, and outside a run.
    """
    expected = json.loads(os.environ.get(VARIABLE, "null"))
    if expected is None:
        return None
    named = [Path(error.filename)] if isinstance(error, SyntaxError) and error.filename else []
    trace = error.__traceback__
    while trace:
        named.append(Path(trace.tb_frame.f_code.co_filename))
        trace = trace.tb_next
    files = loaded_modules() | {module_name(file): file for file in named if ROOT in file.parents}
    if isinstance(error, ImportError):  # its module is not among these: it is gone, or was not what is imported from it
        stems = {name: ROOT.parent.joinpath(*name.split(".")) for name in expected}
        found = {name: stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py") for name, stem in stems.items()}
        files |= {name: file for name, file in found.items() if name == error.name or not file.is_file()}
    return next((file for name, file in files.items() if _is_changed(name, file, expected)), None)


def _is_changed(name: str, file: Path, expected: dict[str, str]) -> bool:
    return not file.is_file() or source_digest(file) != expected.get(name)


def check_source(checked: Collection[str] = ()) -> set[str]:
    """Compare the source of the imported modules with what the run began with.

    Parameters
    ----------
    checked
        Names of modules that were compared before and are left out.

    Returns
    -------
    set of str
        Names of the modules that have been compared, these or before; none outside a run.

    Raises
    ------
    InputError
        If one differs, or was not there.
    """
    expected = json.loads(os.environ.get(VARIABLE, "null"))
    if expected is None:
        return set()
    files = loaded_modules()
    for name, file in files.items():
        if name not in checked and _is_changed(name, file, expected):
            raise InputError(f"{file}: changed since this run of snakemake began; run snakemake again")
    return {*checked, *files}
