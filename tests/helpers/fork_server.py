"""Runs modules as `python -m` would, hundreds of times: each in a fork of one process that has paid for the imports.

With `kill_at`, the run is killed (SIGKILL) just before the so-many-th time that it opens a file below its folder for
writing, or makes, renames or removes one there; the answer says how many of these operations there were.
"""

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

STAGES = ["numpy", "pandas", "pyarrow.parquet", "torch", "torch._dynamo", "safetensors.torch"]  # optimisers import the fifth
STAGES += ["matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg"]
SNAKEMAKE = ["snakemake.cli", "grimp", "jsonschema", "yaml"]
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.truncate", "os.rmdir"}


@dataclass
class Done:
    """How a run ended: its exit code (that of a signal negative), what it wrote, and its operations on files."""

    returncode: int
    stdout: str
    stderr: str
    operations: int


class ForkServer:
    """The process that forks; `packages` are imported once, ours from `source`."""

    def __init__(self, packages, source, **environment):
        environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1", **environment}
        self.process = subprocess.Popen(
            [sys.executable, __file__, *packages], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, folder, module, *words, kill_at=0, **environment):
        request = {"folder": str(folder), "module": module, "words": [str(word) for word in words], "kill_at": kill_at}
        request["environment"] = environment
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return Done(**json.loads(self.process.stdout.readline()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve(packages):
    for name in packages:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as operations:
            child = os.fork()
            if child == 0:
                become(request, out, err, operations)
            status = os.waitpid(child, 0)[1]
            written = {}
            for name, file in (("stdout", out), ("stderr", err), ("operations", operations)):
                file.seek(0)
                written[name] = file.read().decode()
        answer = {**written, "operations": len(written["operations"]), "returncode": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)


def become(request, out, err, operations):
    """Turn this fork into the run: it does not return."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.path.insert(0, "")
    watch(Path(request["folder"]).resolve(), request["kill_at"], operations)
    os._exit(exit_code_of(request["module"], request["words"]))


def exit_code_of(module, words):
    """Run a module as `python -m` would, up to the end of the process, which is left to the caller."""
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
        os.write(operations.fileno(), b".")
        if os.fstat(operations.fileno()).st_size == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    serve(sys.argv[1:])
