"""What the screen shows of a run: a line a job with the time left, the cause of a failure, what to open at the end.

Snakemake's own messages, which name every file, go to its log in `.snakemake/log`. They are on the screen as usual in a dry run and
with any of its flags about output (--quiet, --verbose, --printshellcmds, --debug-dag).
"""

import logging
import time
from pathlib import Path

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from rnnscope.errors import printable
from rnnscope.overview.progress import TimeLeft, failure_line, job_line
from rnnscope.progress import duration

BEGAN = time.monotonic()
TRAINING_RULES = frozenset({"train_model", "train_snapshots", "train_seed"})
UNSAID = ("Assuming unrestricted", "Building DAG", "Using shell", "Select jobs", "Execute ", "Complete log", "Elapsed time")
UNSAID += ("Exiting because", "Shutting down")
REPEATED = ("CalledProcessError in file", "At least one job did not complete")  # the line of the job has the cause


def kind_and_work(job):
    """What the time left is estimated from: training by its multiplications, everything else by the job."""
    if job.rule.name not in TRAINING_RULES:
        return ("figure" if job.rule.name.startswith("figure_") else job.rule.name), 1.0
    epochs = OBSERVED_EPOCHS if job.rule.name == "train_snapshots" else config["training"]["epochs"]
    return job.rule.name, (40_000 + training_work(job.wildcards)) * epochs * text_megabytes(job.wildcards)


class Screen(logging.Filter):
    """Decides which of Snakemake's messages are shown, and how."""

    def __init__(self):
        super().__init__()
        self.left, self.total, self.failures = None, 0, {}

    def filter(self, record):
        """Keep a message, perhaps with another text; or not."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            return self.start(record)
        if event == LogEvent.JOB_FINISHED:
            self.left and self.left.finish(record.job_id, time.monotonic())
            return False
        if event == LogEvent.JOB_ERROR:
            return self.fail(record)
        if event == LogEvent.ERROR:
            return not any(words in record.getMessage() for words in REPEATED)
        if event is not None:
            return False
        return not str(record.msg).startswith(UNSAID)

    def start(self, record):
        if self.left is None:
            needed = {workflow.dag.jobid(job): job for job in workflow.dag.needrun_jobs() if job.rule.name != "all"}
            self.total = len(needed)
            self.left = TimeLeft({number: kind_and_work(job) for number, job in needed.items()}, TRAINING_RULES)
        if record.rule_name == "all":
            return False
        now = time.monotonic()
        self.left.start(record.jobid, now)
        number, left = len(self.left.started), self.left.seconds(now)
        record.shown = job_line(record.rule_name, dict(record.wildcards), number, max(self.total, number), left)
        return True

    def fail(self, record):
        """The line of a job that failed, once; a group reports its jobs again."""
        (job,) = [job for job in workflow.dag.jobs if workflow.dag.jobid(job) == record.jobid] or [None]
        log = Path(record.log[0]) if record.log else None
        record.shown = failure_line(record.rule_name, dict(job.wildcards_dict) if job else {}, log)
        is_new = self.failures.get(record.jobid) != record.shown
        self.failures[record.jobid] = record.shown
        return is_new


class Line(logging.Formatter):
    """A message as `Screen` has it, else as Snakemake writes it."""

    def format(self, record):
        shown = getattr(record, "shown", None)
        return time.strftime("%H:%M:%S ") + shown if shown else str(record.msg or "")


screen = Screen()
if workflow.is_main_process:
    for handler in logger.handlers:
        usual = handler.filters[0] if handler.name == "DefaultStreamHandler" and handler.filters else None
        if usual and not (usual.quiet or usual.dryrun or usual.verbose or usual.debug_dag or usual.printshellcmds):
            handler.removeFilter(usual)
            handler.addFilter(screen)
            handler.setFormatter(Line())


def seen_from_here(path):
    """A path below the working directory as seen from where Snakemake was started."""
    return Path(DIRECTORY, path)


def jobs(count):
    return f"{count} job{'s' * (count != 1)}"


def say_what_was_found():
    """The findings, and what to open."""
    done = jobs(screen.total) if screen.left else "finished"  # with a --quiet of the user's own nobody has counted
    print(f"\n{done} in {duration(time.monotonic() - BEGAN)}.")
    findings = Path("results/findings.txt")
    if "overview" not in {job.rule.name for job in workflow.dag.jobs} or not findings.is_file():
        return
    print("\n".join(map(printable, findings.read_text(encoding="utf-8").split("\n"))), end="")
    print(f"Open in a browser: {seen_from_here('results/index.html')}")
    for page in explorers():
        print(f"         explorer: {seen_from_here(page)}")


onsuccess:
    collect_provenance()
    say_what_was_found()


onerror:
    if screen.failures:
        print(f"\n{jobs(len(screen.failures))} failed; the same command resumes where this run stopped:")
        print("\n".join(screen.failures.values()))
