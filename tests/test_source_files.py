"""Jobs compare the source that they import with the one that the run was planned with."""

import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from helpers.workspace import REPOSITORY

from rnnscope.source_files import VARIABLE, source_digest

SOURCE = REPOSITORY / "src"


def digests(source=SOURCE):
    """The digests of all modules, as the workflow hands them to jobs."""
    files = {".".join(path.relative_to(source).with_suffix("").parts): path for path in source.rglob("*.py")}
    return {name.removesuffix(".__init__"): source_digest(path) for name, path in files.items()}


STAGE = ["-m", "rnnscope.storage.provenance", "collect"]
FORKED = ["-c", f"import sys; from rnnscope.preloaded.server import run_module; sys.exit(run_module(*{STAGE!r}))"]


def run_stage(expected, source=SOURCE, words=STAGE):
    """Run a stage that does nothing; returns how it ended."""
    command = [sys.executable, *words]
    environment = {**os.environ, "PYTHONPATH": str(source)} | ({VARIABLE: json.dumps(expected)} if expected else {})
    return subprocess.run(command, env=environment, input="{}", capture_output=True, text=True, check=False)


@pytest.mark.parametrize("expected", [None, digests()])
def test_the_same_source_runs(expected):
    done = run_stage(expected)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["storage.provenance", "storage.files", "errors"])
@pytest.mark.parametrize("was_there", [True, False])
def test_another_source_is_refused_in_one_line(module, was_there):
    expected = digests()
    name = f"rnnscope.{module}"
    expected[name] = expected["rnnscope.progress"] if was_there else None
    done = run_stage({key: value for key, value in expected.items() if value})
    file = SOURCE / f"rnnscope/{module.replace('.', '/')}.py"
    assert done.returncode == 1
    assert done.stderr == f"error: {file}: changed since this run of snakemake began; run snakemake again\n"


def cut_off(path):
    path.write_text(path.read_text() + "\ndef half(")


def renamed(path):
    path.write_text(path.read_text().replace("def read_record(", "def read_a_record("))


def gone(path):
    path.unlink()


def unknown_name(path):
    path.write_text(path.read_text() + "\nUNKNOWN_NAME\n")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the source, and the digests of its modules."""
    source = tmp_path_factory.mktemp("copied") / "src"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info"))
    return source, digests(source)


@pytest.mark.parametrize(
    ("module", "change"),
    [
        *(("storage/checksums", change) for change in (cut_off, renamed, gone, unknown_name)),
        ("storage/provenance", cut_off),
        ("settings/__init__", cut_off),
        ("errors", cut_off),
        ("source_files", gone),
    ],
)
@pytest.mark.parametrize("words", [STAGE, FORKED], ids=["process", "fork"])
def test_a_source_that_cannot_be_imported_is_one_line(copied, module, change, words):
    """In a process of its own, and in a fork of the one that has imported the libraries."""
    source, expected = copied
    file = source / f"rnnscope/{module}.py"
    whole = file.read_text()
    change(file)
    try:
        done = run_stage(expected, source, words)
    finally:
        file.write_text(whole)
    named = source / "rnnscope" if module in ("errors", "source_files") else file  # without these no file can be compared
    assert done.returncode == 1
    assert done.stderr == f"error: {named}: changed since this run of snakemake began; run snakemake again\n"


@pytest.mark.parametrize("words", [STAGE, FORKED], ids=["process", "fork"])
def test_a_fault_of_the_source_that_the_run_began_with_keeps_its_traceback(copied, words):
    source, expected = copied
    file = source / "rnnscope/storage/checksums.py"
    whole = file.read_text()
    unknown_name(file)
    try:
        done = run_stage(expected | {"rnnscope.storage.checksums": source_digest(file)}, source, words)
    finally:
        file.write_text(whole)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback ")
    assert done.stderr.endswith("\nNameError: name 'UNKNOWN_NAME' is not defined\n")


def test_a_module_that_the_stage_does_not_import_may_change():
    assert run_stage(digests() | {"rnnscope.models.network": "0" * 64}).returncode == 0


def test_a_digest_covers_the_module_and_the_data_beside_it(tmp_path):
    module = tmp_path / "page.py"
    module.write_text("1")
    found = [source_digest(module)]
    for name in ("page.html", "compiled.cpp"):
        (tmp_path / name).write_text("2")
        found.append(source_digest(module))
        (tmp_path / name).write_text("3")
        found.append(source_digest(module))
    module.write_text("2")
    found.append(source_digest(module))
    assert len(set(found)) == len(found)
    (tmp_path / "notes.txt").write_text("4")
    (tmp_path / "other.py").write_text("4")
    assert source_digest(module) == found[-1]


def test_every_rule_that_resumes_says_which_source_it_is():
    rules = [rule for path in (REPOSITORY / "workflow/rules").glob("*.smk") for rule in path.read_text().split("\nrule ")]
    resuming = set()
    for rule in rules:
        if found := re.search(r'stage\(\s*"(training\.\w+)"', rule):
            stage = importlib.import_module(f"rnnscope.{found[1]}")
            if "source" in inspect.signature(stage.main).parameters:
                resuming.add(found[1])
                assert "--source {params.source} " in rule, rule.partition(":")[0]
    assert resuming == {"training.train", "training.another_seed", "training.snapshots"}
