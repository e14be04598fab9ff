"""The error of a source that is not available."""


class UnavailableError(Exception):
    """A source is not available, for the reason given in one line; the next source of the corpus is tried.

    A source that has something else than what was declared is an InputError instead: it stops the run.
    """
