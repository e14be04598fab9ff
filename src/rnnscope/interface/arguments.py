"""Arguments of the Python interface, checked: what is of another kind is one line that says what was found and expected."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from rnnscope.errors import InputError, quoted


def is_whole_number(value: object) -> bool:
    """Return whether a value is an integer of Python or numpy; True and False are none, nor is 1.0."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def whole_number(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return an argument as an int.

    Parameters
    ----------
    name
        What the message calls it.
    value
        What was given.
    least, most
        Its bounds, themselves allowed; None for none.

    Raises
    ------
    InputError
        If it is no whole number, or out of its bounds.
    """
    if is_whole_number(value) and (least is None or value >= least) and (most is None or value <= most):
        return int(value)
    bounds = "" if least is None else f" of at least {least}" if most is None else f" from {least} to {most}"
    raise InputError(f"{name}: found {quoted(value)}, expected a whole number{bounds}")


def whole_numbers(name: str, values: Any) -> list[int]:
    """Return an argument of one whole number or several in an order as a list.

    Parameters
    ----------
    name
        What the message calls it.
    values
        What was given: a whole number, or a list, range, array or another iterable of them.

    Raises
    ------
    InputError
        If it is anything else. A mask is refused: True and False would be the numbers 1 and 0.
    """
    if is_whole_number(values):
        return [int(values)]
    # A text and bytes are iterable, a mapping too, and a set has no order.
    has_order = isinstance(values, Iterable) and not isinstance(values, str | bytes | bytearray | Mapping | Set)
    if not has_order or (isinstance(values, np.ndarray) and values.ndim != 1):
        raise InputError(f"{name}: found {quoted(values)}, expected a whole number or a list of them")
    found = list(values)
    for value in found:
        if not is_whole_number(value):
            mask = "; numpy.flatnonzero gives the numbers of a mask" if isinstance(value, bool | np.bool_) else ""
            raise InputError(f"{name}: found {quoted(value)} in the list, expected whole numbers{mask}")
    return [int(value) for value in found]


def number(name: str, value: Any) -> float:
    """Return an argument as a float. Raises InputError if it is no number of Python or numpy."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    raise InputError(f"{name}: found {quoted(value)}, expected a number")


def string(name: str, value: Any) -> str:
    """Return an argument that is a text. Raises InputError if it is none, such as bytes."""
    if isinstance(value, str):
        return value
    raise InputError(f"{name}: found {quoted(value)}, expected a text (str)")
