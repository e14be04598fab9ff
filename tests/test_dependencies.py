"""Every package that is imported is declared in pyproject.toml."""

import ast
import re
import sys
import tomllib

import pytest
from helpers.workspace import REPOSITORY

# Where a package is imported by another name than it is installed by.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "matplotlib_venn": "matplotlib-venn",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
TESTS = REPOSITORY / "tests"
OURS = {"docs", "rnnscope", "tests"} | {path.stem for path in TESTS.rglob("*") if path.is_dir() or path.suffix == ".py"}
IMPORT = re.compile(r"^\s*(?:from|import) ([A-Za-z_]\w*)", re.MULTILINE)


def imported(path):
    """The names of the top packages that a file imports; of rules, which are not Python, from the lines that look so."""
    text = path.read_text()
    if path.suffix == ".smk":
        return set(IMPORT.findall(text))
    nodes = list(ast.walk(ast.parse(text)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in names}


def declared(*extras):
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {re.match(r"[\w-]+", line)[0].lower() for line in lines}


@pytest.mark.parametrize(("folder", "extras"), [("src", ()), ("workflow", ()), ("docs", ()), ("tests", ("test",))])
def test_every_import_is_declared(folder, extras):
    paths = [path for path in (REPOSITORY / folder).rglob("*") if path.suffix in (".py", ".smk")]
    names = set().union(*map(imported, paths)) - set(sys.stdlib_module_names) - OURS
    packages = {DISTRIBUTIONS.get(name, name) for name in names}
    assert packages - declared(*extras) == set()


def test_every_version_is_pinned():
    pinned = (REPOSITORY / "requirements.lock").read_text() + (REPOSITORY / "requirements-test.lock").read_text()
    names = {line.partition("==")[0].lower().replace("_", "-") for line in pinned.splitlines() if "==" in line}
    assert declared("test", "lint") - names == set()
