"""Holds the workflow to the staleness matrix of staleness.py, which must cover every key, every module and every rule.

What Snakemake compares, a job's inputs and parameters, is read off the loaded workflow (dag_of.py); that a dry run
finds the same to be stale is checked for some changes by test_workflow.py and for all of them by `make drill`.
"""

import copy
import json
import re
import shutil

import pytest
import yaml
from helpers.dag_of import SOURCES, name_of
from helpers.fork_server import ForkServer
from helpers.staleness import KEYS, MODULES, READERS, with_readers
from helpers.workspace import EXPERIMENT, REPOSITORY, Workspace


def leaves(section, path=()):
    """The keys of the configuration whose values are not sections: `training.epochs`; of a corpus, `corpora.*.title`."""
    for key, value in section.items():
        name = "*" if path == ("corpora",) else key
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield ".".join((*path, name))


def sources():
    """Every file of our source as the matrix names it, packages' own files left out."""
    root = REPOSITORY / "src/rnnscope"
    paths = (path.relative_to(root) for path in root.rglob("*") if path.suffix in SOURCES and path.name != "__init__.py")
    return {name_of(path) for path in paths}


def changed(key, value):
    """The experiment with another value of a key."""
    experiment = copy.deepcopy(EXPERIMENT)
    *parents, last = key.replace("*", "tale").split(".")
    section = experiment
    for parent in parents:
        section = section.setdefault(parent, {})
    section[last] = value
    return experiment


def plain(rule):
    """A rule's name without the depth of the networks it is for."""
    return re.sub(r"_of_\d+_layers$", "", rule)


def edges(jobs):
    """For each rule, those that read what it writes."""
    rule_of = {output: plain(rule) for output, (rule, _, _) in jobs.items()}
    found = {rule: set() for rule in rule_of.values()}
    for rule, inputs, _ in jobs.values():
        for path in inputs:
            if path in rule_of:
                found[rule_of[path]].add(plain(rule))
    return found


def stale(before, after):
    """The rules that have jobs to run in `after` when `before` is done: those that differ, and what reads their files."""
    touched = {output for output, job in after.items() if before.get(output) != job}
    while more := {output for output, (_, inputs, _) in after.items() if not touched.isdisjoint(inputs)} - touched:
        touched |= more
    return {plain(after[output][0]) for output in touched}


class Matrix:
    """A workspace whose workflow can be looked at under many configurations."""

    def __init__(self, folder):
        self.workspace = Workspace(folder)
        self.server = ForkServer(f"{folder}/src:{REPOSITORY}/tests")
        found = self.look(EXPERIMENT, "--modules")
        self.jobs, self.modules = found["jobs"], found["modules"]

    def look(self, experiment, *flags):
        self.workspace.configure(experiment)
        done = self.server.run(self.workspace.folder, "helpers.dag_of", "experiment.yaml", *flags)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    matrix = Matrix(folder)
    yield matrix
    shutil.rmtree(folder)


def test_every_key_and_every_module_has_an_expectation():
    configuration = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    assert set(leaves(configuration)) == set(KEYS)
    assert sources() == set(MODULES)


def test_rules_read_from_one_another_as_stated(matrix):
    assert edges(matrix.jobs) == READERS


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_changed_key_makes_stale_what_is_stated(matrix, key):
    change = KEYS[key]
    after = matrix.look(changed(key, change.value))["jobs"]
    assert stale(matrix.jobs, after) == change.new | with_readers(change.stale)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_changed_module_makes_stale_what_is_stated(matrix, module):
    directly = {plain(rule) for rule in matrix.modules[module]}
    assert directly == MODULES[module]


def test_an_unchanged_experiment_makes_nothing_stale(matrix):
    assert stale(matrix.jobs, matrix.look(EXPERIMENT)["jobs"]) == set()
