"""What every job and every call of Snakemake pays: imports, the dry run of the full configuration, and the demo as a whole.

Imports and the dry run are compared with Python's own start, measured in turn.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
TURNS = 3


def seconds_of(*command, folder=REPOSITORY):
    """Wall time of a command, its output thrown away."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare_starts():
    """Print the median seconds of every stage's import and of a dry run, and their ratio to Python's own start."""
    stages = sorted(
        ".".join(path.relative_to(REPOSITORY / "src").with_suffix("").parts)
        for path in (REPOSITORY / "src").rglob("*.py")
        if "__main__" in path.read_text()
    )
    commands = {stage: (sys.executable, "-c", f"import {stage}") for stage in stages}
    with tempfile.TemporaryDirectory() as empty:
        workflow = (SNAKEMAKE, "--snakefile", REPOSITORY / "Snakefile", "--directory", empty)
        full = (*workflow, "--configfile", REPOSITORY / "config.yaml", "--cores", "1", "--dry-run", "--quiet", "all")
        commands["snakemake --dry-run, the whole of config.yaml"] = full
        print("start                                              seconds   ratio to an empty Python")
        for name, command in commands.items():
            pairs = [(seconds_of(*command), seconds_of(sys.executable, "-c", "")) for _ in range(TURNS)]
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{name:50} {statistics.median(a for a, _ in pairs):7.2f} {ratio:26.1f}", flush=True)


def measure_demo():
    """Print the wall time of the demo's DAG in an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        profile = REPOSITORY / "workflow/profiles/demo"
        configuration = ("--configfile", REPOSITORY / "config.yaml", profile / "experiment.yaml")
        seconds = seconds_of(SNAKEMAKE, "--directory", empty, "--workflow-profile", profile, *configuration)
    print(f"\ndemo: {seconds / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    compare_starts()
    measure_demo()
