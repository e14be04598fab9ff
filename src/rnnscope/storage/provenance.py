"""Where every file of a corpus comes from, in one file, and whether each still is what was written.

    python -m rnnscope.storage.provenance collect < JOBS.json
    python -m rnnscope.storage.provenance verify results/*/provenance.json

`collect` joins what is known of the jobs (rule, settings, digest of the source, wall time) with the records that lie beside
their files (`rnnscope.storage.checksums`). It hashes nothing that has a record, so that it is cheap however large the files are, and
keeps what it wrote before of files that no job speaks of. `verify` hashes every file again.
"""

import argparse
import csv
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.checksums import read_record
from rnnscope.storage.files import check_digest, corrupt_file_error, read_json, sha256_of, write_json

FILE = "provenance.json"
REMAKE = "snakemake --forcerun figure_loss_table"  # no rule makes that file: the end of any run that makes something does
SECTIONS = ("rebuild", "environments", "outputs")


def wall_time(benchmark: Path) -> float | None:
    """Seconds that a job took, from its benchmark, a table with tabs between its columns; None when it has none."""
    if not benchmark.is_file():
        return None
    with benchmark.open(newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"), {})
    return float(row["s"]) if "s" in row else None


def name_of(environment: dict[str, Any]) -> str:
    """A short name for a set of versions and a kind of machine, the same wherever it is met."""
    return hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:12]


def described(path: Path, job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of one file, and the environment that made it: empty for a file without a record."""
    record = read_record(path) or {}
    environment: dict[str, Any] = {key: record[key] for key in ("commit", "packages", "host") if key in record}
    entry = {
        "sha256": record.get("sha256") or sha256_of(path),
        "rule": job["rule"],
        "module": record.get("module"),
        "source": job["source"],
        "settings": job["settings"],
        "wall_time": wall_time(Path(job["benchmark"])),
        "environment": name_of(environment),
    }
    return entry, environment


def collect(folder: Path, jobs: list[dict[str, Any]], rebuild: str) -> None:
    """Write `provenance.json` of a corpus's folder, in which the outputs of `jobs` lie.

    A job has the keys `rule`, `settings`, `source`, `benchmark` (a path) and `outputs` (paths). `rebuild` is the command that
    makes a file anew, with {} in its place.
    """
    path = folder / FILE
    before = read_provenance(path) if path.is_file() else {"environments": {}, "outputs": {}}
    job_of = {Path(output): job for job in jobs for output in job["outputs"]}
    outputs = {name: entry for name, entry in before["outputs"].items() if (folder / name).is_file() or folder / name in job_of}
    environments = before["environments"]
    for output, job in job_of.items():
        if output.is_file():
            entry, environment = described(output, job)
            outputs[output.relative_to(folder).as_posix()] = entry
            environments[entry["environment"]] = environment
    used = {entry["environment"] for entry in outputs.values()}
    kept = {name: environment for name, environment in sorted(environments.items()) if name in used}
    write_json(path, {"rebuild": rebuild, "environments": kept, "outputs": dict(sorted(outputs.items()))})


def read_provenance(path: Path) -> dict[str, Any]:
    """Read a `provenance.json`. Raises InputError naming the file when it is missing, damaged or something else."""
    check_digest(path, REMAKE)
    content = read_json(path)
    if not isinstance(content, dict) or not all(section in content for section in SECTIONS):
        raise corrupt_file_error(path, f"expected an object with the keys {', '.join(SECTIONS)}", REMAKE)
    return content


def problems(path: Path) -> list[str]:
    """A line for every file that is no longer what `provenance.json` at `path` says, with the command that rebuilds it."""
    content = read_provenance(path)
    found = []
    for name, entry in content["outputs"].items():
        output = path.parent / name
        rebuild = content["rebuild"].format(output)
        if not output.is_file():
            found.append(f"{output}: missing; run: {rebuild}")
            continue
        sha256, record = sha256_of(output), read_record(output)
        if sha256 == entry["sha256"]:
            continue
        if record is not None and record["sha256"] == sha256:
            found.append(f"{output}: made anew since {path} was written; let snakemake run to its end")
        else:
            told = f"damaged: found SHA-256 {sha256[:12]}..., expected {entry['sha256'][:12]}... as written"
            found.append(str(corrupt_file_error(output, told, rebuild)))
    return found


def main() -> None:
    """Collect or verify."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("collect", help="jobs as JSON on standard input: {folder: [job, ...]}")
    verify = actions.add_parser("verify", help="hash every file again and tell which differ")
    verify.add_argument("files", type=Path, nargs="+", help=f"{FILE} of each corpus")
    arguments = parser.parse_args()
    if arguments.action == "collect":
        for folder, jobs in json.load(sys.stdin).items():
            collect(Path(folder), jobs, os.environ.get("RNNSCOPE_REBUILD", "snakemake {}"))
        return
    lines = []
    for path in arguments.files:
        lines += problems(path)
        print(f"{path.parent}: {len(read_provenance(path)['outputs'])} files looked at")
    if lines:
        raise InputError("\n".join(lines))


if __name__ == "__main__":
    run(main)
