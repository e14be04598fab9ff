"""What a person sees of a running stage: the progress of long work, and warnings."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from rnnscope.errors import printable

SECONDS_BETWEEN_LINES = 10.0

log = logging.getLogger(__name__)

Advance = Callable[[int], object]


@contextmanager
def progress(what: str, total: int, unit: str, done: int = 0) -> Iterator[Advance]:
    """Show how much is done and the time left; yield the function that reports progress.

    On a terminal this is a bar; elsewhere one log line every `SECONDS_BETWEEN_LINES` seconds.

    Parameters
    ----------
    what
        Name of the work.
    total
        Its amount, in units.
    unit
        Name of a unit, plural.
    done
        Units that were done before.

    Yields
    ------
    callable
        To be called with the units done since the last call.
    """
    if sys.stderr.isatty():
        with tqdm(desc=what, total=total, unit=unit, initial=done, unit_scale=True, leave=False) as bar:
            yield bar.update
        return
    state = {"done": done, "reported": time.monotonic()}
    start = time.monotonic()

    def advance(amount: int) -> None:
        state["done"] += amount
        now = time.monotonic()
        if now - state["reported"] >= SECONDS_BETWEEN_LINES:
            state["reported"] = now
            left = (now - start) * (total - state["done"]) / max(state["done"] - done, 1)
            log.info("%s: %s of %s %s, %s left", what, f"{state['done']:,}", f"{total:,}", unit, duration(left))

    yield advance


def warn(log: logging.Logger, message: str) -> None:
    """Log a warning, and print it on standard output, which the workflow shows on the screen."""
    log.warning("%s", message)
    print(printable(f"warning: {message}"), flush=True)


def duration(seconds: float) -> str:
    """Return a length of time, in seconds, as `1:02:03` or `2:03`."""
    minutes, whole_seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_seconds:02}" if hours else f"{minutes}:{whole_seconds:02}"
