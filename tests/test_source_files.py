"""Jobs compare the source that they import with the one that the run was planned with."""

import json
import os
import subprocess
import sys

import pytest
from helpers.workspace import REPOSITORY

from rnnscope.source_files import VARIABLE, source_digest

SOURCE = REPOSITORY / "src"


def digests():
    """The digests of all modules, as the workflow hands them to jobs."""
    files = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in SOURCE.rglob("*.py")}
    return {name.removesuffix(".__init__"): source_digest(path) for name, path in files.items()}


def run_stage(expected):
    """Run a stage that does nothing; returns how it ended."""
    command = [sys.executable, "-m", "rnnscope.storage.provenance", "collect"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)} | ({VARIABLE: json.dumps(expected)} if expected else {})
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
