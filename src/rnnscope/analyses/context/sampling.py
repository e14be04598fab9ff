"""Which test characters are predicted with a limited past, and which other text stands in for the rest of their past."""

from dataclasses import dataclass

import numpy as np

from rnnscope.errors import InputError
from rnnscope.settings.context import Context


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
            f"--lengths, --shuffled: found {min(settings.lengths)} and {settings.shuffled}, expected a sum of at most "
            f"{steps // 2}, half of the {steps} test characters of a stream"
        )
    if streams < 2:
        raise InputError("split.streams: found 1, expected at least 2: the past of one is replaced by that of another")
    first = lengths[-1] + settings.shuffled
    available = streams * (steps - first)
    chosen = np.sort(random.choice(available, min(settings.targets, available), replace=False))
    stream, step = np.divmod(chosen, steps - first)
    other = (stream + random.integers(1, streams, len(stream))) % streams
    return Targets(stream, step + first, other, lengths)
