import os
import subprocess
import sys

import pytest

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.progress import duration, progress


def fail_with(error):
    def main():
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("config.yaml: found 3, expected 4"), "error: config.yaml: found 3, expected 4"),
        (OSError(28, "No space left on device", "out.csv"), "error: out.csv: No space left on device"),
        (OSError(28, "No space left on device"), "error: file system: No space left on device"),
        (KeyboardInterrupt(), "error: interrupted"),
    ],
)
def test_a_users_mistake_is_one_line(error, line):
    with pytest.raises(SystemExit) as stop:
        run(fail_with(error))
    assert stop.value.code == line


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(fail_with(ZeroDivisionError()))


STAGE = "import time; from rnnscope.cli import run; run(lambda: (print('began', flush=True), time.sleep(60)))"


def test_a_stage_ends_with_the_process_that_it_was_started_for():
    with subprocess.Popen(["sleep", "60"]) as starter:
        environment = {**os.environ, "RNNSCOPE_STARTED_BY": str(starter.pid)}
        command = [sys.executable, "-c", STAGE]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stage:
            assert stage.stdout.readline() == "began\n"
            assert stage.poll() is None
            starter.kill()
            starter.wait()
            assert stage.wait(30) == 1
            assert stage.stderr.read() == f"error: process {starter.pid}, which started this one, is gone\n"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (93784, "26:03:04")])
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_progress_tells_how_much_is_done_and_the_time_left(monkeypatch, caplog):
    """A clock that runs 4 seconds a call: 2 of 12 units take 8 seconds, so the other 10 take 40."""
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr("rnnscope.progress.time.monotonic", lambda: next(clock) * 1.0)
    caplog.set_level("INFO")
    with progress("download", 12, "bytes") as advance:
        for _ in range(3):
            advance(1)
    assert caplog.messages == ["download: 2 of 12 bytes, 0:40 left"]
