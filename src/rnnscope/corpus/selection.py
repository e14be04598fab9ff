"""Which files of a tree make up a text, and in which order."""

import random
from collections.abc import Iterable

from pathspec import GitIgnoreSpec

from rnnscope.errors import InputError


def compile_patterns(patterns: list[str]) -> GitIgnoreSpec:
    """Compile patterns in gitignore syntax. Raises InputError naming the pattern that is not one."""
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise InputError(f"members: found {pattern!r}, expected a pattern in gitignore syntax") from None
    return GitIgnoreSpec.from_lines(patterns)


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """The paths sorted, then shuffled by `seed`.

    Only the sorted order and the seed decide, so a leading folder shared by all paths changes nothing.
    """
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return order
