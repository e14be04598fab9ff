"""The registry of the features of a text: a function that is decorated with `feature` is one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnscope.errors import InputError
from rnnscope.settings.base import settings_of
from rnnscope.settings.units import Features

Function = Callable[..., np.ndarray]
LANGUAGE = "language"


@dataclass(frozen=True)
class Feature:
    """What a text is doing at each of its characters, in one respect.

    Parameters
    ----------
    name
        Name of its function, of its column in features.parquet and in all tables of units.
    function
        Takes the text, bytes or a str, and returns bool or int32 (characters,). Its further parameters are keys of the
        section `features` of the configuration, or `language`, the programming language of the text.
    lists
        Names of the lists of features that it is in.
    """

    name: str
    function: Function
    lists: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """What its value says, in one sentence: the first line of its function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0].rstrip(".")

    @cached_property
    def kind(self) -> str:
        """Name of the dtype of its values: `bool` of a yes/no feature, `int32` of a count."""
        smallest = {name: int(setting.minimum or 0) for name, (_, setting) in settings_of(Features).items()}
        return self.values(b"", Features(**smallest), "text").dtype.name  # the lexer that is built fastest

    @property
    def keys(self) -> list[str]:
        """The parameters of the function after the text."""
        return list(inspect.signature(self.function).parameters)[1:]

    def values(self, text: bytes | str, settings: Features, language: str | None = None) -> np.ndarray:
        """Compute the feature at every character of a text: bool or int32 (characters,)."""
        return self.function(text, *(language if key == LANGUAGE else getattr(settings, key) for key in self.keys))


FEATURES: dict[str, Feature] = {}


def feature(lists: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Register a function as a feature.

    Parameters
    ----------
    lists
        Names of the lists that have it, each in the order in which functions are registered.
    """

    def register(function: Function) -> Function:
        FEATURES[function.__name__] = Feature(function.__name__, function, lists)
        return function

    return register


def chosen_features(words: list[str], language: str | None = None) -> list[Feature]:
    """Return the features that some words name.

    Parameters
    ----------
    words
        One word, the name of a list; or names of features.
    language
        Programming language of the text, which some features need.

    Raises
    ------
    InputError
        If a word names neither, or a feature that needs a language without one.
    """
    chosen = _named(words)
    for entry in chosen:
        if LANGUAGE in entry.keys and language is None:
            raise InputError(f"features: {entry.name} needs the language of the text, expected such as language: python")
    return chosen


def _named(words: list[str]) -> list[Feature]:
    """The features that some words name."""
    if len(words) == 1 and (listed := [entry for entry in FEATURES.values() if words[0] in entry.lists]):
        return listed
    unknown = [word for word in words if word not in FEATURES]
    if unknown:
        lists = sorted({name for entry in FEATURES.values() for name in entry.lists}, reverse=True)
        raise InputError(
            f"features: found {unknown[0]!r}, expected one list ({' or '.join(lists)}) or features ({', '.join(FEATURES)})"
        )
    return [FEATURES[word] for word in words]
