"""Start the server, and say how a shell finds it."""

import atexit
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rnnscope.preloaded import client

# What stages import. A library that is missing here costs the stages that need it the time of its import, and nothing else.
LIBRARIES = (
    *("numpy", "pandas", "pyarrow.parquet", "scipy.sparse", "scipy.stats", "sklearn.linear_model", "sklearn.manifold"),
    *("torch", "safetensors.torch", "yaml", "jsonschema", "jinja2", "pygments.lexers", "docutils.core", "pathspec"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.patheffects"),
    *("matplotlib.colors", "matplotlib.transforms", "matplotlib_venn"),
)


def start_server(libraries: Iterable[str] = LIBRARIES) -> str:
    """Start the server, which ends with this process.

    Parameters
    ----------
    libraries
        Modules that it imports before it forks.

    Returns
    -------
    str
        The address of its socket.
    """
    folder = tempfile.mkdtemp(prefix="rnnscope-")  # nobody else may enter it
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = str(Path(folder, "socket"))
    # Nothing else inherits the end of the pipe that stays here: it closes when this process ends, however it does.
    ends_with_this_process, _ = os.pipe()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(128)
        descriptors = listening.fileno(), ends_with_this_process
        # A session of its own: the signals of a terminal are for the clients, which forward them.
        subprocess.Popen(
            [sys.executable, "-m", "rnnscope.preloaded.server", *map(str, descriptors), *libraries],
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
    os.close(ends_with_this_process)
    return address


def shell_function(address: str) -> str:
    """Return a line for bash, after which `python -m MODULE WORDS...` runs the module in a fork of the server at an address."""
    words = shlex.join([sys.executable, "-SEs", str(Path(client.__file__))])
    return f'python() {{ {client.ADDRESS}={shlex.quote(address)} {words} "$@"; }}; '
