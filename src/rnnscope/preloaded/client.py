"""Stand for a job whose work is done in a fork of the server: hand over what to run, wait, and end as the fork ends.

    python client.py -m MODULE WORDS...

It is a plain file that imports nothing of rnnscope, so that it starts within some hundredths of a second. Where the server does
not answer, it becomes `python -m MODULE WORDS...` itself.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType

# Environment variable: the socket of the server.
ADDRESS = "RNNSCOPE_PRELOADED"
# How the server writes the length of a request, the number of a process, and an exit code (negative: that of a signal).
WIDTH = 8
# What is meant to end the fork.
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> None:
    """Run a module, as the words of the command line say, in the server or here."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback
    server = socket.socket(socket.AF_UNIX)
    try:
        process = ask(server)
    except OSError:
        process = None
    if process is None:
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    forward_signals(process)
    code = received(server)
    if code is None:
        sys.exit("error: the process in which jobs are started has ended; run snakemake again")
    if code < 0:
        if -code in FORWARDED:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def ask(server: socket.socket) -> int | None:
    """Hand over the words, the folder, the environment and the open files; returns the number of the fork, if there is one."""
    if os.environ.get("OMP_NUM_THREADS", "1") != "1":
        return None  # numpy reads it when it is imported, and the server has one thread
    request = {"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ), "client": os.getpid()}
    message = json.dumps(request).encode()
    server.connect(os.environ.get(ADDRESS, ""))
    socket.send_fds(server, [len(message).to_bytes(WIDTH, "big")], [0, 1, 2])
    server.sendall(message)
    return received(server)


def received(server: socket.socket) -> int | None:
    """Wait for a number; None where the server ends instead."""
    try:
        answer = server.recv(WIDTH, socket.MSG_WAITALL)
    except ConnectionError:
        return None
    return int.from_bytes(answer, "big", signed=True) if len(answer) == WIDTH else None


def forward_signals(process: int) -> None:
    """Let the fork have the signals to this process."""

    def forward(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):  # then its exit code is on its way
            os.kill(process, number)

    for number in FORWARDED:
        signal.signal(number, forward)


if __name__ == "__main__":
    main()
