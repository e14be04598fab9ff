"""Captions of figures, which are reStructuredText, as HTML."""

from pathlib import Path

from docutils.core import publish_parts
from docutils.utils import SystemMessage

from rnnscope.errors import InputError
from rnnscope.storage.files import check_is_file

# Nothing in a caption can read a file or bring HTML of its own, and no file of the machine changes how it is read.
SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "halt_level": 2,
    "raw_enabled": False,
    "report_level": 5,
}


def caption_html(path: Path) -> str:
    """Return a caption as HTML paragraphs.

    Raises
    ------
    InputError
        If there is no such file, or something in it is not valid.
    """
    check_is_file(path, f"the caption of the figure {path.stem}")
    try:
        parts = publish_parts(path.read_text(encoding="utf-8"), writer="html5", settings_overrides=SETTINGS)
    except SystemMessage as error:
        raise InputError(f"{path}: not readable as reStructuredText ({' '.join(str(error).split())})") from None
    return str(parts["body"])
