"""The state of a module's source, which a rule has among its parameters."""

import hashlib
from functools import cache
from pathlib import Path

import grimp


@cache
def import_graph():
    return grimp.build_graph("rnnscope", cache_dir=None)


@cache
def source_of(module):
    """SHA-256 of a module's source and of that of every module of rnnscope that it imports.

    The source of a module is its file and the files in its folder that it reads or compiles. As a rule's parameter it makes
    the rule's outputs stale when the source changed, and only then.
    """
    names = sorted({module} | import_graph().find_upstream_modules(module))
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\n".encode())
        module_file = source_file(name)
        for file in (module_file, *data_files(module_file.parent)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def data_files(folder):
    """The files in a folder of the source that its modules read or compile."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".cpp", ".html", ".css", ".js", ".json"))


def source_file(module):
    """The file of one of rnnscope's modules."""
    stem = Path(workflow.basedir, "src", *module.split("."))
    return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
