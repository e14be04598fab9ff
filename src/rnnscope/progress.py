"""Progress of long work: a bar on a terminal, a line now and then in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0

log = logging.getLogger(__name__)


Advance = Callable[[int], object]


@contextmanager
def progress(what: str, total: int, unit: str, done: int = 0) -> Iterator[Advance]:
    """Show how much of `total` units is done and the time left; yields the function that advances it.

    On a terminal this is a bar; elsewhere one log line every `SECONDS_BETWEEN_LINES` seconds.
    """
    if sys.stderr.isatty():
        with tqdm(desc=what, total=total, unit=unit, initial=done, unit_scale=True, leave=False) as bar:
            yield bar.update
        return
    state = {"done": done, "told": time.monotonic()}
    start = time.monotonic()

    def advance(amount: int) -> None:
        state["done"] += amount
        now = time.monotonic()
        if now - state["told"] >= SECONDS_BETWEEN_LINES:
            state["told"] = now
            left = (now - start) * (total - state["done"]) / max(state["done"] - done, 1)
            log.info("%s: %s of %s %s, %s left", what, f"{state['done']:,}", f"{total:,}", unit, duration(left))

    yield advance


def duration(seconds: float) -> str:
    """A length of time as `1:02:03` or `2:03`."""
    minutes, whole_seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_seconds:02}" if hours else f"{minutes}:{whole_seconds:02}"
