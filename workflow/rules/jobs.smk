"""How jobs are started."""

import os
import shlex
import sys
from pathlib import Path


def rebuild_command():
    """What a stage tells the user to type when it meets a damaged file: only that file, {}, is rebuilt then.

    What was made from it stays, because the same content makes nothing stale.
    """
    folder = str(workflow.overwrite_workdir or ".")  # of the run, as seen from where Snakemake was started
    start = "/" if os.path.isabs(folder) else os.path.relpath(".", folder)
    words = ["snakemake", "{}", *(["--directory", folder] if folder != "." else [])]
    if workflow.overwrite_configfiles:
        paths = [os.path.relpath(path, start) for path in workflow.overwrite_configfiles]
        words += ["--configfile", *(os.path.join(start, path) if start == "/" else path for path in paths)]
    if given := workflow.config_settings.config:
        words += ["--config", *(f"{key}={value}" for key, value in given.items())]
    return " ".join(word if word == "{}" else shlex.quote(word) for word in words)


REBUILD = rebuild_command()

# Jobs run the Python that runs Snakemake, whether or not its environment is activated, and end with Snakemake.
shell.prefix(
    f"export RNNSCOPE_STARTED_BY=$PPID RNNSCOPE_REBUILD={shlex.quote(REBUILD).replace('{}', '{{}}')}; "
    f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
)
