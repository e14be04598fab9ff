"""Every stage that reads a damaged file reports it in one line, which names the file and the command that rebuilds it.

Which stages read a file is taken from the workflow, so that a new kind of file or a new reader becomes a case by itself.
"""

import os
import re
import shlex
import shutil

import pytest
from helpers.damage import DAMAGE, kinds_of_files
from helpers.documented import documented
from helpers.fork_server import ForkServer
from helpers.workspace import Workspace

from rnnscope.storage.files import sha256_of

# What people and `make verify` alone look at.
READ_BY_NO_STAGE = {
    f"results/<corpus>/{name}"
    for name in (
        "provenance.json",
        "nnn/nnn-<n>/history.csv",
        "analyses/ablation_groups.csv",
        "analyses/unit_matches.csv",
        "analyses/feature_unit_matches.csv",
        "models/<model>/<candidate>/.resume.safetensors",
    )
}


@pytest.fixture(scope="module")
def damaged(finished, tmp_path_factory):
    """A copy of the finished workspace, in which files are damaged and made whole again."""
    copy = Workspace.__new__(Workspace)
    copy.folder, copy.preloaded_python = tmp_path_factory.mktemp("damage") / "workspace", finished.preloaded_python
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def stages(damaged):
    return ForkServer(damaged.folder / "src", RNNSCOPE_REBUILD="snakemake {}")


@pytest.fixture(scope="module")
def readers(damaged):
    """For every file, one command of each rule that reads it, of a rule that has n-NNs two: {path: {rule: words}}."""
    done = damaged.snakemake("--dry-run", "--forceall", "--printshellcmds")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {}
    for job in re.split(r"\n *(?=(?:local)?rule )", done.stdout):  # indented in a group
        rule = re.match(r"(?:local)?rule (\w+):", job)
        inputs = re.search(r"\n +input: (.*)", job)
        command = re.search(r"\n *(?:Shell command: )?(python -m .*) 2> ", job)
        if rule and inputs and command:
            words = shlex.split(command[1])[2:]
            name = rule[1] + " of an n-NN" * any(word.startswith("nnn-") for word in words)  # trained and read by other code
            for path in inputs[1].split(", "):
                found.setdefault(path, {}).setdefault(name, words)
    return found


def run_on_damaged(stages, folder, path, kind, words):
    """Run a stage while one of its files is damaged, and see that it writes nothing.

    The file is as before afterwards, time and all.
    """
    file = folder / path
    whole, times = file.read_bytes(), file.stat()
    DAMAGE[kind](file)
    before = times_of_files(folder)
    try:
        done = stages.run(folder, *words)
        assert times_of_files(folder) == before
        return done
    finally:
        file.write_bytes(whole)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def times_of_files(folder):
    paths = (os.path.join(path, name) for path, _, names in os.walk(folder / "results") for name in names)
    return {path: os.stat(path).st_mtime_ns for path in paths}  # pathlib takes several times as long


@pytest.mark.parametrize("pattern", documented())
def test_every_stage_reports_a_damaged_file(damaged, stages, readers, pattern):
    paths = kinds_of_files(damaged)[pattern]
    path = next((path for path in paths if path in readers), paths[0])
    assert (path not in readers) == (pattern in READ_BY_NO_STAGE)
    for index, (rule, words) in enumerate(sorted(readers.get(path, {}).items())):
        # Every reader meets a flipped bit, which is harder to see, and in a footer, too; the first a truncated file.
        ends = ["bit-flipped at the end"] if path.endswith(".parquet") else []
        for kind in ["bit-flipped", *ends, *(["truncated"] if index == 0 else [])]:
            done = run_on_damaged(stages, damaged.folder, path, kind, words)
            assert done.returncode == 1, (rule, kind, done.stderr)
            assert "Traceback" not in done.stderr
            line = done.stderr.splitlines()[-1]
            print(f"{kind} {path}, read by {rule}: {line}")
            assert re.fullmatch(rf"error: {re.escape(path)}: .*; delete it and run: snakemake {re.escape(path)}", line), line


def test_the_command_in_the_line_rebuilds_the_file_and_nothing_else(workspace):
    """Without it a deleted file whose readers are done stays away, and with `all` as the target they would all run again."""
    path, target = "results/tale/split/train.npy", "results/tale/models/lstm-1-4/dropout-0.0/checkpoint.safetensors"
    file = workspace.folder / path
    whole = sha256_of(file)
    DAMAGE["bit-flipped"](file)
    (workspace.folder / target).unlink()
    done = workspace.snakemake(target)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    command = line.partition("; delete it and run: ")[2]
    assert command == f"snakemake {path} --configfile experiment.yaml"
    file.unlink()
    done = workspace.snakemake(*shlex.split(command)[1:2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert sha256_of(file) == whole
    assert workspace.stale(target) == {"train_model": 1}
