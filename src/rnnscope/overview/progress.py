"""What a person sees during a run: which job starts, how long the rest takes, why a job failed."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rnnscope.errors import printable
from rnnscope.models.cells import ModelName
from rnnscope.progress import duration

ROUNDED_TO = 5  # seconds: more would promise too much


@dataclass
class TimeLeft:
    """An estimate of the time that the unfinished jobs of a run take, from those that are finished.

    A job takes as long as the finished ones of its kind did for the same work; where none of its kind is finished, as long as the
    median job. Jobs run side by side as they have so far.

    There is no estimate while more than half of the jobs that are left are of kinds of which none is finished: the longest jobs
    start first, and say nothing about the others.

    Parameters
    ----------
    jobs
        By number: kind and work of every job of the run. Kinds that are alike, such as figures, share a name; work is in any
        unit for the kinds that are `measured`, and 1 for a job of the others.
    measured
        Kinds whose jobs differ in work. As long as no job of such a kind is finished, there is no estimate.
    """

    jobs: dict[int, tuple[str, float]]
    measured: frozenset[str] = frozenset()
    started: dict[int, float] = field(default_factory=dict, init=False)
    finished: dict[int, float] = field(default_factory=dict, init=False)

    def start(self, job: int, now: float) -> None:
        """Note that a job starts, at a time in seconds."""
        self.started[job] = now

    def finish(self, job: int, now: float) -> None:
        """Note that a job has ended well; a job that was not started, such as a rule without a command, does not count."""
        if job in self.started and job in self.jobs:
            self.finished[job] = now - self.started[job]

    def seconds(self, now: float) -> float | None:
        """Return the seconds left, or None where nothing is known yet."""
        unfinished = self.jobs.keys() - self.finished.keys()
        known = {self.jobs[job][0] for job in self.finished}
        if not known or 2 * sum(self.jobs[job][0] not in known for job in unfinished) > len(unfinished):
            return None
        left = 0.0
        for job in unfinished:
            expected = self._expected(*self.jobs[job])
            if expected is None:
                return None
            left += max(expected - (now - self.started.get(job, now)), 0.0)
        elapsed = now - min(self.started[job] for job in self.finished)
        side_by_side = max(sum(self.finished.values()) / max(elapsed, 1e-9), 1.0)
        return left / side_by_side

    def _expected(self, kind: str, work: float) -> float | None:
        """The seconds that a job takes: as others of its kind, or as the median job; of a measured kind as any such, or None."""
        for kinds in ({kind}, self.measured if kind in self.measured else set()):
            done = [job for job in self.finished if self.jobs[job][0] in kinds]
            if measured := sum(self.jobs[job][1] for job in done):  # 0 of an empty text
                return work * sum(self.finished[job] for job in done) / measured
        return None if kind in self.measured else median(self.finished.values())


def job_line(rule: str, wildcards: dict[str, str], number: int, total: int, left: float | None) -> str:
    """Return the line about a job that starts, such as `14 of 91: train model LSTM 1×64, dropout 0.0 (tale); about 4:10 left`."""
    rounded = 0 if left is None else ROUNDED_TO * round(left / ROUNDED_TO)
    remaining = f"; about {duration(rounded)} left" if rounded else ""
    return f"{number:>{len(str(total))}} of {total}: {described_job(rule, wildcards)}{remaining}"


def described_job(rule: str, wildcards: dict[str, str]) -> str:
    """Return a job in words: what is done, of what, and in parentheses for which corpus."""
    others = dict(wildcards)
    corpus, model = others.pop("corpus", ""), others.pop("model", "")
    things = [_model_title(model)] if model else []
    things += [value.replace("-", " ", 1) for value in others.values()]
    words = " ".join([rule.replace("_", " "), ", ".join(things)]).strip()
    return f"{words} ({corpus})" if corpus else words


def _model_title(model: str) -> str:
    """The title of a model; the rules of another workflow may call something else a model."""
    try:
        return ModelName.parse(model).title
    except ValueError:
        return model


def cause_of(log: Path) -> str:
    """Return why a job failed in one line: the last line of its log, and for a fault of the program where the rest is."""
    try:
        lines = [line for line in log.read_text(errors="backslashreplace").splitlines() if line.strip()]
    except OSError:
        return "it left no log"
    if not lines:
        return f"it wrote nothing to its log, {log}"
    is_fault = any(line.startswith("Traceback ") for line in lines)
    return f"{lines[-1].strip()} (a fault of the program: {log})" if is_fault else lines[-1].strip()


def failure_line(rule: str, wildcards: dict[str, str], log: Path | None) -> str:
    """Return the line about a job that failed."""
    return printable(f"failed: {described_job(rule, wildcards)}: {cause_of(log) if log else 'it has no log'}")
