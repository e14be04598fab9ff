"""Runs modules as `python -m` would, hundreds of times: each in a fork of one process that has paid for the imports.

That process is the fork server of `multiprocessing`. It serves tests, which run one module after another (`ForkServer`), and
Snakemake, which runs several jobs at a time (`PreloadedPython`).
"""

import contextlib
import json
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, forkserver, reduction
from pathlib import Path

import pytest

# Imported beside what stages import. Optimisers import torch._dynamo; pytest is what every fork imports again to find its main
# module. Nothing of ours: that comes from the folder that a run names. The last keeps all this out of the garbage collections of
# forks, which would otherwise look through it.
PRELOADED = ["torch._dynamo", "snakemake.cli", "snakemake.api", "smart_open", "requests", "yte", "grimp", "pytest"]
PRELOADED += ["helpers.freeze"]
EXECUTABLE = "FORKED_EXECUTABLE"  # environment variable: what a fork takes for its Python
FLUSHED = "FLUSHED_INODES"  # environment variable: where a stage notes what it has flushed
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.truncate", "os.rmdir"}
CONTEXT = multiprocessing.get_context("forkserver")
# Starting a process looks at the end of all others, and the end of one can be read only once.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Request:
    """What to run: `python -m module words` in a folder, under an environment; killed before operation `kill_at`, if not 0."""

    folder: str
    module: str
    words: list[str]
    environment: dict[str, str]
    kill_at: int = 0


@dataclass(frozen=True)
class Done:
    """How a run ended: its exit code (that of a signal negative), what it wrote, and its operations on files."""

    returncode: int
    stdout: str
    stderr: str
    operations: int


class ForkServer:
    """Runs modules one after another; ours come from `source`, folders with colons between them."""

    def __init__(self, source, **environment):
        self.environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1", **environment}

    def run(self, folder, module, *words, kill_at=0, **environment):
        """Run a module to its end.

        With `kill_at`, it is killed (SIGKILL) just before the so-many-th time that it opens a file below its folder for
        writing, or makes, renames or removes one there; the answer says how many of these operations there were.
        """
        request = Request(str(folder), module, [str(word) for word in words], {**self.environment, **environment}, kill_at)
        with open(os.devnull) as nothing, contextlib.ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in ("stdout", "stderr", "operations")]
            returncode = exit_code_of(fork(request, [file.fileno() for file in (nothing, *files)]))
            written = []
            for file in files:
                file.seek(0)
                written.append(file.read().decode())
        return Done(returncode, *written[:2], operations=len(written[2]))


CLIENT = """#!{python} -SE
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
request = json.dumps({{"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}).encode()
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
stage = int.from_bytes(server.recv(8), "big")
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: os.kill(stage, number))
code = int(server.recv(8) or -signal.SIGKILL)
if code < 0:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(code)
"""


class PreloadedPython:
    """A `bin` folder with a `python` that jobs of Snakemake find first: it hands `-m module` over and waits.

    What runs the module is a process of its own with the job's files, folder and environment; killed, it takes the job's
    `python` with it.
    """

    def __init__(self, folder):
        self.folder = folder
        self.stages = set()
        (folder / "bin").mkdir(parents=True)
        # Snakemake puts the folder of its own Python first on the PATH of jobs: this one, under another name.
        real = Path(sys.executable).resolve()
        (folder / "bin/real-python").symlink_to(real)
        client = folder / "bin/python"
        client.write_text(CLIENT.format(python=real, address=str(folder / "socket")))
        client.chmod(0o755)
        self.packages = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(folder / "socket"))
        self.listening.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def snakemake(self, forked):
        """The words that start a Snakemake whose jobs run here; one that is forked is not in the process group of its starter."""
        return [str(self.folder / "bin" / ("python" if forked else "real-python")), "-m", "snakemake"]

    def environment(self, source):
        paths = f"{source}{os.pathsep}{self.packages}"
        return {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", EXECUTABLE: str(self.folder / "bin/real-python")}

    def running(self):
        """The processes that run stages now."""
        return list(self.stages)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _serve(self):
        with contextlib.suppress(OSError):  # `close` ends it
            while True:
                job, _ = self.listening.accept()
                threading.Thread(target=self._answer, args=(job,), daemon=True).start()

    def _answer(self, job):
        """Run what a job asks for; it may be killed at any time."""
        with job, contextlib.suppress(ConnectionError):
            size, descriptors, _, _ = socket.recv_fds(job, 8, 3)
            with job.makefile("rb") as file:
                asked = json.loads(file.read(int.from_bytes(size, "big")) or "null")
            try:
                if asked is None:
                    return
                option, module, *words = asked["words"]
                assert option == "-m", asked["words"]
                stage = fork(Request(asked["folder"], module, words, asked["environment"]), descriptors)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            self.stages.add(stage.pid)
            try:
                with contextlib.suppress(ConnectionError):
                    job.sendall(stage.pid.to_bytes(8, "big"))
                code = exit_code_of(stage)
            finally:
                self.stages.discard(stage.pid)
            job.sendall(str(code).encode())


class Descriptor:
    """An open file that is handed to a fork, where it is the number of the file there."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return number_in_fork, (reduction.DupFd(self.number),)


def number_in_fork(copy):
    return copy.detach()


@cache
def start_server():
    """Start the process that forks, once for all tests of this process."""
    from rnnscope.preloaded.start import LIBRARIES  # not where forks import this module

    CONTEXT.set_forkserver_preload([*LIBRARIES, *PRELOADED])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # threads that the imports start would be missing in a fork
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))  # of helpers.freeze
        forkserver.ensure_running()


def fork(request, descriptors):
    """Start a run. `descriptors`: standard input, output and error, and where operations are counted, if they are."""
    with ONE_AT_A_TIME:
        start_server()
        process = CONTEXT.Process(target=become, args=(request, [Descriptor(number) for number in descriptors]))
        process.start()
    return process


def exit_code_of(process):
    """Wait for the end of a run."""
    connection.wait([process.sentinel])
    with ONE_AT_A_TIME:
        process.join()
        return process.exitcode


def become(request, descriptors):
    """Turn this fork into the run: it does not return."""
    assert not any(name.partition(".")[0] == "rnnscope" for name in sys.modules), "imported before the run"
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (multiprocessing closed it)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.path[:0] = ["", *request.environment["PYTHONPATH"].split(os.pathsep)]
    sys.executable = request.environment.get(EXECUTABLE, sys.executable)
    if FLUSHED in request.environment:
        note_flushes(request.environment[FLUSHED])
    if descriptors[3:]:
        watch(Path(request.folder).resolve(), request.kill_at, descriptors[3])
    os._exit(run_as_main(request.module, request.words))


def note_flushes(log):
    """Append the inode of every file that this process flushes to the disk to a file, after it was flushed."""
    flush = os.fsync

    def noted(descriptor):
        flush(descriptor)
        with open(log, "a") as file:
            file.write(f"{os.fstat(descriptor).st_ino}\n")

    os.fsync = noted


def run_as_main(module, words):
    """Run a module as `python -m` would; returns its exit code, and leaves the end of the process to the caller."""
    sys.argv = [module, *words]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def watch(folder, kill_at, operations):
    """Count what the run does to files below its folder, one byte in `operations` each, and kill it when its time has come."""

    def hook(event, arguments):
        if event == "open":
            changes = isinstance(arguments[0], str | os.PathLike) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        else:
            changes = event in CHANGES
        if not changes or folder not in Path(os.path.abspath(os.fsdecode(arguments[0]))).parents:
            return
        os.write(operations, b".")
        if os.fstat(operations).st_size == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
