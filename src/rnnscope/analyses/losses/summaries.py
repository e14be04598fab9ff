"""What a training run says of itself: the JSON files of a model's folder, with their keys checked."""

from pathlib import Path
from typing import Any

from rnnscope.errors import InputError
from rnnscope.storage.files import read_json

IDENTITY = ("model", "cell", "layers", "size")
TEXT = ("model", "cell")


def read_object(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read `keys` of a JSON object: text under `TEXT`, a number under every other key.

    Raises InputError naming the file and the key when one is missing or is of another type.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path}: found {type(value).__name__}, expected an object with the keys {', '.join(keys)}")
    for key in keys:
        if key not in value:
            raise InputError(f"{path}: no key {key!r}, found {', '.join(value)}; expected {', '.join(keys)}")
        expected, kinds = ("text", (str,)) if key in TEXT else ("a number", (int, float))
        if not isinstance(value[key], kinds) or isinstance(value[key], bool):
            raise InputError(f"{path}: {key!r} is {value[key]!r}, expected {expected}")
    return {key: value[key] for key in keys}


def read_summary(folder: Path, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read which model lies in `folder` (`IDENTITY`), and `keys` more, from its summary.json.

    Raises InputError when the summary is that of another model than the folder's name says.
    """
    path = folder / "summary.json"
    summary = read_object(path, (*IDENTITY, *keys))
    if summary["model"] != folder.name:
        raise InputError(f"{path}: 'model' is {summary['model']!r}, expected {folder.name!r}, the folder's name")
    return summary
