"""Run the small DAG of tests/workspace.py here and on SLURM, cancel a job half-way, run again, and compare every output.

    python tests/cluster/run_on_slurm.py FOLDER

tests/cluster/slurm.sh starts it once its SLURM is up. It prints what was submitted, asked for and used; its exit status is 0
when all of that is as docs/clusters.md says.
"""

import argparse
import copy
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from helpers.workspace import EXPERIMENT, REPOSITORY, Workspace

# They hold times, which no two runs share.
NOT_COMPARED = ("logs", "benchmarks", ".provenance", "provenance.json", "index.html")
# Its jobs are in groups with jobs of one core; the selection itself uses one.
WITH_TWO_CORES = "select_candidate"
ON_SLURM = (
    *("--workflow-profile", "workflow/profiles/slurm"),
    # This SLURM has no accounting database, hence squeue in place of sacct.
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2", "--slurm-keep-successful-logs"),
    *("--set-threads", f"{WITH_TWO_CORES}=2"),
)
ON_ANY_SCHEDULER = (
    *("--workflow-profile", "workflow/profiles/cluster-generic", "--seconds-between-status-checks", "2"),
    # Here a group asks for the cores of all its jobs, and a machine of two has to do.
    *("--group-components", "figures=2"),
)
CANCELLED = "lstm-1-4-dropout-0.5"
# Two models, and epochs enough for a training run to be cancelled half-way.
SMALLER = {
    "grid": {"cells": ["rnn", "lstm"], "additional": []},
    "training": {"epochs": 40},
    "nnn": {"hidden_widths": [4]},
    "activations": {"models": ["lstm-1-4"]},
    "context": {"models": ["lstm-1-4"]},
    "ablations": {"models": ["lstm-1-4"]},
}


def smaller_experiment():
    """The experiment of the tests with fewer models, which train longer."""
    experiment = copy.deepcopy(EXPERIMENT)
    for section, values in SMALLER.items():
        experiment[section].update(values)
    return experiment


@dataclass(frozen=True)
class Submission:
    """What `scontrol show job` tells of one."""

    number: int
    name: str  # the rule and its wildcards, or the group and its rules
    state: str
    cores: int
    memory: int  # MB
    minutes: int
    seconds: int  # that it ran
    allocated: str

    @classmethod
    def parse(cls, line: str) -> "Submission":
        told = dict(re.findall(r"(\S+?)=(\S*)", line))
        memory = re.search(r"mem=([\d.]+)([MG])", told["TRES"])
        return cls(
            int(told["JobId"]),
            told.get("Comment", told["JobName"]).removeprefix("rule_").replace("wildcards_tale", "").strip("_"),
            told["JobState"],
            int(told["NumCPUs"]),
            round(float(memory[1]) * {"M": 1, "G": 1024}[memory[2]]),
            seconds_in(told["TimeLimit"]) // 60,
            seconds_in(told["RunTime"]),
            told["TRES"],
        )


def seconds_in(told: str) -> int:
    """SLURM's [days-]hours:minutes:seconds."""
    days, hours, minutes, seconds = map(int, re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):(\d+)", told).groups(default="0"))
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def submissions() -> list[Submission]:
    """All submissions so far, in order."""
    lines = output_of("scontrol", "show", "job", "--oneliner").splitlines()
    return sorted((Submission.parse(line) for line in lines if line.startswith("JobId=")), key=lambda job: job.number)


class PeakMemory(threading.Thread):
    """Asks SLURM every second what the steps of its running jobs have used at most."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.of_step: dict[str, dict[str, float]] = defaultdict(dict)  # MB, by job and step
        self.steps_at_a_time = 0  # of one job, beside its batch step
        self.finished = threading.Event()

    def run(self) -> None:
        while not self.finished.wait(1):
            running = output_of("squeue", "--noheader", "--states=RUNNING", "--format=%A").split()
            if not running:
                continue
            command = ["sstat", "--allsteps", "--noheader", "--parsable2", "--format=JobID,MaxRSS", "--jobs", ",".join(running)]
            # A job that ends meanwhile is no error.
            lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
            steps = [(*line.split("|")[0].split("."), line.split("|")[1]) for line in lines]
            for job, name, used in steps:
                if used.endswith("K"):
                    self.of_step[job][name] = max(self.of_step[job].get(name, 0), float(used[:-1]) / 1024)
            within = Counter(job for job, name, _ in steps if name != "batch")
            self.steps_at_a_time = max(self.steps_at_a_time, *within.values(), 0)

    def of(self, number: int) -> float:
        """The most that a job held at a time: Snakemake in its batch step, and beside it the largest of the other steps."""
        steps = self.of_step.get(str(number), {})
        return steps.get("batch", 0) + max((used for name, used in steps.items() if name != "batch"), default=0)


def snakemake(workspace: Workspace, *words: str) -> subprocess.CompletedProcess:
    """Run Snakemake as a user of a cluster does: without --cores."""
    command = [Path(sys.executable).with_name("snakemake"), "--configfile", "experiment.yaml", *words]
    environment = os.environ | {"PYTHONPATH": str(workspace.folder / "src")}
    return subprocess.run(command, cwd=workspace.folder, env=environment, capture_output=True, text=True)


def cancel_half_way(workspace: Workspace, run: Future[subprocess.CompletedProcess]) -> Submission:
    """Wait until a training job of a run has finished ten epochs, and cancel it."""
    log = workspace.folder / f"results/tale/logs/train_model/{CANCELLED}.log"
    while not (log.exists() and log.read_text().count(f" of {SMALLER['training']['epochs']}: ") >= 10):
        if run.done():
            require_done(run.result(), "the run goes on until a job is cancelled")
        time.sleep(0.05)
    job = next(job for job in submissions() if CANCELLED.replace("-dropout-", "_dropout-") in job.name and job.state == "RUNNING")
    output_of("scancel", str(job.number))
    print(f"scancel {job.number}, {job.name}: {log.read_text().splitlines()[-1].partition(' epoch ')[2]}")
    return job


def told_by(workspace: Workspace, number: int) -> str:
    """The log of a submission: that of Snakemake inside it."""
    (log,) = (workspace.folder / ".snakemake/slurm_logs").rglob(f"{number}.log")
    return log.read_text()


def jobs_in(workspace: Workspace, number: int) -> dict[str, tuple[int, int, int]]:
    """The cores, minutes and MB that each job of a submission asks for by itself, by its benchmark file."""
    jobs = {}
    for told in re.split(r"^ *rule (?=\w+:$)", told_by(workspace, number), flags=re.MULTILINE)[1:]:
        names = ("benchmark: ", "mem_mb=", "runtime=")
        benchmark, memory, minutes = (re.search(rf"\b{name}(\S+?),?\s", told)[1] for name in names)
        cores = re.search(r"^ *threads: (\d+)", told, re.MULTILINE)  # not told of a job of one core
        jobs[benchmark] = (int(cores[1]) if cores else 1, int(minutes), int(memory))
    return jobs


def differences(here: Path, there: Path) -> tuple[int, list[str]]:
    """The number of files in two trees of results, and those that are not in both with the same bytes."""
    trees = [{path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()} for root in (here, there)]
    names = {name for name in trees[0] | trees[1] if not set(name.parts) & set(NOT_COMPARED)}
    return len(names), sorted(str(name) for name in names if trees[0].get(name) != trees[1].get(name))


def require(holds: bool, what: str) -> None:
    """Say that something holds, or stop."""
    print(f"{'yes' if holds else 'NO'}: {what}", flush=True)
    if not holds:
        sys.exit(f"tests/cluster/run_on_slurm.py: not so: {what}")


def require_done(done: subprocess.CompletedProcess, what: str) -> None:
    """Stop with Snakemake's own words when it failed."""
    if done.returncode:
        print(done.stdout + done.stderr)
    require(done.returncode == 0, what)


def require_what_was_asked(workspace: Workspace, jobs: list[Submission], peaks: PeakMemory) -> None:
    """Print what submissions asked for and used; stop where a group did not ask for its jobs one after another."""
    print(f"{'job':>4} {'jobs':>4} {'cores':>5} {'minutes':>7} {'seconds used':>12} {'MB':>5} {'MB used':>7}  rule or group")
    for job in jobs:
        inside = jobs_in(workspace, job.number)
        asked_and_used = f"{job.cores:5} {job.minutes:7} {job.seconds:12} {job.memory:5} {peaks.of(job.number):7.0f}"
        print(f"{job.number:4} {len(inside):4} {asked_and_used}  {job.name[:60]}")
        cores, minutes, memory = zip(*inside.values(), strict=True)
        expected = (max(cores), sum(minutes), max(memory))
        if (job.cores, job.minutes, job.memory) != expected:
            sys.exit(f"job {job.number}: expected {expected} cores, minutes and MB")
    grouped = [job for job in jobs if len(jobs_in(workspace, job.number)) > 1]
    require({1, 2} <= {job.cores for job in grouped}, "there are groups of one core, and of jobs of one core and of two")
    print("every submission asked for the time of all its jobs, and for the cores and the memory of its largest")
    starts = [
        int(count) for job in jobs for count in re.findall(r"^Execute (\d+) jobs", told_by(workspace, job.number), re.MULTILINE)
    ]
    require(peaks.steps_at_a_time == max(starts) == 1, f"in groups too, jobs ran one after another: {len(starts)} starts of one")
    require(not any("gpu" in job.allocated for job in jobs), "no submission asked for a GPU")
    require(all(peaks.of(job.number) <= job.memory for job in jobs), "no submission used more memory than it asked for")
    heaviest = max(jobs, key=lambda job: peaks.of(job.number))
    used = f"used {peaks.of(heaviest.number):.0f} MB, {heaviest.seconds} s"
    print(f"the heaviest, {heaviest.name}: asked for {heaviest.memory} MB, {heaviest.minutes} minutes; {used}")
    tightest = max(jobs, key=lambda job: peaks.of(job.number) / job.memory)
    print(f"the tightest, {tightest.name[:60]}: asked for {tightest.memory} MB; used {peaks.of(tightest.number):.0f} MB")


def main() -> None:
    """Run the two, compare them, and stop at what is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where to make the two workspaces")
    folder = parser.parse_args().folder
    experiment = smaller_experiment()
    here, there = Workspace(folder / "here"), Workspace(folder / "there")
    (there.folder / "profiles").symlink_to(os.readlink(REPOSITORY / "profiles"))
    for workspace in (here, there):
        workspace.configure(experiment)

    require_done(here.snakemake(), "the DAG ran on this machine, without SLURM")

    peaks = PeakMemory()
    peaks.start()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(snakemake, there, *ON_SLURM, "--retries", "0")
        cancelled = cancel_half_way(there, first)
    require(first.result().returncode != 0, "the run whose job was cancelled ends with an error")
    submitted = submissions()
    states = {job.number: job.state for job in submitted}
    require(states.pop(cancelled.number) == "CANCELLED", f"SLURM calls job {cancelled.number} cancelled")
    require(set(states.values()) == {"COMPLETED"}, f"the other {len(states)} submissions that did not wait for it completed")

    require_done(snakemake(there, *ON_SLURM), "the run was taken up again and completed")
    log = there.folder / f"results/tale/logs/train_model/{CANCELLED}.log"
    resumed = re.search(r"resuming after epoch \d+", log.read_text())
    require(resumed is not None, f"the cancelled training run resumed: {resumed and resumed[0]}")
    again = [job for job in submissions() if job not in submitted]
    require({job.state for job in again} == {"COMPLETED"}, f"the {len(again)} submissions of the second run completed")
    completed = [job for job in [*submitted, *again] if job.number != cancelled.number]
    require_what_was_asked(there, completed, peaks)
    jobs = sum(len(jobs_in(there, job.number)) for job in completed)
    print(f"{jobs} jobs in {len(completed)} submissions")
    require(here.stale() == there.stale() == {}, "nothing is left to run")

    count, differing = differences(here.folder / "results", there.folder / "results")
    require(not differing, f"{count} outputs compared by their bytes, {len(differing)} differ: {', '.join(differing) or 'none'}")
    print(f"not compared, for they hold times: {', '.join(NOT_COMPARED)}")

    planned = snakemake(here, "--workflow-profile", "workflow/profiles/kubernetes", "--dry-run", "--quiet")
    require_done(planned, "a dry run through the profile kubernetes plans")

    shutil.rmtree(there.folder / "results/tale/figures")
    require_done(snakemake(there, *ON_ANY_SCHEDULER), "the figures were drawn again through the profile cluster-generic")
    drawn = [job for job in submissions() if job not in [*submitted, *again]]
    for job in drawn:
        print(f"{job.number:4} {job.state:<10} {job.cores:5} cores {job.minutes:4} minutes {job.memory:5} MB  {job.name}")
    _, differing = differences(here.folder / "results", there.folder / "results")
    require(not differing and drawn, f"with the same bytes again, in {len(drawn)} submissions")
    peaks.finished.set()


if __name__ == "__main__":
    main()
