"""The workflow used from another folder, and as a module of another workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """\
configfile: "experiment.yaml"


module rnnscope:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from rnnscope as rnnscope_*


rule summary:
    default_target: True
    input:
        "results/tale/analyses/losses.csv",
        "results/tale/figures/loss_table.svg",
        "results/index.html",
    output:
        "summary.txt",
    log:
        "summary.log",
    shell:
        "wc {{input}} > {{output}} 2> {{log}}"
"""


@pytest.fixture
def elsewhere(fresh, tmp_path):
    """A folder with a text and its experiment, and nothing of the workflow."""
    folder = tmp_path / "else where"
    folder.mkdir()
    for name in ("tale.txt", "experiment.yaml"):
        shutil.move(fresh.folder / name, folder / name)
    return folder


def plan(fresh, folder, *words):
    """The jobs of a dry run by rule, started in a folder."""
    command = [Path(sys.executable).with_name("snakemake"), *words, "--cores", "1", "--dry-run", "--quiet", "host"]
    environment = {**os.environ, "PYTHONPATH": str(fresh.folder / "src")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (fresh.folder / "results").exists()
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE)}, done.stdout


def test_from_another_folder_without_a_configuration_of_its_own(fresh, elsewhere):
    jobs, said = plan(fresh, elsewhere, "-s", fresh.folder / "Snakefile", "--configfile", "experiment.yaml")
    assert jobs["train_model"] == 6 * 2 + 2 * 2
    assert jobs["overview"] == jobs["all"] == 1
    assert "input: tale.txt\n" in said


def test_with_results_in_another_folder(fresh, elsewhere):
    words = ["--directory", elsewhere, "--configfile", elsewhere / "experiment.yaml"]
    jobs, said = plan(fresh, fresh.folder, *words)
    assert jobs["train_model"] == 6 * 2 + 2 * 2
    assert "input: tale.txt\n" in said


def test_a_configuration_in_the_working_directory_comes_first(fresh, elsewhere):
    text = (fresh.folder / "config.yaml").read_text()
    assert text.count("epochs: 50 ") == 1
    (elsewhere / "config.yaml").write_text(text.replace("epochs: 50 ", "epochs: 77 "))
    (elsewhere / "experiment.yaml").write_text((elsewhere / "experiment.yaml").read_text().replace("  epochs: 2\n", ""))
    target = "results/tale/models/lstm-1-4/dropout-0.0/summary.json"
    words = ["-s", fresh.folder / "Snakefile", "--configfile", "experiment.yaml", "--printshellcmds", target]
    _, said = plan(fresh, elsewhere, *words)
    assert "--epochs 77 " in said


def test_as_a_module_of_another_workflow(fresh, elsewhere):
    """Its rules get a prefix, the other workflow's own rules stay as they are."""
    whole = (fresh.folder / "config.yaml").read_text()
    (elsewhere / "config.yaml").write_text(whole)
    text = MODULE.format(snakefile=fresh.folder / "Snakefile")
    text = text.replace('configfile: "experiment.yaml"', 'configfile: "config.yaml"\nconfigfile: "experiment.yaml"')
    (elsewhere / "Snakefile").write_text(text)
    jobs, said = plan(fresh, elsewhere)
    assert jobs["rnnscope_train_model"] == 6 * 2 + 2 * 2
    assert jobs["rnnscope_overview"] == jobs["summary"] == 1
    assert "all" not in jobs
    assert "log: summary.log\n" in said
    assert "log: results/tale/logs/rnnscope_losses.log\n" in said
