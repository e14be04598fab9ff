"""How a source says that it does not answer."""


class UnavailableError(Exception):
    """A source does not answer, for the reason given in one line; the next source of the corpus is tried.

    A source that answers with something else than what was declared is an InputError instead: it stops the run.
    """
