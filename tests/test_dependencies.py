"""Every package that is imported is declared in pyproject.toml, and a stage does not pay for imports that it has no use of."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from helpers.workspace import REPOSITORY

# Where a package is imported by another name than it is installed by.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "matplotlib_venn": "matplotlib-venn",
    "sklearn": "scikit-learn",
    "snakemake_interface_logger_plugins": "snakemake-interface-logger-plugins",
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


# What takes long to import, for the stages that do without it: what runs most often, and one analysis and one figure.
SCIENTIFIC = {"matplotlib", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "torch"}
WITHOUT = {
    "training.select": SCIENTIFIC,
    "training.train": SCIENTIFIC - {"numpy", "torch"} | {"torch._dynamo"},
    "training.evaluate": SCIENTIFIC - {"numpy", "torch", "pyarrow"} | {"torch._dynamo"},
    "analyses.losses.losses": SCIENTIFIC - {"numpy", "pandas", "pyarrow", "scipy"},
    "figures.losses.learning_curves": SCIENTIFIC - {"matplotlib", "numpy", "pandas", "pyarrow"},
}


@pytest.mark.parametrize("stage", WITHOUT)
def test_a_stage_does_without(stage):
    command = [sys.executable, "-X", "importtime", "-m", f"rnnscope.{stage}", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "rnnscope.cli" in imported
    assert WITHOUT[stage] & imported == set()
