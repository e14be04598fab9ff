"""The command line of every stage: flags from a function's signature, logging, one line for a user's mistake.

A stage is a function. Each of its parameters is a flag of the same name; a parameter that is a section of the settings
(`rnnscope.settings`) is a flag for each of its keys. The help texts are those of the function's docstring and of the settings.
"""

import argparse
import inspect
import logging
import os
import re
import sys
import threading
import time
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from rnnscope.errors import InputError, printable, shortened
from rnnscope.settings.base import Section, flag_of, settings_of
from rnnscope.source_files import check_source

Stage = Callable[..., None]
PARAMETER = re.compile(r"^(\w+(?:, \w+)*)(?: : .*)?$")


def run(main: Stage | Mapping[str, Stage]) -> None:
    """Run a stage with the flags of the command line.

    A user's mistake (`InputError`, or an error of the operating system that names a file) ends as one line on standard
    error and exit code 1; anything else is a fault of the program and keeps its traceback. A stage does not outlive the
    process whose number is in the environment variable `RNNSCOPE_STARTED_BY`: otherwise a run that is started again would
    have two writers. Nor does it run with a source that was changed since the run began (`rnnscope.source_files`).

    Parameters
    ----------
    main
        The stage, or several stages by the word that chooses one on the command line.
    """
    if starter := os.environ.get("RNNSCOPE_STARTED_BY"):
        threading.Thread(target=_end_with, args=(int(starter),), daemon=True).start()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PrintableLine("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        checked = check_source()
        stage, arguments = parse(main, sys.argv[1:])
        stage(**arguments)
        check_source(checked)  # what it imported later
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        sys.exit(printable(f"error: {error.filename or 'file system'}: {error.strerror}"))
    except KeyboardInterrupt:
        sys.exit("error: interrupted")


class _PrintableLine(logging.Formatter):
    """A log line in which control characters are spelled out."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name in logging)
        return printable(super().formatMessage(record))


class _Parser(argparse.ArgumentParser):
    """A parser whose messages about bad words are printable."""

    def error(self, message: str) -> typing.NoReturn:
        """End the process with the usage and a message, which may quote whatever was on the command line."""
        super().error(shortened(printable(message), 500))


def write_output(text: bytes, raw: bool = False) -> None:
    """Write text to the standard output.

    Parameters
    ----------
    text
        In UTF-8, perhaps not valid.
    raw
        Whether a terminal gets the bytes as they are; a file or a pipe always does. Otherwise control characters, and bytes
        that are no UTF-8, are spelled out: a text could steer the terminal.
    """
    if not raw and sys.stdout.isatty():
        lines = text.decode(errors="backslashreplace").replace("\r\n", "\n").split("\n")
        text = "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines).encode()
    sys.stdout.buffer.write(text)


def parse(main: Stage | Mapping[str, Stage], words: list[str]) -> tuple[Stage, dict[str, Any]]:
    """Parse the words of a command line.

    Parameters
    ----------
    main
        As in `run`.
    words
        Without the name of the program.

    Returns
    -------
    stage : callable
        The function to call.
    arguments : dict
        Its arguments by name.

    Raises
    ------
    InputError
        If a setting is out of its bounds. Flags that are missing, unknown or of a wrong type end the process with the
        usage, as argparse does.
    """
    if callable(main):
        parser = _Parser(description=_summary(main))
        _add_flags(parser, main)
        return main, _arguments(main, parser.parse_args(words))
    parser = _Parser()
    commands = parser.add_subparsers(dest="command", required=True, metavar=" | ".join(main))
    for word, stage in main.items():
        _add_flags(commands.add_parser(word, help=_summary(stage), description=_summary(stage)), stage)
    values = parser.parse_args(words)
    return main[values.command], _arguments(main[values.command], values)


def _summary(stage: Stage) -> str:
    return (inspect.getdoc(stage) or "").partition("\n")[0]


def _add_flags(parser: argparse.ArgumentParser, stage: Stage) -> None:
    """Give `parser` the flags of a stage."""
    texts = parameter_texts(inspect.getdoc(stage) or "")
    kinds = typing.get_type_hints(stage)
    for name, parameter in inspect.signature(stage).parameters.items():
        if _is_section(kinds[name]):
            defaults = {key: getattr(kinds[name], key, inspect.Parameter.empty) for key in settings_of(kinds[name])}
            for key, (kind, declared) in settings_of(kinds[name]).items():
                _add_flag(parser, key, kind, defaults[key], f"{declared.meaning}; {declared.expectation(kind)}")
        else:
            _add_flag(parser, name, kinds[name], parameter.default, texts.get(name, ""))


def _add_flag(parser: argparse.ArgumentParser, name: str, kind: Any, default: Any, text: str) -> None:
    """One flag of the type `kind`: a path, a text, a number, a list of these, or one of these or None; a bool is a bare word."""
    options: dict[str, Any] = {}
    if kind is bool:
        parser.add_argument(flag_of(name), dest=name, action="store_true", help=text.replace("%", "%%"))
        return
    if default is inspect.Parameter.empty:
        options["required"] = True
    else:
        options["default"] = default
        if default is not None:
            text = f"{text} (default {default!r})" if text else f"default {default!r}"
    options["help"] = text.replace("%", "%%")
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        (kind,) = (member for member in typing.get_args(kind) if member is not types.NoneType)
    if typing.get_origin(kind) is list:
        options["nargs"] = "+"
        (kind,) = typing.get_args(kind)
    parser.add_argument(flag_of(name), dest=name, type=kind, **options)


def _arguments(stage: Stage, values: argparse.Namespace) -> dict[str, Any]:
    """The arguments of a stage from a parsed command line."""
    arguments = {}
    for name, kind in typing.get_type_hints(stage).items():
        if name == "return":
            continue
        if _is_section(kind):
            arguments[name] = _section(kind, values)
        else:
            arguments[name] = getattr(values, name)
    return arguments


def _section(kind: type[Section], values: argparse.Namespace) -> Section:
    """A section from a parsed command line. Raises InputError naming the flag of a bad value."""
    given = {}
    for key, (key_kind, declared) in settings_of(kind).items():
        given[key] = getattr(values, key)
        declared.check(flag_of(key), given[key], key_kind)
    return kind(**given)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return the description of each parameter in the section Parameters of a numpydoc docstring, on one line.

    Parameters
    ----------
    docstring
        With its indentation removed.

    Returns
    -------
    dict of str
        By name of the parameter; `a, b` in the docstring gives both names the same text.
    """
    _, _, section = docstring.partition("Parameters\n----------\n")
    section = re.split(r"\n\n\w[\w ]*\n-+\n", section)[0]
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith(" ") and names:
            for name in names:
                texts[name] = f"{texts[name]} {line.strip()}".strip()
        elif match := PARAMETER.match(line):
            names = match[1].split(", ")
            texts |= dict.fromkeys(names, "")
    return texts


def _end_with(process: int) -> None:
    """End this process, as a kill would, at most a second after another one ended."""
    while True:
        try:
            os.kill(process, 0)  # sends nothing; fails when there is no such process
        except ProcessLookupError:
            print(f"error: process {process}, which started this one, has ended", file=sys.stderr, flush=True)
            os._exit(1)
        except PermissionError:
            pass  # it exists, and belongs to another user
        time.sleep(1)
