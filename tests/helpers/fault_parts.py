"""The parts of the fault injection that are not kills; each ends with a workspace like that of an undisturbed run."""

import copy
import ctypes
import json
import os
import shlex
import subprocess
import sys
import time

from helpers.damage import DAMAGE, kinds_of_files
from helpers.faults import DEFAULT, FEW_MODELS
from helpers.staleness import EVERY, KEYS, MODEL, plain, readers_of, with_readers
from helpers.workspace import EXPERIMENT, REPOSITORY
from test_staleness import changed

YEARS = 5 * 365 * 86400.0


def full_disk(injection):
    workspace = injection.fresh("full-disk")
    results = workspace.folder / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(results)]
    if subprocess.run(mount, capture_output=True).returncode:
        injection.say("full disk: left out, no right to mount a file system here")
        return
    try:
        injection.fails(injection.snakemake(workspace), "full disk", "No space left on device")
        subprocess.run(["mount", "-o", "remount,size=256m", str(results)], check=True)
        injection.whole_run(workspace)
        injection.compare(workspace, "full disk, then room")
    finally:
        subprocess.run(["umount", str(results)], check=True)


def read_only(injection):
    workspace, target = injection.copied("read-only"), "results/tale/predictions/ngram-1.parquet"
    file = workspace.folder / target
    file.unlink()
    os.chmod(file.parent, 0o555)
    workspace.preloaded_python = None  # whose stages would keep root's right
    done = workspace.snakemake(*DEFAULT, target, preexec_fn=without_override)
    injection.fails(done, "read-only folder", "Permission denied")
    os.chmod(file.parent, 0o755)
    injection.succeed(workspace, target)
    injection.compare(workspace, "read-only folder, then writable")


def without_override():
    """Take from this process, before it becomes another, root's right to write where the permissions say no."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE; fails, needlessly too, where we are not root


def clock(injection):
    """Files from the past and the future make nothing stale; to make more of those from the future, they must be touched."""
    workspace, target = injection.copied("clock"), "results/tale/models/lstm-1-4/checkpoint.safetensors"
    future = time.time() + YEARS
    for path in workspace.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            stamp = time.time() + injection.random.uniform(-YEARS, YEARS)
            os.utime(path, (stamp, stamp))
    os.utime((workspace.folder / target).parent / "dropout-0.0/checkpoint.safetensors", (future, future))
    assert workspace.stale(*DEFAULT) == {}
    (workspace.folder / target).unlink()
    done = injection.snakemake(workspace, target)
    injection.fails(done, "files from the past and the future", "has older modification time")
    subprocess.run(shlex.split("find . -type f -newermt now -exec touch {} +"), cwd=workspace.folder, check=True)
    injection.succeed(workspace, target)
    assert workspace.stale(*DEFAULT) == {}
    injection.compare(workspace, "clock jumps")


def not_a_number(injection):
    workspace, target = injection.copied("not-a-number"), "results/tale/models/lstm-1-4/dropout-0.0/checkpoint.safetensors"
    broken = copy.deepcopy(FEW_MODELS)
    broken["training"]["learning_rate"] = 1e38
    workspace.configure(broken)
    injection.fails(injection.snakemake(workspace, target), "NaN loss", "expected finite numbers")
    workspace.configure(FEW_MODELS)
    injection.whole_run(workspace)
    injection.compare(workspace, "NaN loss, then the former learning rate")


def damage(injection):
    """Damage a file of every kind and ask for what is made from it; then do what the line says."""
    workspace = injection.copied("damage")
    made_from = readers(workspace)
    for paths in kinds_of_files(workspace).values():
        path = next((path for path in paths if path in made_from), paths[0])
        file, kind = workspace.folder / path, injection.random.choice(sorted(DAMAGE))
        DAMAGE[kind](file)
        if path in made_from:
            (workspace.folder / made_from[path]).unlink()
            done = injection.snakemake(workspace, made_from[path])
        else:
            done = workspace.verify()
        line = injection.fails(done, f"{kind} file", "; delete it and run: ")
        assert line.startswith(f"error: {path}: "), line
        file.unlink()
        injection.succeed(workspace, *shlex.split(line.rpartition("; delete it and run: ")[2])[1:])
        if path in made_from:
            injection.succeed(workspace, made_from[path])
    injection.whole_run(workspace)
    injection.compare(workspace, "damaged files rebuilt")
    assert workspace.verify().returncode == 0


def planned(workspace, *flags):
    """What dag_of.py prints of a workspace."""
    command = [sys.executable, "-m", "helpers.dag_of", "experiment.yaml", *flags]
    environment = {**os.environ, "PYTHONPATH": f"{workspace.folder / 'src'}:{REPOSITORY / 'tests'}"}
    done = subprocess.run(command, cwd=workspace.folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def readers(workspace):
    """For every file that a job reads, one that the job makes."""
    return {path: output for output, (_, inputs, _) in planned(workspace)["jobs"].items() for path in inputs}


def staleness(injection):
    """The matrix of staleness.py against real dry runs, in a workspace whose outputs are there, though empty."""
    workspace = injection.fresh("staleness")
    workspace.configure(EXPERIMENT)
    done = workspace.snakemake(*DEFAULT, "--summary")
    for line in done.stdout.splitlines()[1:]:
        path = workspace.folder / line.split("\t")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    injection.succeed(workspace, "--touch", "--forceall")
    assert workspace.stale(*DEFAULT) == {}

    dag = planned(workspace, "--modules")
    readers = readers_of(dag["jobs"])

    def differs(new, stale):
        """Whether a dry run finds other rules than expected. It does not distinguish n-NNs from other networks."""
        expected = (set(readers) if new == EVERY else new) | with_readers(stale, readers)
        found = {plain(rule) for rule in workspace.stale(*DEFAULT)}
        return found != {rule.removesuffix(" of n-NNs") for rule in expected}

    wrong = []
    for key, change in KEYS.items():
        workspace.configure(changed(key, change.value))
        if differs(change.new, change.stale):
            wrong.append(key)
    workspace.configure(EXPERIMENT)
    for name, rules in dag["changed_rules"].items():
        path = workspace.folder / "src/rnnscope" / (name if "/" in name else f"{name.replace('.', '/')}.py")
        content = path.read_bytes()
        path.write_bytes(content + b"\n# changed\n")
        if differs(set(), {*rules, *(f"{rule} of n-NNs" for rule in MODEL.intersection(rules))}):
            wrong.append(name)
        path.write_bytes(content)
    modules = len(dag["changed_rules"])
    injection.say(f"staleness: {len(KEYS)} keys and {modules} modules in real dry runs, {len(wrong)} differ: {wrong}")
    injection.differences += [f"staleness: {name}" for name in wrong]


PARTS = {part.__name__: part for part in (full_disk, read_only, clock, not_a_number, damage, staleness)}
