import shutil

import pytest
from workspace import Workspace


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A workspace after the whole DAG ran once. Tests that change it copy it first."""
    workspace = Workspace(tmp_path_factory.mktemp("finished") / "workspace")
    done = workspace.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace


@pytest.fixture
def workspace(finished, tmp_path):
    """A copy of the finished workspace that a test may change."""
    copy = Workspace.__new__(Workspace)
    copy.folder = tmp_path / "workspace"
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    return copy


@pytest.fixture
def fresh(tmp_path):
    """A workspace in which nothing has run."""
    return Workspace(tmp_path / "workspace")
