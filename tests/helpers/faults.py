"""A workflow run under faults, and every output of it compared with an undisturbed run's."""

import collections
import contextlib
import copy
import os
import random
import re
import shutil
import signal
import subprocess
import time

from helpers.fork_server import PreloadedPython
from helpers.workspace import EXPERIMENT, Workspace

from rnnscope.storage.files import sha256_of

# Every rule, with fewer models than the tests have and more epochs, so that kills fall between two of them.
FEW_MODELS = copy.deepcopy(EXPERIMENT)
FEW_MODELS["split"]["sequence_length"] = 30
FEW_MODELS["grid"] |= {"cells": ["lstm"]}
FEW_MODELS["seeds"]["models"] = ["lstm-1-4"]
FEW_MODELS["size_breakdown"] = {"smaller": "gru-2-5", "larger": "lstm-1-4"}
FEW_MODELS["nnn"] |= {"longest_context": 1}
FEW_MODELS["training"]["epochs"] = 30
FEW_MODELS["dynamics"]["epochs"] = 20
# What is written about a run rather than by it, times and all.
ASIDE = {"logs", "benchmarks", ".provenance", "provenance.json", "index.html"}
DEFAULT = ("--workflow-profile", "workflow/profiles/default")
RESUMED = re.compile(r"after epoch \d+, found in")  # the log of a training run


def hashes(workspace):
    """SHA-256 of every output: {path below results: digest}."""
    root = workspace.folder / "results"
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path): sha256_of(root / path) for path in paths if ASIDE.isdisjoint(path.parts)}


class FaultInjection:
    """What was injected, run and compared, and the workspaces in which it happens; `targets` are all when none is named."""

    def __init__(self, folder, seed, targets=()):
        self.folder, self.random, self.targets = folder, random.Random(seed), targets
        self.faults, self.runs, self.compared, self.differences = collections.Counter(), 0, 0, []
        self.resumed = set()
        self.terminated = False  # whether the Snakemake that runs now was
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background would ignore it
        self.preloaded_python = PreloadedPython(folder / "preloaded_python")
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
        workspace.preloaded_python = self.preloaded_python
        workspace.configure(FEW_MODELS)
        return workspace

    def copied(self, name):
        workspace = Workspace.__new__(Workspace)
        workspace.folder, workspace.preloaded_python = self.folder / name, self.preloaded_python
        shutil.copytree(self.finished.folder, workspace.folder, symlinks=True)
        return workspace

    def snakemake(self, workspace, *words):
        self.runs += 1
        return workspace.snakemake(*DEFAULT, *words)

    def succeed(self, workspace, *words):
        done = self.snakemake(workspace, *words)
        assert done.returncode == 0, done.stdout + done.stderr

    def whole_run(self, workspace):
        self.succeed(workspace, *self.targets)

    def compare(self, workspace, what):
        found = hashes(workspace)
        self.compared += len(self.expected)
        wrong = sorted(path for path in self.expected | found if self.expected.get(path) != found.get(path))
        self.differences += [f"{what}: {path}" for path in wrong]
        self.say(f"{what}: {len(self.expected)} outputs compared, {len(wrong)} differ")

    def say(self, line):
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)

    def fails(self, done, kind, reason):
        """Check that a run failed, and for the stated reason; returns what the line that says so has from `error: ` on."""
        assert done.returncode != 0, f"{kind}: the run should have failed"
        self.faults[kind] += 1
        text = done.stdout + done.stderr
        lines = [line.strip() for line in text.splitlines() if reason in line]
        assert lines, text
        self.say(f"{kind}: {lines[0]}")
        return lines[0][max(lines[0].find("error: "), 0) :]

    def summary(self):
        print("\nfaults injected")
        for kind, count in sorted(self.faults.items()):
            print(f"  {count:4d}  {kind}")
        print(f"snakemake runs: {self.runs}; training runs resumed after a kill: {len(self.resumed)}")
        print(f"outputs compared: {self.compared}; differences: {len(self.differences)}")
        for line in self.differences:
            print(f"  {line}")

    def close(self):
        self.preloaded_python.close()

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
            process, struck = self.start(workspace), 0
            if injected >= wanted:
                self.second_snakemake(workspace, process)
            while process.poll() is None and injected + struck < wanted:
                self.wait(process, self.random.uniform(0, self.duration / 8))
                if process.poll() is None:
                    struck += self.strike(process)
            self.wait_for_the_end_of(process)
            self.remember_resumed(workspace)
            injected += struck
            if process.returncode == 0:
                return injected
            assert struck, f"a run failed without a fault: {(self.folder / 'snakemake.log').read_text()[-3000:]}"

    def start(self, workspace):
        """Start Snakemake as a user would after a crash: unlock, then run."""
        workspace.snakemake("--unlock")
        self.runs += 1
        self.terminated = False
        with (self.folder / "snakemake.log").open("ab") as log:
            return workspace.start(*DEFAULT, *self.targets, log=log)

    def wait(self, process, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)

    def strike(self, process):
        """Inject one fault; returns 1, or 0 when its victim was not there."""
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
        else:
            self.send(process.pid, number)
            self.terminated |= number == signal.SIGTERM
        if number == signal.SIGKILL and whom != "a job":
            process.wait()
        self.faults[kind] += 1
        return 1

    def wait_for_the_end_of(self, process):
        """Wait for Snakemake. Terminated while it holds its scheduler's lock, it hangs, and is killed, as a user would."""
        try:
            process.wait(30 + 4 * self.duration if self.terminated else None)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.faults["SIGKILL a snakemake that hung when terminated"] += 1

    def jobs(self):
        """The processes that run stages now."""
        return self.preloaded_python.running()

    def send(self, process, number):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself a moment ago
            os.kill(process, number)

    def second_snakemake(self, workspace, first):
        """Another Snakemake in the folder of one that runs, and has locked it, is refused."""
        while first.poll() is None and not any((workspace.folder / ".snakemake/locks").glob("*")):
            time.sleep(0.05)
        done = workspace.snakemake(*DEFAULT, *self.targets)
        if "cannot be locked" not in done.stdout + done.stderr:
            self.say("two snakemake processes: the first had ended, nothing was refused")
            return
        self.faults["second snakemake in the folder, refused"] += 1

    def remember_resumed(self, workspace):
        for path in (workspace.folder / "results").rglob("logs/train*/*.log"):
            if RESUMED.search(path.read_text()):
                self.resumed.add((path, path.stat().st_mtime_ns))
