"""The exception for a user's mistake, and the spelling of text from elsewhere in messages."""


def printable(text: str) -> str:
    """Return a text with everything that is not visible spelled out, as in `\\x1b`: control characters could steer a terminal.

    What is spelled out once stays as it is.
    """
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def shortened(text: str, length: int = 120) -> str:
    """Return a text with its middle left out where it has more than `length` characters."""
    if len(text) <= length:
        return text
    end = (length - 3) // 4
    return f"{text[: length - 3 - end]}...{text[len(text) - end :]}"


def quoted(value: object) -> str:
    """Return what was found as Python writes it, shortened."""
    return shortened(repr(value))


class InputError(Exception):
    """Bad input, reported in one line: the file or key, what was found, what was expected.

    Several mistakes are several arguments, each a line of its own. Whatever a message quotes is printable.
    """

    def __str__(self) -> str:
        return "\n".join(printable(str(line)) for line in self.args)
