"""A job in a fork of the server behaves as `python -m` does, and neither outlives the other."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnnscope.preloaded import client
from rnnscope.preloaded.start import shell_function

# What a job sees, and can do.
JOB = """
import json, os, signal, sys, threading
import numpy
sys.stderr.write("a line of the log\\n")
what, *words = sys.argv[1:]
if what == "see":
    seen = {"argv": sys.argv[1:], "name": __name__, "specification": __spec__.name, "folder": os.getcwd(), "path": sys.path[0],
            "environment": dict(os.environ), "standard input": sys.stdin.read(), "threads": threading.active_count(),
            "handlers": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
            "executable": sys.executable, "ours": sorted(name for name in sys.modules if name.startswith("rnnscope."))}
    print(json.dumps(seen))
elif what == "exit":
    sys.exit(eval(words[0]))
elif what == "raise":
    raise KeyError("a fault")
elif what == "kill":
    os.kill(os.getpid(), int(words[0]))
elif what == "wait":
    try:
        print(os.getpid(), flush=True)
        signal.pause()
    except KeyboardInterrupt:
        sys.exit(7)
"""
STARTER = """
from rnnscope.preloaded.start import start_server
print(start_server(["numpy"]), flush=True)
input()
"""


def start():
    """A process that has started a server, and its address."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return starter, starter.stdout.readline().rstrip("\n")


@pytest.fixture(scope="module")
def address():
    starter, address = start()
    yield address
    starter.communicate("\n")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "job.py").write_text(JOB)
    return tmp_path


def run(shell, folder, *words, **environment):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    command = ["bash", "-c", f"{shell} python -m job {shlex.join(words)}"]
    return subprocess.run(command, cwd=folder, env=environment, input="asked\n", capture_output=True, text=True)


PLAIN = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}; '


def test_it_sees_what_python_m_sees(address, folder):
    forked, plain = (run(shell, folder, "see", "--flag=a b", "ü", VARIABLE="{}'") for shell in (shell_function(address), PLAIN))
    assert forked.stderr == plain.stderr == "a line of the log\n"
    seen, expected = json.loads(forked.stdout), json.loads(plain.stdout)
    assert seen["environment"].pop(client.ADDRESS) == address
    assert seen.pop("ours") == ["rnnscope.preloaded", "rnnscope.preloaded.client"]
    assert expected.pop("ours") == []
    for environment in (seen["environment"], expected["environment"]):
        environment.pop("_", None)
    assert seen == expected


@pytest.mark.parametrize(
    "words", [("exit", "3"), ("exit", "0"), ("exit", "None"), ("exit", "'one line'"), ("raise",), ("kill", "9")]
)
def test_it_ends_as_python_m_ends(address, folder, words):
    forked, plain = (run(shell, folder, *words) for shell in (shell_function(address), PLAIN))
    assert forked.returncode == plain.returncode
    assert forked.stdout == plain.stdout == ""
    if words[0] != "kill":  # of which bash tells, with the process that stood for the job
        assert forked.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]


def test_without_a_server_it_is_a_process_of_its_own(folder, tmp_path):
    done = run(shell_function(str(tmp_path / "nobody")), folder, "see")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ours"] == []


def test_a_job_with_more_threads_is_a_process_of_its_own(address, folder):
    """Numpy reads the number of threads when it is imported."""
    assert json.loads(run(shell_function(address), folder, "see", OMP_NUM_THREADS="2").stdout)["ours"] == []


def waiting(address, folder):
    """A job that waits: the process that stands for it, and the number of the fork."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", client.ADDRESS: address}
    command = [sys.executable, client.__file__, "-m", "job", "wait"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fork = int(process.stdout.readline())
    while not forwards_signals(process.pid):
        time.sleep(0.01)
    return process, fork


def forwards_signals(process):
    """Whether a process has a handler for the signal of which `client` sets it last."""
    caught = int(re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)[1], 16)
    return bool(caught >> (client.FORWARDED[-1] - 1) & 1)


SIGNALS = [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 7), (signal.SIGKILL, -signal.SIGKILL)]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_what_ends_the_one_ends_the_other(address, folder, number, code):
    process, fork = waiting(address, folder)
    assert fork != process.pid
    process.send_signal(number)
    process.communicate()  # until nobody has its files open: the fork has ended
    assert process.returncode == code


def test_a_killed_fork_takes_its_client_along(address, folder):
    process, fork = waiting(address, folder)
    os.kill(fork, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_the_files_of_a_client_that_is_killed_while_it_asks_are_closed(address, folder):
    reads, writes = os.pipe2(os.O_NONBLOCK)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.connect(address)
        socket.send_fds(killed, [(100).to_bytes(client.WIDTH, "big")], [writes] * 3)
    os.close(writes)
    assert run(shell_function(address), folder, "exit", "0").returncode == 0  # the server is done with the one before
    assert os.read(reads, 1) == b""  # an error if it is still open for writing somewhere
    os.close(reads)


def test_the_end_of_the_starter_ends_the_jobs(folder):
    starter, address = start()
    process, _ = waiting(address, folder)
    starter.kill()
    starter.communicate()
    _, error = process.communicate()
    assert process.returncode == 1
    assert error.decode().splitlines()[-1] == "error: the process in which jobs are started has ended; run snakemake again"
