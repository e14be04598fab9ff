"""How a section of the settings is declared, checked, and written on a command line."""

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from rnnscope.errors import InputError, quoted

MODEL = "<cell>-<layers>-<size>, such as lstm-2-128"
# Far beyond any use: a slip of the keyboard must not make a list of as many rules, or search as long for a width.
MOST_LAYERS, LARGEST_SIZE, LONGEST_CONTEXT = 100, 100_000, 1000
# What is drawn, trained or shown one after another, or takes memory for each; and a stretch of text: there is none of 16 GiB.
MOST, LONGEST_TEXT = 1_000_000, 2**34
MOST_STREAMS = 32767  # their numbers are int16 in the files
COUNT: dict[str, Any] = {"minimum": 1, "maximum": MOST}
STRETCH: dict[str, Any] = {"minimum": 1, "maximum": LONGEST_TEXT}
SEED: dict[str, Any] = {"minimum": 0, "maximum": 2**32 - 1}
NOUNS = {int: "whole number", float: "number", str: "text"}


@dataclass(frozen=True)
class Setting:
    """What a key may hold.

    Parameters
    ----------
    meaning
        What it says, with its unit.
    minimum, maximum
        Bounds of a number, themselves allowed.
    above, below
        Bounds of a number, themselves not allowed.
    choices
        The values of a text; None for any.
    names
        What a text names: "cell", "model", "model or external" or "encoding"; empty for other texts. `rnnscope.configuration`
        knows which there are.
    pattern
        Regular expression that a text matches.
    may_be_empty
        Whether a list may have no item.
    length
        How many items a list has; None for any number of items, which then differ from each other.
    """

    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | None = None
    names: str = ""
    pattern: str | None = None
    may_be_empty: bool = False
    length: int | None = None

    def expectation(self, kind: Any) -> str:
        """Return what a value of this setting has to be, to complete the sentence "expected ..."."""
        kind, by_size = required(kind), is_by_size(kind)
        if get_origin(kind) is list:
            (item,) = get_args(kind)
            phrase = self._phrase(item, plural="s")
            if self.length:
                return f"a list of {self.length} {phrase}"
            least = "" if self.may_be_empty else ", at least one"
            return f"a list of different {phrase}{least}{', or such a list for each size' if by_size else ''}"
        return self.choices[0] if self.choices and len(self.choices) == 1 else self._phrase(kind)

    def _phrase(self, kind: Any, plural: str = "") -> str:
        """What one value is, or with an s what several are: "a number above 0", "numbers above 0"."""
        if self.choices:
            among, last = ("words among ", "and") if plural else ("", "or")
            return f"{among}{', '.join(self.choices[:-1])} {last} {self.choices[-1]}"
        if self.names.startswith("model"):
            return f"{'models' if plural else 'a model'} {MODEL}"
        if self.names == "cell":
            return "cells" if plural else "a cell"
        if self.names == "encoding":
            return "the name of an encoding, such as utf-8, utf-16, latin-1 or gb18030"
        noun = f"{NOUNS[kind]}{plural}" if plural else f"a {NOUNS[kind]}"
        return " ".join([noun, *([self._bounds()] if kind is not str else [])]).strip()

    def _bounds(self) -> str:
        """The bounds of a number in words; empty for none."""
        bounds = []
        if self.above is not None:
            bounds.append(f"above {_spelled(self.above)}")
        if self.minimum is not None and self.maximum is not None:
            bounds.append(f"from {_spelled(self.minimum)} to {_spelled(self.maximum)}")
        elif self.minimum is not None:
            bounds.append(f"of at least {_spelled(self.minimum)}")
        elif self.maximum is not None:
            bounds.append(f"at most {_spelled(self.maximum)}")
        if self.below is not None:
            bounds.append(f"below {_spelled(self.below)}")
        return " and ".join(bounds)

    def check(self, name: str, value: Any, kind: Any) -> None:
        """Check one value.

        Raises
        ------
        InputError
            If it is of another type or out of bounds: one line that names the key, the value and what was expected.
        """
        if value is None and is_optional(kind):
            return
        if not (self._allows(value, required(kind)) or (is_by_size(kind) and self._allows_by_size(value, required(kind)))):
            raise InputError(f"{name}: found {quoted(value)}, expected {self.expectation(kind)}")

    def _allows(self, value: Any, kind: Any) -> bool:
        if get_origin(kind) is list:
            return self._allows_list(value, get_args(kind)[0])
        if kind is str:
            return (
                isinstance(value, str)
                and (self.choices is None or value in self.choices)
                and (self.pattern is None or re.search(self.pattern, value) is not None)
            )
        if not is_number(value, kind):
            return False
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def _allows_list(self, value: Any, kind: Any) -> bool:
        if not isinstance(value, list) or not (value or self.may_be_empty):
            return False
        if len(value) != self.length if self.length else len(set(map(repr, value))) < len(value):
            return False
        return all(self._allows(item, kind) for item in value)

    def _allows_by_size(self, value: Any, kind: Any) -> bool:
        if not isinstance(value, dict) or not value:
            return False
        return all(SIZE._allows(size, int) and self._allows(item, kind) for size, item in value.items())


def is_finite(value: float) -> bool:
    """Return whether a number is finite, as a float too."""
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


def is_number(value: object, kind: type = float) -> bool:
    """Return whether a value is a finite number, a whole one if `kind` is int; True and False are none."""
    return isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool) and is_finite(value)


# A key of what is given by size.
SIZE = Setting("a parameter budget: that of a 1-layer LSTM with this many units", minimum=1, maximum=LARGEST_SIZE)


def is_optional(kind: Any) -> bool:
    """Return whether a value of a type may be left out, as of `int | None`."""
    return get_origin(kind) is UnionType and NoneType in get_args(kind)


def is_by_size(kind: Any) -> bool:
    """Return whether a mapping from sizes to values may stand in place of a value, as of `list[int] | dict[int, list[int]]`."""
    return get_origin(kind) is UnionType and any(get_origin(member) is dict for member in get_args(kind))


def required(kind: Any) -> Any:
    """Return the type of one value that is given: of `int | None`, int; of `list[int] | dict[int, list[int]]`, list[int]."""
    if is_optional(kind) or is_by_size(kind):
        (kind,) = (member for member in get_args(kind) if member is not NoneType and get_origin(member) is not dict)
    return kind


def _spelled(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def check_seed(name: str, seed: int) -> None:
    """Check a seed that is no setting; `name` is what the message calls it.

    Raises
    ------
    InputError
        If it is not one that random generators take.
    """
    Setting("seed", minimum=SEED["minimum"], maximum=SEED["maximum"]).check(name, seed, int)


def check_length(name: str, length: int) -> None:
    """Check how many characters are to be drawn from a model; `name` is what the message calls it.

    Raises
    ------
    InputError
        If there are fewer than none, or more than anybody waits for.
    """
    Setting("characters to draw", minimum=0, maximum=MOST).check(name, length, int)


def setting(meaning: str, *, default: Any = MISSING, **bounds: Any) -> Any:
    """Declare a field of a section; `bounds` are those of `Setting`."""
    return field(default=default, metadata={"setting": Setting(meaning, **bounds)})


class Section:
    """Base of every section: its values are checked when it is made.

    A section that `is_optional` may be left out; then what needs it is not made. `key` is the section's name in config.yaml.
    Where a stage needs only some keys of a section, they are a class of their own, which the whole section inherits: the
    others say which jobs there are, and must not make finished jobs stale.
    """

    key: ClassVar[str]
    is_optional: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name, (kind, declared) in settings_of(type(self)).items():
            declared.check(name, getattr(self, name), kind)


def settings_of(section: type) -> dict[str, tuple[Any, Setting]]:
    """Return the type and the declaration of every key of a section, in the order of its fields."""
    kinds = get_type_hints(section)
    return {item.name: (kinds[item.name], item.metadata["setting"]) for item in fields(section) if "setting" in item.metadata}


def flag_of(name: str) -> str:
    """Return the command-line flag of a key: `learning_rate` becomes `--learning-rate`."""
    return f"--{name.replace('_', '-')}"


def flags(section: type, values: Mapping[str, Any]) -> list[str]:
    """Return the words of a command line that give a stage the settings of a section.

    Parameters
    ----------
    section
        A subclass of `Section`.
    values
        Its section of the configuration, which may have more keys; one that may be left out has no flag then.
    """
    words = []
    for name, (kind, _) in settings_of(section).items():
        if is_optional(kind) and values.get(name) is None:
            continue
        value = values[name]
        words += [flag_of(name), *(map(str, value) if isinstance(value, list) else [str(value)])]
    return words
