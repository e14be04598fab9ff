"""The state of a module's source, which a rule has among its parameters."""

import hashlib
import json
import os
from functools import cache
from pathlib import Path

import grimp

from rnnscope.source_files import VARIABLE, source_digest


@cache
def import_graph():
    return grimp.build_graph("rnnscope", cache_dir=None)


@cache
def module_digest(name):
    """SHA-256 of a module's file and of the files in its folder that it reads or compiles, as this run finds them."""
    stem = Path(HOME, "src", *name.split("."))
    return source_digest(stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py"))


@cache
def modules_of(module):
    """The names of a module and of every module of rnnscope that it imports."""
    return sorted({module} | import_graph().find_upstream_modules(module))


@cache
def source_of(module):
    """SHA-256 of a module's source and of that of every module of rnnscope that it imports.

    As a rule's parameter it makes the rule's outputs stale when the source changed, and only then.
    """
    return hashlib.sha256("".join(f"{name} {module_digest(name)}\n" for name in modules_of(module)).encode()).hexdigest()


# Jobs compare the source that they import with this one. Where Snakemake runs itself again for a job, the first one's stays.
if workflow.is_main_process:
    os.environ[VARIABLE] = json.dumps({name: module_digest(name) for name in sorted(import_graph().modules)})
