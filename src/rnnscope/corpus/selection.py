"""The files of a tree that make up a text, and their order."""

import random
from collections.abc import Iterable

from pathspec import GitIgnoreSpec

from rnnscope.errors import InputError, quoted


def compile_patterns(patterns: list[str]) -> GitIgnoreSpec:
    """Compile patterns in gitignore syntax; raises InputError naming a pattern that is not valid."""
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise InputError(f"members: found {quoted(pattern)}, expected a pattern in gitignore syntax") from None
    return GitIgnoreSpec.from_lines(patterns)


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """Return paths in an order that `seed` determines.

    They are sorted and then shuffled, so a leading folder shared by all paths changes nothing.
    """
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return order
