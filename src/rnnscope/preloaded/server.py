"""Import the libraries once, then fork for every job that asks: the import of torch alone takes seconds of processor.

Modules of rnnscope are imported by the fork, from where the job says; nothing that a job does is seen by another. A fork gets the
open files, the folder and the environment of its client. It does not outlive it, nor this process.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

from rnnscope.preloaded.client import WIDTH

MOST_DESCRIPTORS = 1024  # open files that a fork inherits and closes, at most
KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


class Server:
    """Forks for the clients of a socket, for as long as the process that started it runs.

    Parameters
    ----------
    listening
        The socket.
    starter
        Descriptor of a pipe whose other end is in that process alone.
    """

    def __init__(self, listening: socket.socket, starter: int):
        self.listening, self.starter = listening, starter
        self.clients: dict[int, socket.socket | None] = {}  # by the number of the fork; None: it has ended
        self.selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Answer until the starter ends; forks that still run then end with this process."""
        ended, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for file in (self.listening, self.starter, ended):
            self.selector.register(file, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listening:
                    self.accept()
                elif key.fileobj == ended:
                    os.read(ended, 4096)
                    self.report()
                elif key.fileobj == self.starter:
                    return
                else:
                    self.kill(key.data)

    def accept(self) -> None:
        """Fork for the next client."""
        client, _ = self.listening.accept()
        request, descriptors = asked(client)
        if request is None:
            client.close()
        else:
            server = os.getpid()
            fork = os.fork()
            if fork == 0:
                become(request, descriptors, server)
            self.clients[fork] = client
            self.selector.register(client, selectors.EVENT_READ, data=fork)
            answer(client, fork)
        for descriptor in descriptors:
            os.close(descriptor)

    def kill(self, fork: int) -> None:
        """Kill the fork of a client that has ended."""
        os.kill(fork, signal.SIGKILL)
        self.leave(fork)
        self.clients[fork] = None

    def report(self) -> None:
        """Report to the clients of all forks that have ended how they did."""
        while self.clients:
            fork, status = os.waitpid(-1, os.WNOHANG)
            if fork == 0:
                return
            if client := self.clients[fork]:
                answer(client, os.waitstatus_to_exitcode(status))
                self.leave(fork)
            del self.clients[fork]

    def leave(self, fork: int) -> None:
        """Close the connection to the client of a fork."""
        client = self.clients[fork]
        assert client is not None
        self.selector.unregister(client)
        client.close()


def asked(client: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive what a client asks for, None if it was killed while it asked, and its open files as far as they came."""
    descriptors: list[int] = []
    try:
        size, descriptors, _, _ = socket.recv_fds(client, WIDTH, 3)
        with client.makefile("rb") as file:
            return json.loads(file.read(int.from_bytes(size, "big"))), descriptors
    except (ConnectionError, ValueError):
        return None, descriptors


def answer(client: socket.socket, number: int) -> None:
    """Send a number to a client, which may have ended."""
    with suppress(ConnectionError):  # the selector reports it
        client.sendall(number.to_bytes(WIDTH, "big", signed=True))


def become(request: dict[str, Any], descriptors: list[int], server: int) -> NoReturn:
    """Turn a fork into a job: what `python -m` does, with the client's open files, folder and environment.

    Parameters
    ----------
    request
        As the client writes it.
    descriptors
        Standard input, output and error.
    server
        The process that forked, with which this one ends.
    """
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(KILL_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(3, MOST_DESCRIPTORS)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (it lasts as long as the process)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.path[0] = os.getcwd()
    os._exit(run_module(*request["words"]))


def run_module(option: str, module: str, *words: str) -> int:
    """Run a module as `python -m` would, without the end of the process.

    Parameters
    ----------
    option
        Always `-m`.
    module, words
        The module, and its command line.

    Returns
    -------
    int
        The exit code.
    """
    sys.argv = [module, *words]
    code = 0
    try:
        if option != "-m":
            raise ValueError(f"{option}: expected -m and a module")
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    """Serve, with the descriptors of the command line, the socket and the pipe from the starter, and the libraries after them."""
    listening, starter, *libraries = sys.argv[1:]
    for library in libraries:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()  # collecting would write to the pages that forks share
    with socket.socket(fileno=int(listening)) as bound:
        Server(bound, int(starter)).serve()


if __name__ == "__main__":
    main()
