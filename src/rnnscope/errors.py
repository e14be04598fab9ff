"""The one exception that stands for a user's mistake."""


class InputError(Exception):
    """Bad input, told in one line: the file or key, what was found, what was expected."""
