"""The fault drill: runs the whole DAG on a small text under faults, and compares every output with an undisturbed run's.

    python tests/fault_injection.py [--kills 40] [--seed 1] [PART ...]

Parts: kills, full_disk, read_only, clock, not_a_number, damage, staleness; all of them when none is named. `full_disk` needs
the right to mount a file system and says so where it lacks it.
"""

import argparse
import copy
import ctypes
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.damage import DAMAGE, kinds_of_files
from helpers.faults import DEFAULT, DRILLED, Drill
from helpers.staleness import KEYS, MODULES, with_readers
from helpers.workspace import EXPERIMENT
from test_staleness import changed, plain

YEARS = 5 * 365 * 86400.0


def full_disk(drill):
    workspace = drill.fresh("full-disk")
    results = workspace.folder / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(results)]
    if subprocess.run(mount, capture_output=True).returncode:
        drill.say("full disk: left out, no right to mount a file system here")
        return
    try:
        drill.told(drill.snakemake(workspace), "full disk", "No space left on device")
        subprocess.run(["mount", "-o", "remount,size=256m", str(results)], check=True)
        drill.whole_run(workspace)
        drill.compare(workspace, "full disk, then room")
    finally:
        subprocess.run(["umount", str(results)], check=True)


def read_only(drill):
    workspace, target = drill.copied("read-only"), "results/tale/predictions/ngram-1.parquet"
    file = workspace.folder / target
    file.unlink()
    os.chmod(file.parent, 0o555)
    workspace.preloaded_python = None  # whose stages would keep root's right
    done = workspace.snakemake(*DEFAULT, target, preexec_fn=without_override)
    drill.told(done, "read-only folder", "Permission denied")
    os.chmod(file.parent, 0o755)
    drill.succeed(workspace, target)
    drill.compare(workspace, "read-only folder, then writable")


def without_override():
    """Take from this process, before it becomes another, root's right to write where the permissions say no."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE; fails, needlessly too, where we are not root


def clock(drill):
    """Files from the past and the future make nothing stale; to make more of those from the future, they must be touched."""
    workspace, target = drill.copied("clock"), "results/tale/models/lstm-1-4/checkpoint.safetensors"
    future = time.time() + YEARS
    for path in workspace.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            stamp = time.time() + drill.random.uniform(-YEARS, YEARS)
            os.utime(path, (stamp, stamp))
    os.utime((workspace.folder / target).parent / "dropout-0.0/checkpoint.safetensors", (future, future))
    assert workspace.stale(*DEFAULT) == {}
    (workspace.folder / target).unlink()
    done = drill.snakemake(workspace, target)
    drill.told(done, "files from the past and the future", "has older modification time")
    subprocess.run(shlex.split("find . -type f -newermt now -exec touch {} +"), cwd=workspace.folder, check=True)
    drill.succeed(workspace, target)
    assert workspace.stale(*DEFAULT) == {}
    drill.compare(workspace, "clock jumps")


def not_a_number(drill):
    workspace, target = drill.copied("not-a-number"), "results/tale/models/lstm-1-4/dropout-0.0/checkpoint.safetensors"
    broken = copy.deepcopy(DRILLED)
    broken["training"]["learning_rate"] = 1e38
    workspace.configure(broken)
    drill.told(drill.snakemake(workspace, target), "NaN loss", "expected finite numbers")
    workspace.configure(DRILLED)
    drill.whole_run(workspace)
    drill.compare(workspace, "NaN loss, then the former learning rate")


def damage(drill):
    """Damage a file of every kind and ask for what is made from it; then do what the line says that it is told in."""
    workspace = drill.copied("damage")
    made_from = readers(workspace)
    for paths in kinds_of_files(workspace).values():
        path = next((path for path in paths if path in made_from), paths[0])
        file, kind = workspace.folder / path, drill.random.choice(sorted(DAMAGE))
        DAMAGE[kind](file)
        if path in made_from:
            (workspace.folder / made_from[path]).unlink()
            done = drill.snakemake(workspace, made_from[path])
        else:
            done = verified(workspace)
        line = drill.told(done, f"{kind} file", "; delete it and run: ")
        assert line.startswith(f"error: {path}: "), line
        file.unlink()
        drill.succeed(workspace, *shlex.split(line.rpartition("; delete it and run: ")[2])[1:])
        if path in made_from:
            drill.succeed(workspace, made_from[path])
    drill.whole_run(workspace)
    drill.compare(workspace, "damaged files rebuilt")
    assert verified(workspace).returncode == 0


def readers(workspace):
    """For every file that a job reads, one that it makes."""
    command = [sys.executable, Path(__file__).with_name("dag_of.py"), "experiment.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(workspace.folder / "src")}
    done = subprocess.run(command, cwd=workspace.folder, env=environment, capture_output=True, text=True, check=True)
    jobs = json.loads(done.stdout.splitlines()[-1])["jobs"]
    return {path: output for output, (_, inputs, _) in jobs.items() for path in inputs}


def verified(workspace):
    """What `make verify` says."""
    command = [sys.executable, "-m", "rnnscope.storage.provenance", "verify", "results/tale/provenance.json"]
    environment = {**os.environ, "PYTHONPATH": str(workspace.folder / "src")}
    return subprocess.run(command, cwd=workspace.folder, env=environment, capture_output=True, text=True)


def staleness(drill):
    """The matrix of staleness.py against real dry runs, in a workspace whose outputs are there, though empty."""
    workspace = drill.fresh("staleness")
    workspace.configure(EXPERIMENT)
    done = workspace.snakemake(*DEFAULT, "--summary")
    for line in done.stdout.splitlines()[1:]:
        path = workspace.folder / line.split("\t")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    drill.succeed(workspace, "--touch", "--forceall")
    assert workspace.stale(*DEFAULT) == {}

    def found():
        return {plain(rule) for rule in workspace.stale(*DEFAULT)}

    wrong = []
    for key, change in KEYS.items():
        workspace.configure(changed(key, change.value))
        if found() != change.new | with_readers(change.stale):
            wrong.append(key)
    workspace.configure(EXPERIMENT)
    for module, rules in MODULES.items():
        path = workspace.folder / "src/rnnscope" / (module if "/" in module else f"{module.replace('.', '/')}.py")
        content = path.read_bytes()
        path.write_bytes(content + b"\n# changed\n")
        if found() != with_readers(rules):
            wrong.append(module)
        path.write_bytes(content)
    drill.say(f"staleness: {len(KEYS)} keys and {len(MODULES)} modules in real dry runs, {len(wrong)} differ: {wrong}")
    drill.differences += [f"staleness: {name}" for name in wrong]


PARTS = {part.__name__: part for part in (full_disk, read_only, clock, not_a_number, damage, staleness)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="how many faults to inject by signals")
    parser.add_argument("--seed", type=int, default=1, help="of their times and kinds")
    parser.add_argument("parts", nargs="*", choices=["kills", *PARTS, []], metavar="PART", help=f"kills, {', '.join(PARTS)}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        drill = Drill(Path(folder), arguments.seed)
        for part in arguments.parts or ["kills", *PARTS]:
            if part == "kills":
                drill.kills(arguments.kills)
            else:
                PARTS[part](drill)
        drill.summary()
        drill.close()
    sys.exit(bool(drill.differences))


if __name__ == "__main__":
    main()
