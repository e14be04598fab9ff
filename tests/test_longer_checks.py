"""What takes longer than the tests, `make fault-injection`, `make cluster-test` and `make bench`, can begin."""

import importlib
import json
import subprocess
import sys

from cluster.run_on_slurm import WITH_TWO_CORES, smaller_experiment
from helpers.fork_server import ForkServer
from helpers.workspace import REPOSITORY, Workspace


def test_fault_injection_starts_from_any_folder(tmp_path):
    command = [sys.executable, REPOSITORY / "tests/fault_injection.py", "--help"]
    assert "power_cut" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_the_experiment_of_the_cluster_can_be_planned(tmp_path):
    workspace = Workspace(tmp_path / "cluster")
    workspace.configure(smaller_experiment())
    server = ForkServer(f"{workspace.folder}/src:{REPOSITORY}/tests")
    done = server.run(workspace.folder, "helpers.dag_of", "experiment.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    rules = {rule for rule, _, _ in json.loads(done.stdout.splitlines()[-1])["jobs"].values()}
    assert {"train_model", "ablations", "overview", WITH_TWO_CORES} <= rules


def test_the_benchmark_of_the_ngrams_runs_its_stages(monkeypatch, capsys):
    monkeypatch.syspath_prepend(REPOSITORY / "tests/benchmarks")
    baselines = importlib.import_module("baselines")
    monkeypatch.setattr(baselines, "TEXT_SIZES", (200_000,))
    baselines.measure_ngrams()
    sizes = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith(" ")]
    assert sizes == ["200,000"]
