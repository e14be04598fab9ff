"""The choice between training runs that differ in one value: the lowest validation loss wins (paper section 3).

It chooses the dropout of a recurrent network and the hidden width of an n-NN.
"""

import logging
import shutil
from pathlib import Path

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.base import is_number
from rnnscope.storage.files import check_digest, corrupt_file_error, read_json, whole_file

FILES = ("checkpoint.safetensors", "history.csv", "summary.json")

log = logging.getLogger(__name__)


def best_candidate(candidates: list[Path]) -> Path:
    """Return the training folder of the lowest validation loss (nats per character), the first of equals.

    Raises
    ------
    InputError
        If a summary is missing or corrupt, or its loss is no finite number.
    """
    losses = {}
    for folder in candidates:
        path = folder / "summary.json"
        summary = read_json(path)
        if not isinstance(summary, dict) or "validation_loss" not in summary:
            raise InputError(f"{path}: no validation_loss; expected a summary written by training")
        losses[folder] = summary["validation_loss"]
        if not is_number(losses[folder]):
            raise corrupt_file_error(path, f"'validation_loss' is {repr(losses[folder])[:40]}, expected a finite number")
        log.info("%s: validation loss %.4f nats per character", folder, losses[folder])
    return min(candidates, key=losses.__getitem__)


def main(candidates: list[Path], out: Path) -> None:
    """Copy the best candidate's checkpoint, history and summary to the model's own folder.

    Parameters
    ----------
    candidates
        Folders of training runs.
    out
        Folder of the model.
    """
    best = best_candidate(candidates)
    log.info("chosen: %s", best)
    for name in FILES:
        check_digest(best / name)  # the copy of a corrupt file would get a record of its own, and count as whole
        with whole_file(out / name) as partial:
            shutil.copyfile(best / name, partial)


if __name__ == "__main__":
    run(main)
