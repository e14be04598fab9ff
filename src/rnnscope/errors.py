"""The exception for a user's mistake."""


class InputError(Exception):
    """Bad input, reported in one line: the file or key, what was found, what was expected."""
