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
        if name not in checked and (not file.is_file() or source_digest(file) != expected.get(name)):
            raise InputError(f"{file}: changed since this run of snakemake began; run snakemake again")
    return {*checked, *files}
