"""Copy what an experiment found to a folder of its own: its tables, its figures and, if it is small, its page."""

import logging
import shutil
from fnmatch import fnmatch
from pathlib import Path

from rnnscope.cli import run
from rnnscope.storage.checksums import forget_record
from rnnscope.storage.files import check_digest, discard, whole_file, write_json
from rnnscope.storage.provenance import FILE, read_provenance

PATTERNS = ("analyses/*.csv", "figures/*.svg", "explorer.html")
MOST_BYTES = 10_000_000  # of one file

log = logging.getLogger(__name__)


def main(results: Path, out: Path) -> None:
    """Copy tables, figures and page of a corpus, with the part of its provenance.json that is about them.

    What an earlier copy has besides is removed.

    Parameters
    ----------
    results
        Folder of the corpus, after a run of the whole workflow.
    out
        Folder to copy to, with the same paths below it.

    Raises
    ------
    InputError
        If provenance.json or a file is missing or damaged.
    """
    provenance = read_provenance(results / FILE)
    names = [name for name in provenance["outputs"] if any(fnmatch(name, pattern) for pattern in PATTERNS)]
    large = [name for name in names if (results / name).stat().st_size > MOST_BYTES]
    for name in large:
        log.info("%s: more than %d bytes, not copied", results / name, MOST_BYTES)
    outputs = {name: provenance["outputs"][name] for name in names if name not in large}
    for name in outputs:
        check_digest(results / name)
    for name in outputs:
        with whole_file(out / name) as partial:
            shutil.copyfile(results / name, partial)
        forget_record(out / name)  # provenance.json has what it would say
    for pattern in PATTERNS:
        for path in out.glob(pattern):
            if path.relative_to(out).as_posix() not in outputs:
                discard(path)
    used = {entry["environment"] for entry in outputs.values()}
    environments = {name: found for name, found in provenance["environments"].items() if name in used}
    write_json(out / FILE, {"rebuild": provenance["rebuild"], "environments": environments, "outputs": outputs})


if __name__ == "__main__":
    run(main)
