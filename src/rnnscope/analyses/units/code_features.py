"""What C or C++ source is doing at each of its characters, told from the text alone, by a scan of its lexical structure.

As in `text_features`, the value at a character is the state after that character was read. What opens something is inside
from its last character on (the `*` of `/*`), what closes something is outside at its last (the `/` of `*/`).

The scan knows comments, literals with their escapes, line continuations and preprocessor directives; it expands no macros. Source
that does not hold together is read so that one mistake does not spread: a literal ends with its line at the latest, an
empty line ends a condition, and what an #if opens and its #else opens again is counted once.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from rnnscope.analyses.units.text_features import piecewise

TOKEN = re.compile(
    rb"""
      (?P<block>/\*(?:[\s\S]*?\*/|[\s\S]*))
    | (?P<line>//(?:\\\r?\n|[^\n])*+)
    | (?P<literal>(?P<quote>["'])(?:\\(?:\r\n|[\s\S]|\Z)|(?!(?P=quote))[^\\\n])*+(?P<closing>(?P=quote)?))
    | (?P<number>\b\d[\w.]*(?:'\w[\w.]*)+)            # apostrophes between digits open no literal
    | (?P<continuation>\\\r?\n)
    | (?P<newline>\n)
    | (?P<directive>\#[ \t]*(?P<name>\w*))
    | (?P<condition>\bif\b[ \t]*(?:constexpr\b[ \t]*)?\()
    | (?P<bracket>[(){}])
    """,
    re.VERBOSE,
)
BLANKS = b" \t\r"


@dataclass
class Nesting:
    """Open braces, and round brackets open since and with that of an `if`."""

    braces: int = 0
    condition: int = 0

    def copy(self) -> "Nesting":
        """The same counts, to go back to."""
        return Nesting(self.braces, self.condition)

    def read(self, bracket: bytes) -> None:
        """Count a bracket; a closing one without an opening one counts for nothing."""
        if bracket == b"{":
            self.braces += 1
        elif bracket == b"}":
            self.braces = max(self.braces - 1, 0)
        elif self.condition:
            self.condition += 1 if bracket == b"(" else -1


@dataclass
class Scan:
    """A text read token by token: where each state changes, and to what."""

    text: bytes
    comments: list[int] = field(default_factory=list)  # where one begins, where it ends, and so on
    literals: list[int] = field(default_factory=list)
    directives: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # where the nesting changes
    braces: list[int] = field(default_factory=list)
    conditions: list[bool] = field(default_factory=list)
    nesting: Nesting = field(default_factory=Nesting)
    before_directive: Nesting | None = None  # None outside directives
    branches: list[Nesting] = field(default_factory=list)  # the nesting before each open #if
    clean_from: int | None = 0  # since here the line holds comments alone; None once it holds more

    def note(self, place: int) -> None:
        """Keep the nesting as it is from `place` on."""
        self.places.append(place)
        self.braces.append(self.nesting.braces)
        self.conditions.append(self.nesting.condition > 0)

    def clean(self, start: int) -> bool:
        """Whether the line holds nothing but blanks and comments before `start`."""
        return self.clean_from is not None and not self.text[self.clean_from : start].strip(BLANKS)

    def read(self, token: re.Match) -> None:
        """Read the next token; every kind has its own method."""
        getattr(self, f"read_{token.lastgroup}")(token)
        if token.lastgroup not in ("block", "newline"):
            self.clean_from = None

    def read_block(self, token: re.Match) -> None:
        """A /* comment, up to the end of the text when nothing closes it."""
        closed = len(token[0]) >= 4 and token[0].endswith(b"*/")
        self.comments += [token.start() + 1, token.end() - 1 if closed else token.end()]
        self.clean_from = token.end() if self.clean(token.start()) else None

    def read_line(self, token: re.Match) -> None:
        """A // comment, up to the line feed."""
        self.comments += [token.start() + 1, token.end()]

    def read_literal(self, token: re.Match) -> None:
        """A string or character literal; without a closing quote it ends before the line feed."""
        self.literals += [token.start(), token.end() - len(token["closing"])]

    def read_number(self, token: re.Match) -> None:
        """A number with digit separators changes nothing."""

    def read_continuation(self, token: re.Match) -> None:
        """A line feed after a backslash ends nothing."""

    def read_newline(self, token: re.Match) -> None:
        """A line feed ends a directive; that of an empty line ends a condition."""
        place = token.start()
        if self.before_directive is not None:
            self.directives.append(place)
            self.nesting, self.before_directive = self.before_directive, None
            self.note(place)
        if self.nesting.condition and not self.text[self.text.rfind(b"\n", 0, place) + 1 : place].strip(BLANKS):
            self.nesting.condition = 0
            self.note(place)
        self.clean_from = token.end()

    def read_directive(self, token: re.Match) -> None:
        """A # with the word after it: a directive where it is the first in its line."""
        if self.before_directive is not None or not self.clean(token.start()):
            return
        self.directives.append(token.start())
        self.follow_branches(token["name"])
        self.note(token.end() - 1)
        self.before_directive = self.nesting.copy()

    def follow_branches(self, directive: bytes) -> None:
        """Every branch of an #if begins with the nesting before the #if; the last one's holds after the #endif."""
        if directive in (b"if", b"ifdef", b"ifndef"):
            self.branches.append(self.nesting.copy())
        elif directive.startswith(b"el") and self.branches:
            self.nesting = self.branches[-1].copy()
        elif directive == b"endif" and self.branches:
            self.branches.pop()

    def read_condition(self, token: re.Match) -> None:
        """The `if (` that opens a condition, or one more bracket inside of one."""
        self.nesting.condition += 1
        self.note(token.end() - 1)

    def read_bracket(self, token: re.Match) -> None:
        """A bracket outside comments and literals."""
        self.nesting.read(token[0])
        self.note(token.start())


def between(bounds: list[int], length: int) -> np.ndarray:
    """True from the first bound up to the second, from the third up to the fourth, ...: bool (length,)."""
    return piecewise(bounds, [place % 2 == 0 for place in range(len(bounds))], length, bool)


def code_features(text: bytes) -> dict[str, np.ndarray]:
    """All features of C and C++ source by name, each (characters,).

    - `inside_comment`, bool: inside `/* */` or, up to the line feed, `//` (continued by a backslash at the line's end).
    - `inside_string`, bool: inside a string or character literal, whose escapes may hide its quote. Raw strings are read
      as plain ones. An unclosed literal ends with its line, an escaped line feed continuing it.
    - `inside_if_condition`, bool: between the round brackets of `if (...)` or `if constexpr (...)`, at any depth.
    - `brace_depth`, int32: open curly brackets outside comments and literals; a closing one without an opening one counts
      for nothing. A directive's own brackets count up to the end of its line alone.
    - `inside_preprocessor`, bool: in a directive, from its `#` up to the line feed that no backslash or comment continues.
    """
    scan = Scan(text)
    for token in TOKEN.finditer(text):
        scan.read(token)
    length = len(text)
    return {
        "inside_comment": between(scan.comments, length),
        "inside_string": between(scan.literals, length),
        "inside_if_condition": piecewise(scan.places, scan.conditions, length, bool),
        "brace_depth": piecewise(scan.places, scan.braces, length, np.int32),
        "inside_preprocessor": between(scan.directives, length),
    }
