"""The fault drill: runs the whole DAG on a small text under faults, and compares every output with an undisturbed run's.

    python tests/drill.py [--kills 40] [--seed 1] [PART ...]

Parts: kills, full_disk, read_only, clock, not_a_number, damage, staleness; all of them when none is named. `full_disk` needs
the right to mount a file system and says so where it lacks it.
"""

import argparse
import collections
import contextlib
import copy
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from damage import DAMAGE, kinds_of_files
from staleness import KEYS, MODULES, with_readers
from test_staleness import changed, plain
from workspace import EXPERIMENT, Workspace
from zygote import Zygote

from rnnscope.files import sha256_of

# Every rule, with fewer models than the tests have and more epochs, so that kills fall between two of them.
DRILLED = copy.deepcopy(EXPERIMENT)
DRILLED["grid"] |= {"cells": ["lstm"]}
DRILLED["size_breakdown"] = {"smaller": "gru-2-5", "larger": "lstm-1-4"}
DRILLED["nnn"] |= {"horizons": 1}
DRILLED["training"]["epochs"] = 30
DRILLED["dynamics"]["epochs"] = 20
# What is written about a run rather than by it, times and all.
ASIDE = {"logs", "benchmarks", ".provenance", "provenance.json"}
DEFAULT = ("--workflow-profile", "workflow/profiles/default")
YEARS = 5 * 365 * 86400.0


def hashes(workspace):
    """SHA-256 of every output: {path below results: digest}."""
    root = workspace.folder / "results"
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path): sha256_of(root / path) for path in paths if ASIDE.isdisjoint(path.parts)}


class Drill:
    """What was injected, run and compared, and the workspaces it happens in."""

    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.faults, self.runs, self.compared, self.differences = collections.Counter(), 0, 0, []
        self.resumed = set()
        self.zygote = Zygote(folder / "zygote")
        Workspace.zygote = self.zygote
        self.finished = self.fresh("undisturbed")
        began = time.monotonic()
        self.whole_run(self.finished)
        self.duration = time.monotonic() - began
        self.expected = hashes(self.finished)
        self.say(f"undisturbed run: {len(self.expected)} outputs in {self.duration:.0f} s")

    def fresh(self, name):
        folder = self.folder / name
        folder.mkdir()
        workspace = Workspace(folder)
        workspace.configure(DRILLED)
        return workspace

    def copied(self, name):
        workspace = Workspace.__new__(Workspace)
        workspace.folder = self.folder / name
        shutil.copytree(self.finished.folder, workspace.folder, symlinks=True)
        return workspace

    def snakemake(self, workspace, *words):
        self.runs += 1
        return workspace.snakemake(*DEFAULT, *words)

    def whole_run(self, workspace):
        done = self.snakemake(workspace)
        assert done.returncode == 0, done.stdout + done.stderr

    def compare(self, workspace, what):
        found = hashes(workspace)
        self.compared += len(self.expected)
        wrong = sorted(path for path in self.expected | found if self.expected.get(path) != found.get(path))
        self.differences += [f"{what}: {path}" for path in wrong]
        self.say(f"{what}: {len(self.expected)} outputs compared, {len(wrong)} differ")

    def say(self, line):
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)

    # --- kills ---

    def kills(self, wanted):
        """Kill jobs and Snakemake at random times until `wanted` faults were injected, each time to be started again."""
        rounds = injected = 0
        while injected < wanted:
            rounds += 1
            workspace = self.fresh(f"kills-{rounds}")
            injected += self.killed_run(workspace, wanted - injected)
            self.compare(workspace, f"kills, round {rounds}")

    def killed_run(self, workspace, wanted):
        """One run from nothing to the end, under at most `wanted` faults; returns how many there were."""
        injected = 0
        while True:
            process = self.start(workspace)
            if injected >= wanted:
                self.second_snakemake(workspace)
            while process.poll() is None and injected < wanted:
                self.wait(process, self.random.uniform(0, self.duration / 5))
                if process.poll() is None:
                    injected += self.strike(process)
            process.wait()
            self.remember_resumed(workspace)
            if process.returncode == 0:
                return injected

    def start(self, workspace):
        """Start Snakemake as a user would after a crash: unlock, then run."""
        workspace.snakemake("--unlock")
        self.runs += 1
        with (self.folder / "snakemake.log").open("ab") as log:
            return workspace.start(*DEFAULT, log=log)

    def wait(self, process, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)

    def strike(self, process):
        """Inject one fault; returns how many were, 0 when its victim was not there."""
        kind = self.random.choice(
            ["SIGKILL a job", "SIGTERM a job", "SIGKILL snakemake", "SIGTERM snakemake", "SIGINT all", "SIGKILL all"]
        )
        number, _, whom = kind.partition(" ")
        number = signal.Signals[number]
        if whom == "a job":
            jobs = self.jobs()
            if not jobs:
                return 0
            self.send(self.random.choice(jobs), number)
        elif whom == "all":
            os.killpg(process.pid, number)
            for job in self.jobs():
                self.send(job, number)
            process.wait()
        else:
            self.send(process.pid, number)
            if number == signal.SIGKILL:
                process.wait()
        self.faults[kind] += 1
        return 1

    def jobs(self):
        """The processes that run stages now."""
        return [child.pid for child in psutil.Process(self.zygote.process.pid).children()]

    def send(self, process, number):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself a moment ago
            os.kill(process, number)

    def second_snakemake(self, workspace):
        """Another Snakemake in the folder of one that runs is refused."""
        time.sleep(self.duration / 10)
        done = workspace.snakemake(*DEFAULT)
        if "cannot be locked" not in done.stdout + done.stderr:
            self.say("two snakemake processes: the first had ended, nothing was refused")
            return
        self.faults["second snakemake in the folder, refused"] += 1

    def remember_resumed(self, workspace):
        for path in (workspace.folder / "results").rglob("logs/train*/*.log"):
            if "going on after epoch" in path.read_text():
                self.resumed.add((path, path.stat().st_mtime_ns))

    # --- the environment fails ---

    def full_disk(self):
        workspace = self.fresh("full-disk")
        results = workspace.folder / "results"
        results.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(results)]
        if subprocess.run(mount, capture_output=True).returncode:
            self.say("full disk: left out, no right to mount a file system here")
            return
        try:
            self.refused(workspace, "full disk", "No space left on device")
            subprocess.run(["mount", "-o", "remount,size=256m", str(results)], check=True)
            self.whole_run(workspace)
            self.compare(workspace, "full disk, then room")
        finally:
            subprocess.run(["umount", str(results)], check=True)

    def read_only(self):
        workspace = self.copied("read-only")
        folder = workspace.folder / "results/tale/predictions"
        (folder / "ngram-1.parquet").unlink()
        os.chmod(folder, 0o555)
        workspace.zygote = None  # whose stages would keep the right
        done = workspace.snakemake(*DEFAULT, "results/tale/predictions/ngram-1.parquet", preexec_fn=without_override)
        self.told(done, workspace, "read-only folder", "Permission denied")
        os.chmod(folder, 0o755)
        self.rebuild(workspace, "snakemake results/tale/predictions/ngram-1.parquet")
        self.compare(workspace, "read-only folder, then writable")

    def refused(self, workspace, kind, reason):
        self.told(self.snakemake(workspace), workspace, kind, reason)

    def told(self, done, workspace, kind, reason):
        """A run that had to fail: for the stated reason, in one line."""
        assert done.returncode != 0, f"{kind}: the run should have failed"
        self.faults[kind] += 1
        text = done.stdout + done.stderr
        lines = [line.strip() for line in text.splitlines() if reason in line]
        assert lines, text
        self.say(f"{kind}: {lines[0]}")

    def clock(self):
        """Files from the future, sources and results alike, make nothing stale, and what is made after them is not either."""
        workspace = self.copied("clock")
        for path in workspace.folder.rglob("*"):
            if path.is_file() and ".snakemake" not in path.parts:
                stamp = time.time() + self.random.uniform(-YEARS, YEARS)
                os.utime(path, (stamp, stamp))
        self.faults["files from the past and the future"] += 1
        assert workspace.stale(*DEFAULT) == {}
        path = workspace.folder / "results/tale/models/lstm-1-4/checkpoint.safetensors"
        path.unlink()
        self.rebuild(workspace, "snakemake results/tale/models/lstm-1-4/checkpoint.safetensors")
        assert workspace.stale(*DEFAULT) == {}
        self.compare(workspace, "clock jumps")

    def not_a_number(self):
        workspace = self.copied("not-a-number")
        broken = copy.deepcopy(DRILLED)
        broken["training"]["learning_rate"] = 1e30
        target = "results/tale/models/lstm-1-4/dropout-0.0/checkpoint.safetensors"
        workspace.configure(broken)
        self.told(self.snakemake(workspace, target), workspace, "NaN loss", "expected finite numbers")
        workspace.configure(DRILLED)
        self.whole_run(workspace)
        self.compare(workspace, "NaN loss, then the former learning rate")

    # --- damaged files ---

    def damage(self):
        """For every kind of file, do what the line says that a damaged one of it is told in: delete it, run the command."""
        workspace = self.copied("damage")
        for path, *_ in kinds_of_files(workspace).values():
            for kind, spoil in DAMAGE.items():
                self.faults[f"{kind} file"] += 1
                spoil(workspace.folder / path)
            (workspace.folder / path).unlink()
            if path.endswith("/provenance.json"):  # which comes again with the next run
                continue
            self.rebuild(workspace, f"snakemake {path}")
        assert workspace.stale(*DEFAULT) == {}
        self.compare(workspace, "damaged files rebuilt")

    def rebuild(self, workspace, command):
        self.runs += 1
        done = workspace.snakemake(*DEFAULT, *command.split()[1:])
        assert done.returncode == 0, done.stdout + done.stderr

    # --- staleness ---

    def staleness(self):
        """The matrix of staleness.py against real dry runs, in a workspace whose outputs are there, though empty."""
        workspace = self.fresh("staleness")
        workspace.configure(EXPERIMENT)
        done = workspace.snakemake(*DEFAULT, "--summary")
        for line in done.stdout.splitlines()[1:]:
            path = workspace.folder / line.split("\t")[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        self.snakemake(workspace, "--touch")
        assert workspace.stale(*DEFAULT) == {}
        wrong = []
        for key, change in KEYS.items():
            workspace.configure(changed(key, change.value))
            if self.found_stale(workspace) != change.new | with_readers(change.stale):
                wrong.append(key)
        workspace.configure(EXPERIMENT)
        for module, rules in MODULES.items():
            path = workspace.folder / "src/rnnscope" / (module if "/" in module else f"{module.replace('.', '/')}.py")
            content = path.read_bytes()
            path.write_bytes(content + b"\n# changed\n")
            if self.found_stale(workspace) != with_readers(rules):
                wrong.append(module)
            path.write_bytes(content)
        self.say(f"staleness: {len(KEYS)} keys and {len(MODULES)} modules in real dry runs, {len(wrong)} differ: {wrong}")
        self.differences += [f"staleness: {name}" for name in wrong]

    def found_stale(self, workspace):
        return {plain(rule) for rule in workspace.stale(*DEFAULT)}

    def summary(self):
        print("\nfaults injected")
        for kind, count in sorted(self.faults.items()):
            print(f"  {count:4d}  {kind}")
        print(f"snakemake runs: {self.runs}; trainings that went on after a kill: {len(self.resumed)}")
        print(f"outputs compared: {self.compared}; differences: {len(self.differences)}")
        for line in self.differences:
            print(f"  {line}")


def without_override():
    """Take from this process, before it becomes another, root's right to write where the permissions say no."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE; fails, needlessly too, where we are not root


PARTS = ("kills", "full_disk", "read_only", "clock", "not_a_number", "damage", "staleness")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="how many faults to inject by signals")
    parser.add_argument("--seed", type=int, default=1, help="of their times and kinds")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        drill = Drill(Path(folder), arguments.seed)
        for part in arguments.parts or PARTS:
            if part == "kills":
                drill.kills(arguments.kills)
            else:
                getattr(drill, part)()
        drill.summary()
        drill.zygote.close()
    sys.exit(bool(drill.differences))


if __name__ == "__main__":
    main()
