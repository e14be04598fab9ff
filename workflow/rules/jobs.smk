"""How jobs are started."""

import os
import shlex
import sys
from pathlib import Path

from rnnscope.preloaded.start import shell_function, start_server

# What a stage tells the user to type when it meets a damaged file: only that file is rebuilt then. What was made from it
# stays, because the same content makes nothing stale. The first {} is the place of the file.
# Snakemake takes the last --configfile of several: all files follow one. Their paths are those from where it was started.
DIRECTORY = str(workflow.overwrite_workdir or ".")
STARTED_IN = None if os.path.isabs(DIRECTORY) else os.path.relpath(".", DIRECTORY)
FOUND_WITHOUT_FLAG = STARTED_IN is not None and Path(STARTED_IN, "Snakefile").resolve() == Path(workflow.main_snakefile).resolve()
CONFIGURATION = {
    "--snakefile": [] if FOUND_WITHOUT_FLAG else [str(workflow.main_snakefile)],
    "--directory": [DIRECTORY] if DIRECTORY != "." else [],
    "--configfile": [os.path.relpath(path, STARTED_IN) if STARTED_IN else str(path) for path in workflow.overwrite_configfiles],
    "--config": workflow.config_settings.config_args or [],
}
REBUILD = " ".join(["snakemake {}", *(shlex.join([flag, *words]) for flag, words in CONFIGURATION.items() if words)])

# Jobs run the Python that runs Snakemake, whether or not its environment is activated, and end with Snakemake.
PREFIX = (
    f"export RNNSCOPE_STARTED_BY=$PPID RNNSCOPE_REBUILD={shlex.quote(REBUILD).replace('{', '{{').replace('}', '}}')}; "
    f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
)
shell.prefix(PREFIX)

# On this machine many jobs are forks of a process that has imported the libraries. Snakemake does not measure the memory and the
# processor of forks: they leave no benchmark. A Snakemake that another one started, on a cluster, has to leave what that one expects.
IS_LOCAL = workflow.is_main_process and workflow.resource_settings.nodes is None
FORKED = IS_LOCAL and sys.platform == "linux" and os.environ.get("RNNSCOPE_FORK") != "no"
FEWEST_FORKED = 8


def start_forking():
    """Start that process, where the jobs of this run are worth it."""
    if FORKED and len(list(workflow.dag.needrun_jobs())) >= FEWEST_FORKED:
        shell.prefix(PREFIX + shell_function(start_server()).replace("{", "{{").replace("}", "}}"))


def wake_for_jobs_only():
    """Let Snakemake's scheduler wake when a job ends, and for nothing else.

    To keep to a number of jobs a second (`--max-jobs-per-timespan`, which therefore counts on clusters only) it also wakes a second
    after every time that it was awake. These add up: after 200 jobs it is awake 200 times a second, each time to ask the disk for all
    inputs of what is ready.
    """
    if IS_LOCAL:
        workflow.scheduler.job_rate_limiter = None


onstart:
    start_forking()
    wake_for_jobs_only()
