"""A small project of its own to run the workflow in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import yaml

from rnnscope.analyses.units import feature_registry, language_features, text_features  # noqa: F401  # which register them

REPOSITORY = Path(__file__).parents[2]

PROSE = """\
"Well," said the old man, "you have come (at last), have you?"\r
The boy did not answer; he only looked at the river and counted %d boats.\r
\r
"""

FEATURES = list(feature_registry.FEATURES)

# Sections of config.yaml that may be left out.
OPTIONAL_SECTIONS = ("nnn", "dynamics", "activations", "dynamic_evaluation", "realisable", "ngrams", "context", "timescales")
OPTIONAL_SECTIONS += ("ablations", "seeds", "size_breakdown")

# The two further cells, whose gates read no hidden state, are among the models, so that every analysis and figure has them.
EXPERIMENT = {
    "run": ["tale"],
    "corpora": {
        "tale": {
            "title": "A tale",
            "fractions": [0.6, 0.2, 0.2],
            "features": {"language": "c", "names": FEATURES},
            "paper": "war_and_peace",
            "sources": [{"path": "tale.txt"}],
        }
    },
    "split": {"streams": 4, "sequence_length": 10},
    "grid": {"layers": [1], "sizes": [4], "additional": ["gru-2-5", "mingru-1-4", "minlstm-2-5"]},
    "training": {"epochs": 2, "dropout": [0.0, 0.5], "device": "cpu"},
    "ngrams": {"longest_context": 3},
    "nnn": {"longest_context": 2, "hidden_widths": [4, 8]},
    "dynamics": {"model": "lstm-1-4", "epochs": 1, "snapshots": 3},
    "activations": {"models": ["lstm-1-4", "gru-2-5", "mingru-1-4", "minlstm-2-5"]},
    "features": {"newline_within": 5},
    "cells": {"best": 3, "permutations": 4},
    "memory_span": {"restart_steps": 3, "restart_cases": 10},
    "cell_text": {"lines": 2, "columns": 40, "random_units": 2},
    "errors": {"candidates": ["lstm-1-4"]},
    "size_breakdown": {"smaller": "rnn-1-4", "larger": "lstm-1-4"},
    "dynamic_evaluation": {"streams": 4},
    "realisable": {"learning_rates": [0.001], "streams": 4, "characters": 500},
    "context": {"models": ["lstm-1-4", "minlstm-2-5"], "lengths": [1, 3, 5], "targets": 30, "shuffled": 4},
    "timescales": {"places": 30, "longest": 20},
    "ablations": {"models": ["lstm-1-4", "minlstm-2-5"], "holds": ["mean", "zero", "elsewhere"], "characters": 400},
    "seeds": {"models": ["lstm-1-4", "rnn-1-4"], "values": [2]},
    "comparisons": {"ngram": 3, "minimum_count": 5},
    "intervals": {"clusters": 20, "samples": 20},
    "bootstrap": {"samples": 10},
    "explorer": {"characters": 100},
}


def put_older(path, content):
    """Put another file of a much older date in the place of a file, as `mv`, `cp -p` and unzip do."""
    other = path.with_name("another")
    other.write_bytes(content)
    os.utime(other, (10**9, 10**9))
    other.replace(path)


class Workspace:
    """A copy of the workflow and its source in an empty folder, with a text of its own."""

    preloaded_python = None  # of fork_server.py: runs the jobs in forks of one process, where somebody has started it
    variables = MappingProxyType({})  # more of them in the environment

    def __init__(self, folder):
        self.folder = folder
        for name in ("workflow", "src"):
            shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for name in ("Snakefile", "config.yaml"):
            shutil.copy(REPOSITORY / name, folder)
        (folder / "tale.txt").write_bytes("".join(PROSE % count for count in range(60)).encode())
        self.configure(EXPERIMENT)

    def configure(self, experiment):
        (self.folder / "experiment.yaml").write_text(yaml.safe_dump(experiment))

    def command(self, words, forked=False):
        preloaded = self.preloaded_python
        snakemake = preloaded.snakemake(forked) if preloaded else [Path(sys.executable).with_name("snakemake")]
        return [*snakemake, "--configfile", "experiment.yaml", "--cores", "2", *words]

    def environment(self):
        source = self.folder / "src"
        return {
            **os.environ,
            "RNNSCOPE_FORK": "no",
            **(self.preloaded_python.environment(source) if self.preloaded_python else {"PYTHONPATH": str(source)}),
            **self.variables,
        }

    def snakemake(self, *words, preexec_fn=None):
        return subprocess.run(
            self.command(words, forked=preexec_fn is None),
            cwd=self.folder,
            env=self.environment(),
            preexec_fn=preexec_fn,
            capture_output=True,
            text=True,
        )

    def start(self, *words, log):
        """Start Snakemake, at the head of a process group of its own, and do not wait for it."""
        return subprocess.Popen(
            self.command(words),
            cwd=self.folder,
            env=self.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def verify(self):
        """Do what `make verify` does."""
        command = [sys.executable, "-m", "rnnscope.storage.provenance", "verify", "--files", "results/tale/provenance.json"]
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src")}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)

    def stale(self, *words):
        """The rules that a dry run would run, with the number of jobs of each; the rule `all` left out."""
        done = self.snakemake(*words, "--dry-run", "--quiet", "host")
        assert done.returncode == 0, done.stdout + done.stderr
        rows = [line.split() for line in done.stdout.splitlines()]
        jobs = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[0].isidentifier() and row[1].isdecimal()}
        return {rule: count for rule, count in jobs.items() if rule not in ("all", "total")}

    def readers(self):
        """For each rule, those that read what it writes, as Snakemake's graph of rules has it; the rule `all` left out."""
        done = self.snakemake("--rulegraph", "dot", "--forceall")
        assert done.returncode == 0, done.stdout + done.stderr
        rule_of = dict(re.findall(r'^\s*(\d+)\s*\[\s*label = "(\w+)"', done.stdout, re.MULTILINE))
        found = {rule: set() for rule in rule_of.values() if rule != "all"}
        for writer, reader in re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE):
            if rule_of[reader] != "all":
                found[rule_of[writer]].add(rule_of[reader])
        return found
