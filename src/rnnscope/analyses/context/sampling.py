"""Which test characters are predicted with a limited past, and which other text stands in for the rest of their past."""

from dataclasses import dataclass, replace

import numpy as np

from rnnscope.errors import InputError
from rnnscope.settings.context import Context, Timescales

PER_DECADE = 8  # distances between one and ten, ten and a hundred, ...


@dataclass(frozen=True)
class Targets:
    """The same targets for all models and lengths.

    Parameters
    ----------
    stream, step
        Int64 (targets,): each is column step + 1 of row `stream` of the test part, and is predicted after column `step` was read.
    other_stream
        Int64 (targets,): another stream, whose text replaces the past of the target.
    lengths
        Characters that are read before a target, ascending: those of the settings for which the streams are long enough.
    """

    stream: np.ndarray
    step: np.ndarray
    other_stream: np.ndarray
    lengths: list[int]

    def __len__(self) -> int:
        return len(self.stream)


def fitted(settings: Context, steps: int) -> Context:
    """Return the settings with as many shuffled characters as streams of `steps` test characters allow: a quarter of them."""
    return replace(settings, shuffled=max(1, min(settings.shuffled, steps // 4)))


def draw_targets(streams: int, steps: int, settings: Context, random: np.random.Generator) -> Targets:
    """Draw the targets without replacement, in the order of the text.

    A target has in its stream as many characters before it as the longest length and the shuffled ones together, so that at every
    length its whole past is longer. Lengths that would leave less than half of the streams are left out.

    Parameters
    ----------
    streams, steps
        Shape of the test part without the last target.
    settings
        Lengths, and how many targets.
    random
        Draws them.

    Raises
    ------
    InputError
        If the streams are too short for any length, or if there is only one.
    """
    lengths = [length for length in sorted(settings.lengths) if length + settings.shuffled <= steps // 2]
    if not lengths:
        raise InputError(
            f"context.lengths: found {min(settings.lengths)} with {settings.shuffled} shuffled, expected a sum of at most "
            f"{steps // 2}, half of the {steps} test characters of a stream, or no section context"
        )
    first = lengths[-1] + settings.shuffled
    available = streams * (steps - first)
    chosen = np.sort(random.choice(available, min(settings.targets, available), replace=False))
    stream, step = np.divmod(chosen, steps - first)
    return Targets(stream, step + first, other_streams(stream, streams, random), lengths)


def draw_places(
    streams: int, steps: int, sequence_length: int, settings: Timescales, random: np.random.Generator
) -> tuple[Targets, int]:
    """Draw the places after which the past is swapped, without replacement, in the order of the text.

    A place has a segment of its stream before it, where the streams are long enough, and after it the characters that are read.

    Parameters
    ----------
    streams, steps
        Shape of the test part without the last target.
    sequence_length
        Characters of a segment.
    settings
        How many places, and how many characters after each: at most half of a stream.
    random
        Draws them.

    Returns
    -------
    places : Targets
        Their lengths are the distances behind the swap that are reported.
    longest : int
        Characters that are read after each.

    Raises
    ------
    InputError
        If the streams are too short, or if there is only one.
    """
    longest = min(settings.longest, steps // 2)
    if not longest:
        raise InputError(f"found a test part of {steps} character a stream, expected at least 2: one before and one after a swap")
    first = min(sequence_length, steps - longest - 1)
    available = streams * (steps - longest - first)
    chosen = np.sort(random.choice(available, min(settings.places, available), replace=False))
    stream, step = np.divmod(chosen, steps - longest - first)
    return Targets(stream, step + first, other_streams(stream, streams, random), log_spaced(longest)), longest


def other_streams(stream: np.ndarray, streams: int, random: np.random.Generator) -> np.ndarray:
    """Draw for each of some streams one of the others, int64; raises InputError if there is only one."""
    if streams < 2:
        raise InputError("split.streams: found 1, expected at least 2: the past of one is replaced by that of another")
    return (stream + random.integers(1, streams, len(stream))) % streams


def log_spaced(longest: int) -> list[int]:
    """Return whole numbers from 1 to `longest`, `PER_DECADE` for each factor of ten where there are enough."""
    points = np.geomspace(1, longest, 1 + int(np.ceil(PER_DECADE * np.log10(longest))))
    return [int(number) for number in np.unique(np.round(points))]
