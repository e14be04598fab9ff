"""A scan of the lexical structure of C and C++ source: where comments, literals, directives and brackets begin and end.

What opens something is inside from its last character on (the `*` of `/*`). What closes something is outside at its last
(the `/` of `*/`).

The scan knows comments, literals with their escapes, line continuations and preprocessor directives. It expands no macros.
Faulty source is read so that one mistake does not spread: a literal ends with its line at the latest, an empty line closes
all round brackets, and what an #if opens and its #else opens again is counted once.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

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
    """Open braces, open round brackets, and those of them from that of an `if` on."""

    braces: int = 0
    parentheses: int = 0
    condition: int = 0

    def copy(self) -> "Nesting":
        """Return the same counts, to come back to."""
        return Nesting(self.braces, self.parentheses, self.condition)

    def read(self, bracket: bytes) -> None:
        """Count a bracket; a closing one without an opening one changes nothing."""
        if bracket == b"{":
            self.braces += 1
        elif bracket == b"}":
            self.braces = max(self.braces - 1, 0)
        else:
            change = 1 if bracket == b"(" else -1
            self.parentheses = max(self.parentheses + change, 0)
            self.condition += change if self.condition else 0


@dataclass
class Scan:
    """A text read token by token: at which index each state changes, and to what.

    Parameters
    ----------
    text
        The source.
    comments, literals, directives
        Where the first one begins, where it ends, where the second one begins, and so on.
    changes
        Where the nesting of brackets changes.
    braces, parentheses, conditions
        The depth of braces, whether a round bracket and whether a condition is open, from each of `changes` on.
    """

    text: bytes
    comments: list[int] = field(default_factory=list)
    literals: list[int] = field(default_factory=list)
    directives: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    braces: list[int] = field(default_factory=list)
    parentheses: list[bool] = field(default_factory=list)
    conditions: list[bool] = field(default_factory=list)
    nesting: Nesting = field(default_factory=Nesting)
    before_directive: Nesting | None = None  # None outside directives
    branches: list[Nesting] = field(default_factory=list)  # the nesting before each open #if
    clean_from: int | None = 0  # from here on the line holds only comments; None once it holds more

    def note(self, index: int) -> None:
        """Record the nesting as it is from `index` on."""
        self.changes.append(index)
        self.braces.append(self.nesting.braces)
        self.parentheses.append(self.nesting.parentheses > 0)
        self.conditions.append(self.nesting.condition > 0)

    def clean(self, start: int) -> bool:
        """Return whether the line holds only blanks and comments before `start`."""
        return self.clean_from is not None and not self.text[self.clean_from : start].strip(BLANKS)

    def read(self, token: re.Match) -> None:
        """Read the next token; every kind of token has its own method."""
        getattr(self, f"read_{token.lastgroup}")(token)
        if token.lastgroup not in ("block", "newline"):
            self.clean_from = None

    def read_block(self, token: re.Match) -> None:
        """Read a /* comment, which extends to the end of the text when nothing closes it."""
        closed = len(token[0]) >= 4 and token[0].endswith(b"*/")
        self.comments += [token.start() + 1, token.end() - 1 if closed else token.end()]
        self.clean_from = token.end() if self.clean(token.start()) else None

    def read_line(self, token: re.Match) -> None:
        """Read a // comment, up to the line feed."""
        self.comments += [token.start() + 1, token.end()]

    def read_literal(self, token: re.Match) -> None:
        """Read a string or character literal; without a closing quote it ends before the line feed."""
        self.literals += [token.start(), token.end() - len(token["closing"])]

    def read_number(self, token: re.Match) -> None:
        """Read a number with digit separators, which changes nothing."""

    def read_continuation(self, token: re.Match) -> None:
        """Read a line feed after a backslash, which ends nothing."""

    def read_newline(self, token: re.Match) -> None:
        """Read a line feed: it ends a directive, and that of an empty line closes all round brackets."""
        start = token.start()
        if self.before_directive is not None:
            self.directives.append(start)
            self.nesting, self.before_directive = self.before_directive, None
            self.note(start)
        if self.nesting.parentheses and not self.text[self.text.rfind(b"\n", 0, start) + 1 : start].strip(BLANKS):
            self.nesting.parentheses = self.nesting.condition = 0
            self.note(start)
        self.clean_from = token.end()

    def read_directive(self, token: re.Match) -> None:
        """Read a # with the word after it: a directive where it is the first in its line."""
        if self.before_directive is not None or not self.clean(token.start()):
            return
        self.directives.append(token.start())
        self.follow_branches(token["name"])
        self.note(token.end() - 1)
        self.before_directive = self.nesting.copy()

    def follow_branches(self, directive: bytes) -> None:
        """Begin every branch of an #if with the nesting before the #if; that of the last branch holds after the #endif."""
        if directive in (b"if", b"ifdef", b"ifndef"):
            self.branches.append(self.nesting.copy())
        elif directive.startswith(b"el") and self.branches:
            self.nesting = self.branches[-1].copy()
        elif directive == b"endif" and self.branches:
            self.branches.pop()

    def read_condition(self, token: re.Match) -> None:
        """Read the `if (` that opens a condition, or one more bracket inside of one."""
        self.nesting.parentheses += 1
        self.nesting.condition += 1
        self.note(token.end() - 1)

    def read_bracket(self, token: re.Match) -> None:
        """Read a bracket outside comments and literals."""
        self.nesting.read(token[0])
        self.note(token.start())


@lru_cache(maxsize=1)  # all features of code share the scan of their text
def scan_code(text: bytes) -> Scan:
    """Scan C or C++ source."""
    scan = Scan(text)
    for token in TOKEN.finditer(text):
        scan.read(token)
    return scan
