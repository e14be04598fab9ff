"""The page's HTML from its template, styles, scripts and numbers."""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

# One after the other they are the page's script, and its style.
SCRIPTS = (
    "data.js",
    "symbols.js",
    "rows.js",
    "colours.js",
    "engine.js",
    "view.js",
    "words.js",
    "canvas.js",
    "text.js",
    "here.js",
    "diagram.js",
    "list.js",
    "ablated.js",
    "unit.js",
    "lines.js",
    "match.js",
    "hold.js",
    "write.js",
    "search.js",
    "tour.js",
    "events.js",
)
STYLES = ("page.css", "text.css", "panels.css", "media.css")


def render(title: str, description: dict[str, Any], blocks: dict[str, bytes], worker: str) -> str:
    """Render page.html.

    Parameters
    ----------
    title
        Name of the corpus. The template escapes it, as everything that it does not mark as safe.
    description
        Everything that the script knows besides the numbers, as JSON.
    blocks
        The numbers by the name under which the script reads them.
    worker
        Source of the worker.

    Returns
    -------
    str
        The page. Its content security policy allows this script, this style and a worker that the script makes from the page's
        own text, and no request.
    """
    style = "\n".join(source(name) for name in STYLES)
    script = "\n".join(source(name) for name in SCRIPTS)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(source("page.html")).render(
        title=title,
        style=style,
        style_hash=_hash_of(style),
        script=script,
        script_hash=_hash_of(script),
        worker=worker,
        # Inside a script element only "<" could end it; JSON can write it by its number.
        description=json.dumps(description, allow_nan=False).replace("<", "\\u003c"),
        blocks={name: base64.b64encode(block).decode() for name, block in blocks.items()},
    )


def source(name: str) -> str:
    """Return a file of the page's source, beside this module."""
    return (files("rnnscope.explorer.browser") / name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    """Return a style or script as a content security policy names it, without the quotes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
