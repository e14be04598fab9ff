"""Content decides what Snakemake makes, where times and its own records would hide a change."""

import os
from pathlib import Path

from helpers.workspace import put_older


def refused(workspace):
    """The line with which Snakemake stops before the first job."""
    done = workspace.snakemake("--dry-run")
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_a_text_of_an_older_date_is_noticed(workspace):
    text = workspace.folder / "tale.txt"
    put_older(text, text.read_bytes().replace(b"river", b"water"))
    assert workspace.stale("results/tale/corpus/text.bin") == {"fetch_text": 1}
    done = workspace.verify()
    assert done.returncode == 1
    assert "error: tale.txt: changed since results/tale/corpus/manifest.json was made from it: found SHA-256 " in done.stderr


def test_a_changed_output_of_the_same_date_is_named(workspace):
    path = Path("results/tale/predictions/ngram-1.parquet")
    file = workspace.folder / path
    content, state = bytearray(file.read_bytes()), file.stat()
    content[100] ^= 1
    put_older(file, content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    line = refused(workspace)
    assert line.startswith(f"error: {path}: changed since it was written: found SHA-256 ")
    assert line.endswith(f"; delete it and run: snakemake {path} --configfile experiment.yaml")


def test_records_that_a_power_cut_emptied_are_named_and_both_remedies_work(workspace):
    metadata = workspace.folder / ".snakemake/metadata"
    for record in metadata.rglob("*"):
        if record.is_file():
            record.write_text("")
    assert "Snakemake's records of " in refused(workspace)
    listed = (workspace.folder / ".snakemake/unreadable_records.txt").read_text().splitlines()
    done = workspace.snakemake("--touch", "--force", *listed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert workspace.stale() == {}
