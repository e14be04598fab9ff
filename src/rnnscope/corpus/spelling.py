"""Spell addresses, sources and settings for messages: without passwords, on one line, not too long."""

import json
import re
from typing import Any

from rnnscope.errors import shortened

LENGTH = 500  # characters of a source, an address or a section
DEPTH = 20  # levels of nesting that are shown

# What stands before the last @ may be a name and a password, whatever else is wrong with the address.
PASSWORD = re.compile(r"((?:https?|ftp):/+)?.*@", re.DOTALL | re.IGNORECASE)


def without_password(text: str, is_address: bool = False) -> str:
    """Return a text without what may be a name and a password: all before its last @, but for the scheme of an address.

    Parameters
    ----------
    text
        Of any kind.
    is_address
        Whether it is meant to be an address. In any other text an @ without a colon before it belongs to no password.
    """
    before, _, _ = text.rpartition("@")
    return PASSWORD.sub(r"\1...@", text, count=1) if before and (is_address or ":" in before) else text


def spell(value: Any, is_address: bool = False) -> str:
    """Return a source, a setting or a part of one, such as an address, as JSON on one line, for messages."""
    spelled = json.dumps(_shown(value, is_address, DEPTH), ensure_ascii=False, default=str)
    return shortened(spelled, LENGTH) if is_address or isinstance(value, dict | list) else shortened(spelled)


def _shown(value: Any, is_address: bool, depth: int) -> Any:
    """The value without passwords, with texts for keys, and not nested deeper than shown."""
    if isinstance(value, dict | list) and not depth:
        return "..."
    if isinstance(value, dict):
        return {without_password(str(key)): _shown(item, is_address or key == "url", depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, is_address, depth - 1) for item in value]
    return without_password(value, is_address) if isinstance(value, str) else value
