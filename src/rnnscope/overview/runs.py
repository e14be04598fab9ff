"""What was run: the text, the source, the machine and the time, from the records beside the files and from the benchmarks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rnnscope.progress import duration
from rnnscope.storage.checksums import read_record
from rnnscope.storage.files import read_json
from rnnscope.storage.provenance import wall_time

PACKAGES = ("python", "torch", "numpy", "snakemake")


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a run."""

    name: str
    value: str


def facts_of_run(folder: Path) -> list[Fact]:
    """Return what is known of the run that made the results of a corpus.

    Raises
    ------
    InputError
        If the manifest of the text is missing or corrupt.
    """
    manifest = read_json(folder / "corpus/manifest.json")
    table = folder / "analyses/losses.csv"
    record = read_record(table) or {}
    facts = [
        Fact(
            "Text",
            f"{manifest['bytes']:,} bytes, {manifest['vocabulary']} distinct characters, SHA-256 {manifest['sha256'][:12]}…",
        ),
        Fact("Commit of the source", record.get("commit") or "unknown: the source is in no git repository"),
    ]
    if host := record.get("host"):
        memory = f"{host['memory'] / 2**30:.0f} GiB of memory"
        facts.append(Fact("Machine", f"{host['architecture']}, {host['cores']} cores, {memory}, {device_of(folder)}"))
    if packages := record.get("packages"):
        versions = [f"{name} {packages[name]}" for name in PACKAGES if name in packages]
        facts.append(Fact("Versions", ", ".join(versions)))
    times = [time for path in (folder / "benchmarks").rglob("*.tsv") if (time := wall_time(path)) is not None]
    if times:
        facts.append(Fact("Time", f"{duration(sum(times))} in {len(times):,} jobs, the longest {duration(max(times))}"))
    written = datetime.fromtimestamp(table.stat().st_mtime, UTC)
    facts.append(Fact("Losses written", f"{written:%Y-%m-%d %H:%M} UTC"))
    return facts


def device_of(folder: Path) -> str:
    """Return the device that the networks of a corpus ran on, from the record of the first predictions that name one."""
    for path in sorted((folder / "predictions").glob("*.parquet")):
        device = (read_record(path) or {}).get("host", {}).get("device", "CPU")
        if device != "CPU":
            return str(device)
    return "CPU"
