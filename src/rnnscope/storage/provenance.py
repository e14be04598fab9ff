"""Where every file of a corpus comes from, in one file, and whether each still is what was written.

`collect` joins what is known of the jobs (rule, settings, digest of the source, wall time) with the records beside their files
(`rnnscope.storage.checksums`). It hashes nothing that has a record, so that it is cheap however large the files are, and keeps
what it wrote before of files that no job names. `verify` hashes every file again.
"""

import csv
import hashlib
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from rnnscope.cli import run
from rnnscope.errors import InputError, printable
from rnnscope.storage.checksums import read_record
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import corrupt_file_error, read_json, sha256_of, write_json

FILE = "provenance.json"
KEYS = (
    Column("rebuild", "text", "the command that makes a deleted file again, with {} in place of the file"),
    Column(
        "environments",
        "object",
        "by a short name: `commit` of the source (`-dirty` behind it: changed since), `packages` with their versions, and "
        "`host`: `architecture`, `cores`, `memory` (bytes), `device`",
    ),
    Column(
        "outputs",
        "object",
        "by path below `results/<corpus>`: `sha256`, `rule`, `module`, `source` (digest of the module and of all modules "
        "of rnnscope that it imports), `settings` (the slice of the configuration that the rule reads), `texts` (SHA-256 of the "
        "files that it read and no rule makes), `wall_time` (seconds), and the name of its `environment`",
    ),
)
declare(FILE, "What every output of the corpus is and how it was made, written when a run of Snakemake ends well.", KEYS)
SECTIONS = tuple(column.name for column in KEYS)
REMAKE = "snakemake --forcerun figure_loss_table"  # no rule makes that file: the end of any run that makes something does


def wall_time(benchmark: Path) -> float | None:
    """Return the seconds that a job took, from its benchmark (a table with tabs between columns); None when it has none."""
    if not benchmark.is_file():
        return None
    with benchmark.open(newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"), {})
    return float(row["s"]) if "s" in row else None


def environment_name(environment: dict[str, Any]) -> str:
    """Return a short name for a set of versions and a kind of machine; equal ones have the same name."""
    return hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:12]


def describe(path: Path, job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Describe a file.

    Returns
    -------
    entry : dict
        Its value in `outputs`.
    environment : dict
        What made it; empty for a file without a record.
    """
    record = read_record(path) or {}
    environment: dict[str, Any] = {key: record[key] for key in ("commit", "packages", "host") if key in record}
    entry = {
        "sha256": record.get("sha256") or sha256_of(path),
        "rule": job["rule"],
        "module": record.get("module"),
        "source": job["source"],
        "settings": job["settings"],
        "texts": job.get("texts", {}),
        "wall_time": wall_time(Path(job["benchmark"])),
        "environment": environment_name(environment),
    }
    return entry, environment


def collect(folder: Path, jobs: list[dict[str, Any]], rebuild: str) -> None:
    """Write `provenance.json` of a corpus.

    Parameters
    ----------
    folder
        Of the corpus; the outputs of `jobs` are below it.
    jobs
        Each with the keys `rule`, `settings`, `source`, `texts`, `benchmark` (a path) and `outputs` (paths).
    rebuild
        The command that makes a file again, with {} in place of the file.
    """
    path = folder / FILE
    before = read_provenance(path) if path.is_file() else {"environments": {}, "outputs": {}}
    job_of = {Path(output): job for job in jobs for output in job["outputs"]}
    outputs = {name: entry for name, entry in before["outputs"].items() if (folder / name).is_file() or folder / name in job_of}
    environments = before["environments"]
    for output, job in job_of.items():
        if output.is_file():
            entry, environment = describe(output, job)
            outputs[output.relative_to(folder).as_posix()] = entry
            environments[entry["environment"]] = environment
    used = {entry["environment"] for entry in outputs.values()}
    kept = {name: environment for name, environment in sorted(environments.items()) if name in used}
    write_json(path, {"rebuild": rebuild, "environments": kept, "outputs": dict(sorted(outputs.items()))})


def read_provenance(path: Path) -> dict[str, Any]:
    """Read a `provenance.json`.

    Raises
    ------
    InputError
        If it is missing, damaged or something else.
    """
    content = read_json(path, REMAKE)
    if not isinstance(content, dict) or not all(section in content for section in SECTIONS):
        raise corrupt_file_error(path, f"expected an object with the keys {', '.join(SECTIONS)}", REMAKE)
    return content


def problems(path: Path) -> list[str]:
    """Compare all files with a `provenance.json`, and the texts and other files from elsewhere that they were made from.

    Parameters
    ----------
    path
        Of the `provenance.json`.

    Returns
    -------
    list of str
        A line for each file that differs, with the command that rebuilds it.
    """
    content = read_provenance(path)
    lines: list[str] = []
    made_from: dict[tuple[str, str], Path] = {}
    for name, entry in content["outputs"].items():
        output = path.parent / name
        rebuild = content["rebuild"].replace("{}", shlex.quote(str(output)), 1)
        lines.append(_problem(path, output, entry["sha256"], rebuild))
        for text in entry.get("texts", {}).items():
            made_from.setdefault(text, output)
    lines += [_text_problem(Path(text), output, sha256) for (text, sha256), output in made_from.items()]
    return [line for line in lines if line]


def _problem(path: Path, output: Path, expected: str, rebuild: str) -> str:
    """The line about one file; empty when it is what was written."""
    if not output.is_file():
        return f"{output}: missing; run: {rebuild}"
    found, record = sha256_of(output), read_record(output)
    if found == expected:
        return ""
    if record is not None and record["sha256"] == found:
        return f"{output}: made again since {path} was written; let snakemake run to its end"
    reason = f"damaged: found SHA-256 {found[:12]}..., expected {expected[:12]}... as written"
    return str(corrupt_file_error(output, reason, rebuild))


def _text_problem(text: Path, output: Path, expected: str) -> str:
    """The line about a file that no rule makes and an output was made from; empty when it has not changed."""
    if not text.is_file():
        return f"{text}: missing; {output} was made from it"
    found = sha256_of(text)
    if found == expected:
        return ""
    return (
        f"{text}: changed since {output} was made from it: found SHA-256 {found[:12]}..., expected {expected[:12]}...; "
        "run: snakemake"
    )


def collect_jobs() -> None:
    """Write provenance.json of every corpus; jobs as JSON on standard input: {folder: [job, ...]}."""
    for folder, jobs in json.load(sys.stdin).items():
        collect(Path(folder), jobs, os.environ.get("RNNSCOPE_REBUILD", "snakemake {}"))


def verify(files: list[Path]) -> None:
    """Hash every file again and report which differ.

    Parameters
    ----------
    files
        provenance.json of each corpus.
    """
    lines = []
    for path in files:
        lines += problems(path)
        print(printable(f"{path.parent}: {len(read_provenance(path)['outputs'])} files compared"))
    if lines:
        raise InputError(*lines)


if __name__ == "__main__":
    run({"collect": collect_jobs, "verify": verify})
