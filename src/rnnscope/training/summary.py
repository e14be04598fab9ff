"""What a training run says of itself in its summary.json, for those that compare runs or continue from one."""

from pathlib import Path

from rnnscope.errors import InputError
from rnnscope.settings.training import PRECISIONS
from rnnscope.storage.files import read_json

SUMMARY = "summary.json"


def read_precision(folder: Path) -> str | None:
    """Read the precision that a network was trained in from its summary.json.

    Where it is not written, as by earlier versions, it counts as float32. Of an imported network nobody knows it: None.

    Parameters
    ----------
    folder
        Of the run.

    Raises
    ------
    InputError
        If summary.json is missing or corrupt, or the precision is none.
    """
    path = folder / SUMMARY
    summary = read_json(path)
    if not isinstance(summary, dict):
        raise InputError(f"{path}: found {type(summary).__name__}, expected an object written by training")
    precision = summary.get("precision", PRECISIONS[0])
    if precision not in (None, *PRECISIONS):
        raise InputError(f"{path}: 'precision' is {precision!r}, expected {' or '.join(PRECISIONS)}")
    return precision


def check_precision_of_run(asked: str, folder: Path) -> None:
    """Check that a run is trained again in its own precision: else the two would differ in more than is meant.

    Parameters
    ----------
    asked
        Precision of the training to come.
    folder
        Of the run.

    Raises
    ------
    InputError
        If it has another precision, or summary.json is missing or corrupt.
    """
    if asked != (found := read_precision(folder)):
        raise InputError(f"training.precision: found {asked}, expected {found} as {folder / SUMMARY} says")


def check_same_precision(chosen: Path, further: list[Path]) -> None:
    """Check that the runs of a model were trained in one precision: else they would differ in more than their seeds.

    Parameters
    ----------
    chosen
        Folder of the chosen run.
    further
        Folders of those from further seeds.

    Raises
    ------
    InputError
        If they were not, or a summary.json is missing or corrupt.
    """
    expected = read_precision(chosen)
    for folder in further:
        if (found := read_precision(folder)) != expected:
            raise InputError(f"{folder / SUMMARY}: trained in {found}, expected {expected} as {chosen / SUMMARY} says")
