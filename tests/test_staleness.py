"""Compares the workflow with the staleness matrix of staleness.py, which has to cover every key.

What Snakemake compares, a job's inputs and parameters, is read off the loaded workflow (dag_of.py). That a dry run finds
the same to be stale is checked for some changes by test_workflow.py and for all of them by `make fault-injection`.
"""

import copy
import json
import shutil

import pytest
import yaml
from filelock import FileLock
from helpers.dag_of import SOURCES, name_of
from helpers.fork_server import ForkServer
from helpers.staleness import EVERY, KEYS, RULES_OF, imports_of, plain, readers_of, with_readers
from helpers.workspace import EXPERIMENT, REPOSITORY, Workspace

from rnnscope.settings.base import is_optional, settings_of
from rnnscope.settings.corpus import Corpus
from rnnscope.settings.sections import SECTIONS

ROOT = REPOSITORY / "src/rnnscope"
SORTED_KEYS, TOGETHER = sorted(KEYS), 8
FILES = sorted(
    name_of(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.suffix in SOURCES and path.name != "__init__.py"
)


def leaves(section, path=()):
    """The keys of the configuration whose values are not sections: `training.epochs`; of a corpus, `corpora.*.title`."""
    for key, value in section.items():
        name = "*" if path == ("corpora",) else key
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield ".".join((*path, name))


def changed(values):
    """The experiment with other values of some keys."""
    experiment = copy.deepcopy(EXPERIMENT)
    for key, value in values.items():
        *parents, last = key.replace("*", "tale").split(".")
        section = experiment
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = value
    return experiment


def stale(before, after):
    """The rules that have jobs to run in `after` when `before` is done: those that differ, and what reads their files."""
    touched = {output for output, job in after.items() if before.get(output) != job}
    while more := {output for output, (_, inputs, _) in after.items() if not touched.isdisjoint(inputs)} - touched:
        touched |= more
    return {plain(after[output][0], output) for output in touched}


class Matrix:
    """A workspace whose workflow can be looked at under many configurations.

    `unchanged` is a file with what the unchanged experiment has, which takes long: the first worker of the tests writes it.
    """

    def __init__(self, folder, unchanged):
        self.workspace = Workspace(folder)
        self.server = ForkServer(f"{folder}/src:{REPOSITORY}/tests")
        with FileLock(f"{unchanged}.lock"):
            if not unchanged.exists():
                unchanged.write_text(json.dumps(self.look([EXPERIMENT], "--modules")[0]))
        found = json.loads(unchanged.read_text())
        self.jobs, self.changed_rules, self.module_of = found["jobs"], found["changed_rules"], found["module_of"]
        self.readers = readers_of(self.jobs)
        self.imports = imports_of(ROOT)
        self.after = {}

    def stale(self, key):
        """The rules that a changed key makes stale; its neighbours are looked at in the same process, which takes less time."""
        if key not in self.after:
            first = SORTED_KEYS.index(key) // TOGETHER * TOGETHER
            keys = SORTED_KEYS[first : first + TOGETHER]
            looked = self.look([changed({each: KEYS[each].value} | KEYS[each].beside) for each in keys])
            self.after.update(zip(keys, looked, strict=True))
        beside = KEYS[key].beside
        before = self.look([changed(beside)])[0]["jobs"] if beside else self.jobs
        return stale(before, self.after[key]["jobs"])

    def look(self, experiments, *flags):
        files = [f"experiment-{index}.yaml" for index in range(len(experiments))]
        for file, experiment in zip(files, experiments, strict=True):
            (self.workspace.folder / file).write_text(yaml.safe_dump(experiment))
        done = self.server.run(self.workspace.folder, "helpers.dag_of", *files, *flags)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def users_of(self, name):
        """The rules whose module imports a module, or one in the folder of a file that is no module."""
        folder, slash, _ = name.rpartition("/")
        prefix = f"rnnscope.{folder.replace('/', '.')}."

        def uses(module):
            return module.startswith(prefix) if slash else module == f"rnnscope.{name}"

        return {rule for rule, module in self.module_of.items() if any(map(uses, self.imports[module]))}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, shared_folder):
    folder = tmp_path_factory.mktemp("matrix")
    yield Matrix(folder, shared_folder / "matrix.json")
    shutil.rmtree(folder)


def test_every_key_has_an_expectation():
    configuration = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    left_out = {
        f"{key}.{name}"
        for key, section in SECTIONS.items()
        for name, (kind, _) in settings_of(section).items()
        if is_optional(kind)
    }
    left_out |= {f"corpora.*.{name}" for name, (kind, _) in settings_of(Corpus).items() if is_optional(kind)}
    assert set(leaves(configuration)) | left_out == set(KEYS)


@pytest.mark.parametrize("key", SORTED_KEYS)
def test_a_changed_key_makes_stale_what_it_is_for(matrix, key):
    change = KEYS[key]
    new = set(matrix.readers) if change.new == EVERY else change.new
    assert matrix.stale(key) == new | with_readers(change.stale, matrix.readers)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_module_makes_stale_the_rules_that_use_it(matrix, name):
    assert set(matrix.changed_rules[name]) == matrix.users_of(name)


@pytest.mark.parametrize("name", sorted(RULES_OF))
def test_a_module_is_used_by_the_rules_that_it_is_for(matrix, name):
    every = set(matrix.module_of)
    assert set(matrix.changed_rules[name]) == (every if RULES_OF[name] == EVERY else RULES_OF[name])


LATE = ("analyses", "figures", "explorer", "settings.units", "settings.predictions", "configuration")


def test_a_change_of_what_comes_late_trains_nothing_again(matrix):
    early = {"fetch_text", "split_text", "ngrams", "train_model", "select_candidate"}
    for name in FILES:
        if name.startswith(LATE):
            assert early.isdisjoint(matrix.changed_rules[name]), name


def test_an_unchanged_experiment_makes_nothing_stale(matrix):
    (again,) = matrix.look([EXPERIMENT])
    assert stale(matrix.jobs, again["jobs"]) == set()
