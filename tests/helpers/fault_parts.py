"""The parts of the fault injection that are not kills; each ends with a workspace like that of an undisturbed run."""

import contextlib
import copy
import ctypes
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

from helpers.dag_of import changed_content
from helpers.damage import DAMAGE, NO_OUTPUTS, kinds_of_files
from helpers.faults import DEFAULT, FEW_MODELS
from helpers.fork_server import FLUSHED
from helpers.staleness import EVERY, KEYS, MODEL, plain, readers_of, with_readers
from helpers.workspace import EXPERIMENT, REPOSITORY
from test_staleness import changed

from rnnscope.storage.files import sha256_of

YEARS = 5 * 365 * 86400.0
CUTS = 3


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


def older_text(injection):
    """Another text of an older date in the place of the text, and the first one back, of an older date still."""
    workspace, target = injection.copied("older-text"), "results/tale/split/train.npy"
    text, first = workspace.folder / "tale.txt", (workspace.folder / "tale.txt").read_bytes()
    for years, content in ((1, first.replace(b"river", b"water")), (2, first)):
        put_older(text, content, years * YEARS)
        assert set(workspace.stale(*DEFAULT, target)) == {"fetch_text", "split_text"}
        line = injection.fails(workspace.verify(), "text of an older date", "error: tale.txt: changed since ")
        assert line.endswith("; run: snakemake"), line
        injection.succeed(workspace, target)
        assert (sha256_of(workspace.folder / target) == injection.expected["tale/split/train.npy"]) == (content == first)
    injection.whole_run(workspace)
    injection.compare(workspace, "texts of older dates")


def put_older(path, content, seconds):
    """Put another file of an older date in the place of a file, as `mv`, `cp -p`, `rsync -a` and unzip do."""
    other, stamp = path.with_name(f"{path.name}.other"), time.time() - seconds
    other.write_bytes(content)
    os.utime(other, (stamp, stamp))
    other.replace(path)


def older_output(injection):
    """A file that a stage wrote, changed, with its date as before."""
    workspace, path = injection.copied("older-output"), "results/tale/predictions/ngram-1.parquet"
    file = workspace.folder / path
    state = file.stat()
    DAMAGE["bit-flipped at the end"](file)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    line = injection.fails(
        injection.snakemake(workspace, *injection.targets), "changed output of the same date", "; delete it and run: "
    )
    assert line.startswith(f"error: {path}: changed since it was written"), line
    file.unlink()
    injection.succeed(workspace, *shlex.split(line.rpartition("; delete it and run: ")[2])[1:])
    injection.whole_run(workspace)
    injection.compare(workspace, "changed output of the same date, rebuilt")


def source(injection):
    """The source changes after the first job, and is as before when the run has ended."""
    workspace = injection.fresh("source")
    began, file = workspace.folder / "results/tale/corpus/manifest.json", workspace.folder / "src/rnnscope/storage/files.py"
    content = file.read_bytes()
    with (injection.folder / "snakemake.log").open("w+") as log:
        process = workspace.start(*DEFAULT, *injection.targets, log=log)
        while not began.exists() and process.poll() is None:
            time.sleep(0.02)
        file.write_bytes(content + b"\n# another commit\n")
        process.wait()
        log.seek(0)
        done = subprocess.CompletedProcess(process.args, process.returncode, log.read(), "")
    file.write_bytes(content)
    injection.runs += 1
    line = injection.fails(done, "source changed during a run", "changed since this run of snakemake began")
    assert line == f"error: {file}: changed since this run of snakemake began; run snakemake again", line
    injection.whole_run(workspace)
    injection.compare(workspace, "source changed during a run, then as before")


def power_cut(injection):
    """Cuts at random times: of every file of the run, what was not flushed to the disk is lost; then what the message says."""
    workspace, flushed = injection.fresh("power-cut"), injection.folder / "flushed"
    flushed.touch()
    workspace.variables = {FLUSHED: str(flushed)}
    for _ in range(CUTS):
        process = injection.start(workspace)
        injection.wait(process, injection.random.uniform(injection.duration / 10, injection.duration / 2))
        with contextlib.suppress(ProcessLookupError):  # it ended by itself a moment ago
            os.killpg(process.pid, signal.SIGKILL)
        for job in injection.jobs():
            injection.send(job, signal.SIGKILL)
        process.wait()
        while injection.jobs():
            time.sleep(0.05)
        lost = lose_unflushed(workspace, set(map(int, flushed.read_text().split())))
        injection.faults["power cut"] += 1
        injection.say(f"power cut: {lost} files were not flushed, and are empty")
        heed(injection, workspace)
    heed(injection, workspace)
    injection.whole_run(workspace)
    injection.compare(workspace, f"{CUTS} power cuts")


def lose_unflushed(workspace, flushed):
    """Empty every file that no stage has flushed, as ext4 does that had noted its name; returns how many there were.

    What Snakemake itself starts (`provenance.json`) is no stage here, and flushes its file unseen.
    """
    roots = [workspace.folder / name for name in ("results", ".snakemake")]
    paths = [path for root in roots for path in root.rglob("*") if path.is_file() and path.name != "provenance.json"]
    paths = [path for path in paths if path.stat().st_ino not in flushed]
    for path in paths:
        os.truncate(path, 0)
    return len(paths)


def heed(injection, workspace):
    """Delete the files that the message about a power cut names, if there is one."""
    workspace.snakemake("--unlock")
    done = workspace.snakemake(*DEFAULT, "--dry-run", *injection.targets)
    if done.returncode == 0:
        return
    line = injection.fails(done, "records emptied by a power cut", "error: .snakemake/metadata: after a power cut")
    command = re.search(r"delete these files \((.*?)\) and run", line)[1]
    subprocess.run(command, shell=True, cwd=workspace.folder, check=True)
    assert workspace.snakemake(*DEFAULT, "--dry-run", *injection.targets).returncode == 0


def damage(injection):
    """Damage a file of every kind and ask for what is made from it; then do what the line says."""
    workspace = injection.copied("damage")
    made_from = readers(workspace)
    for kind_of_file, paths in kinds_of_files(workspace).items():
        if kind_of_file in NO_OUTPUTS:
            continue
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
    keys = {key: change for key, change in KEYS.items() if not change.beside}  # the outputs are those of the whole experiment
    for key, change in keys.items():
        workspace.configure(changed({key: change.value}))
        if differs(change.new, change.stale):
            wrong.append(key)
    workspace.configure(EXPERIMENT)
    for name, rules in dag["changed_rules"].items():
        path = workspace.folder / "src/rnnscope" / (name if "/" in name else f"{name.replace('.', '/')}.py")
        content = path.read_bytes()
        path.write_bytes(changed_content(path))
        if differs(set(), {*rules, *(f"{rule} of n-NNs" for rule in MODEL.intersection(rules))}):
            wrong.append(name)
        path.write_bytes(content)
    modules = len(dag["changed_rules"])
    injection.say(f"staleness: {len(keys)} keys and {modules} modules in real dry runs, {len(wrong)} differ: {wrong}")
    injection.differences += [f"staleness: {name}" for name in wrong]


ALL = (full_disk, read_only, clock, not_a_number, older_text, older_output, source, power_cut, damage, staleness)
PARTS = {part.__name__: part for part in ALL}
