"""Before the first job: whether files are what Snakemake takes them for. It sees times and its own records alone."""

import sys
from contextlib import suppress
from pathlib import Path

from rnnscope.storage.known_digests import KnownDigests, changed_outputs
from rnnscope.storage.snakemake_records import unreadable_records

KNOWN = KnownDigests(Path(".snakemake/digests.json"))
TOUCHED = not {"--touch", "-t"}.isdisjoint(sys.argv)


def digests_of(*given):
    """A parameter: the content of inputs that no rule makes, for one that another of an older date replaces."""

    def digests(wildcards):
        found = [files(wildcards) for files in given]
        paths = [str(path) for files in found for path in ([files] if isinstance(files, str) else files)]
        found = {path: KNOWN.digest(Path(path)) for path in paths}
        remember_digests()
        return found

    return digests


def remember_digests():
    with suppress(OSError):  # where nothing can be written, everything is hashed again
        KNOWN.save()


if workflow.is_main_process and "--unlock" not in sys.argv:
    folders = [Path("results", corpus) for corpus in config["run"]]
    problems = [line for folder in folders for line in changed_outputs(folder, KNOWN, REBUILD)]
    remember_digests()
    if not TOUCHED:
        problems += unreadable_records(Path(".snakemake"), REBUILD)
    if problems:
        sys.exit("\n".join(f"error: {line}" for line in problems))
