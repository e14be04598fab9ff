import shutil
import sys

import hypothesis
import pytest
from filelock import FileLock
from helpers.fork_server import PreloadedPython
from helpers.workspace import Workspace

from rnnscope.cli import run

# No test may fail because the machine is busy: neither for an example that takes long nor for input that is slow to draw.
hypothesis.settings.register_profile("no_deadline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("no_deadline")


@pytest.fixture(scope="session")
def preloaded_python(tmp_path_factory):
    """What runs stages, and Snakemake, in forks of one process."""
    with PreloadedPython(tmp_path_factory.mktemp("preloaded_python")) as python:
        yield python


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id):
    """A folder for all workers together."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def finished(shared_folder, preloaded_python):
    """A workspace after one run of the whole DAG, for all workers together. Tests that change it copy it first."""
    finished = Workspace.__new__(Workspace)
    finished.folder, finished.preloaded_python = shared_folder / "finished", preloaded_python
    with FileLock(shared_folder / "finished.lock"):
        if not (shared_folder / "finished.done").exists():
            workspace = Workspace(finished.folder)
            workspace.preloaded_python = preloaded_python
            done = workspace.snakemake()
            assert done.returncode == 0, done.stdout + done.stderr
            (shared_folder / "finished.done").write_text(done.stdout + done.stderr)
    finished.screen = (shared_folder / "finished.done").read_text()
    return finished


@pytest.fixture
def workspace(finished, tmp_path):
    """A copy of the finished workspace that a test may change."""
    copy = Workspace.__new__(Workspace)
    copy.folder, copy.preloaded_python = tmp_path / "workspace", finished.preloaded_python
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    return copy


@pytest.fixture
def fresh(tmp_path, preloaded_python):
    """A workspace in which nothing has run."""
    fresh = Workspace(tmp_path / "fresh")
    fresh.preloaded_python = preloaded_python
    return fresh


@pytest.fixture(autouse=True)
def subnormal_numbers():
    """A stage that runs a network sets subnormal numbers to zero for its whole process, which here is that of the tests."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture
def call(monkeypatch):
    """Run the `main` of a module as from the command line; returns the message it ends with, None when all went well."""

    def call_module(module, *words):
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, words)])
        try:
            run(module.main)
        except SystemExit as stop:
            return stop.code
        return None

    return call_module
