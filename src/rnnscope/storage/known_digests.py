"""SHA-256 of files that are remembered between runs: only a file that may have changed is hashed again.

The date of a file says little: `mv`, `cp -p`, `rsync -a` and unzip keep it. The kernel sets the inode and the time of the last
change of the inode (ctime), and nobody else.
"""

import json
import time
from pathlib import Path
from typing import Any

from rnnscope.storage.checksums import FOLDER, read_record
from rnnscope.storage.files import corrupt_file_error, sha256_of, whole_file

# A file that changed a moment ago may change again without another time: the kernel's clock has steps.
STEP = 1_000_000_000  # nanoseconds


class KnownDigests:
    """Digests by path, with what the kernel knew of the file when it was hashed.

    Parameters
    ----------
    path
        The file that remembers them; anything else in it counts as nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            known = json.loads(path.read_text())
        except (FileNotFoundError, ValueError, RecursionError):
            known = {}
        self.known: dict[str, Any] = known if isinstance(known, dict) else {}
        self.changed = False

    def digest(self, file: Path) -> str:
        """Return the SHA-256 of a file, 64 hexadecimal digits."""
        state = file.stat()
        seen = [state.st_size, state.st_ino, state.st_ctime_ns, state.st_mtime_ns]
        match self.known.get(str(file)):
            case [*before, str(digest)] if before == seen:
                return digest
        digest = sha256_of(file)
        if state.st_ctime_ns < time.time_ns() - STEP:
            self.known[str(file)] = [*seen, digest]
            self.changed = True
        return digest

    def save(self) -> None:
        """Write what is known of the files that still exist, if there is anything new."""
        if self.changed:
            kept = {name: value for name, value in self.known.items() if Path(name).is_file()}
            with whole_file(self.path) as partial:
                partial.write_text(json.dumps(kept))
            self.changed = False


def changed_outputs(folder: Path, known: KnownDigests, rebuild: str) -> list[str]:
    """Compare the files below a folder with their records, if they may have changed since these were written.

    A record is written after its file. So only a file that was changed, moved or copied since is hashed.

    Parameters
    ----------
    folder
        Of a corpus.
    known
        Digests of earlier runs.
    rebuild
        The command that makes a file again, with {} in place of the file.

    Returns
    -------
    list of str
        A line for each file that is not what was written.
    """
    lines = []
    for recorded in sorted(folder.rglob(f"{FOLDER}/*.json")):
        file = recorded.parent.parent / recorded.stem
        if recorded.name.startswith(".") or not file.is_file():
            continue
        if file.stat().st_ctime_ns <= recorded.stat().st_mtime_ns:
            continue
        record = read_record(file)
        if record is not None and (found := known.digest(file)) != record["sha256"]:
            reason = f"changed since it was written: found SHA-256 {found[:12]}..., expected {record['sha256'][:12]}..."
            lines.append(str(corrupt_file_error(file, reason, rebuild.replace("{}", str(file), 1))))
    return lines
