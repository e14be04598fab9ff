"""What every stage's `main` shares: logging to standard error, and one clear line for a user's mistake."""

import argparse
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

from rnnscope.errors import InputError


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`. A user's mistake ends as one line on standard error and exit code 1.

    Errors of the operating system that name a file (missing, read-only, disk full) are told the same way;
    anything else is a fault of the program and keeps its traceback. A stage does not outlive the process that
    `RNNSCOPE_STARTED_BY` names: started again, with other settings perhaps, the run would have two writers.
    """
    if starter := os.environ.get("RNNSCOPE_STARTED_BY"):
        threading.Thread(target=_end_with, args=(int(starter),), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S", stream=sys.stderr)
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        sys.exit(f"error: {error.filename or 'file system'}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted")


def _end_with(process: int) -> None:
    """End this process, as a kill would, at most a second after another one."""
    while True:
        try:
            os.kill(process, 0)  # sends nothing; fails when there is no such process
        except ProcessLookupError:
            print(f"error: process {process}, which started this one, is gone", file=sys.stderr, flush=True)
            os._exit(1)
        except PermissionError:
            pass  # it is there, and somebody else's
        time.sleep(1)


def integer_range(text: str) -> range:
    """Parse `3` or `1-20` (both ends included) as a range of positive integers, for argparse."""
    first, dash, last = text.partition("-")
    try:
        numbers = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number or a range such as 1-20") from None
    if not numbers or numbers[0] < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected positive numbers, the smaller one first")
    return numbers
