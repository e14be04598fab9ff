"""Runs the stages of a workflow in forks of one process that has paid for their imports: a drill in minutes, not hours.

Where fork_server.py runs one stage after another for a test, this serves Snakemake, which runs several at a time.

A `python` in a folder of its own, which jobs find first, hands `-m module` over and waits. What runs the stage is a process
of its own with the job's files, folder and environment; killed, it takes the job's `python` with it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from helpers.fork_server import STAGES, exit_code_of

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
answer = server.recv(1)
if not answer:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(answer[0])
"""


class PreloadedPython:
    """The process that forks, and a `bin` folder with the `python` that has it fork."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        self.address = str(folder / "socket")
        # Snakemake puts the folder of its own Python first on the PATH of jobs: this one, under another name.
        real = Path(sys.executable).resolve()
        (folder / "bin/real-python").symlink_to(real)
        client = folder / "bin/python"
        client.write_text(CLIENT.format(python=real, address=self.address))
        client.chmod(0o755)
        self.packages = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.address], env=environment, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout.read(1) == b"."

    def snakemake(self):
        """The words that start a Snakemake whose jobs run here."""
        return [str(self.folder / "bin/real-python"), "-m", "snakemake"]

    def environment(self, source):
        return {"PYTHONPATH": f"{source}{os.pathsep}{self.packages}"}

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def serve(address):
    for name in STAGES:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, b".")
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                become(connection)
            connection.close()


def become(connection):
    """Turn this fork into the stage that a job asks for: it does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    request = b""
    while len(request) < int.from_bytes(length, "big"):
        request += connection.recv(2**16)
    request = json.loads(request)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = ["", *request["environment"]["PYTHONPATH"].split(os.pathsep)]
    connection.sendall(os.getpid().to_bytes(8, "big"))
    option, module, *words = request["words"]
    assert option == "-m", request["words"]
    code = exit_code_of(module, words)
    connection.sendall(bytes([code]))
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
