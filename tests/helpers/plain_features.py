"""The features of a text one character at a time, straight from their definitions, slow and obvious; no code of rnnscope's."""

BLANKS = b" \t\r"


def is_word(byte):
    return byte >= 128 or chr(byte).isalnum() or byte == ord("_")


def line_before(text, place):
    """The characters of the line that the character at `place` belongs to, up to and without it."""
    start = place
    while start > 0 and text[start - 1] != ord("\n"):
        start -= 1
    return text[start:place]


def ends_empty_line(text, place):
    """Whether the character ends a line of blanks that another line comes before."""
    before = line_before(text, place)
    return text[place] == ord("\n") and not before.strip(BLANKS) and len(before) < place


def line_position(text):
    return [0 if byte == ord("\n") else len(line_before(text, place)) + 1 for place, byte in enumerate(text)]


def newline_soon(text, within):
    return [ord("\n") in text[place + 1 : place + 1 + within] for place in range(len(text))]


def inside_quotes(text):
    state, values = False, []
    for place, byte in enumerate(text):
        if byte == ord('"'):
            state = not state
        if ends_empty_line(text, place):
            state = False
        values.append(state)
    return values


def inside_parentheses(text):
    depth, values = 0, []
    for place, byte in enumerate(text):
        if byte == ord("("):
            depth += 1
        if byte == ord(")") and depth > 0:
            depth -= 1
        if ends_empty_line(text, place):
            depth = 0
        values.append(depth > 0)
    return values


def indentation(text):
    values = []
    for place, byte in enumerate(text):
        line = b"" if byte == ord("\n") else line_before(text, place) + bytes([byte])
        count = 0
        while count < len(line) and line[count] in b" \t":
            count += 1
        values.append(count)
    return values


def inside_word(text):
    return [is_word(byte) for byte in text]


def word_position(text):
    values = []
    for byte in text:
        values.append((values[-1] if values else 0) + 1 if is_word(byte) else 0)
    return values


def capital(text):
    return [byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" for byte in text]


def sentence_start(text):
    """`ended`: an end mark was read, and closing marks at most since; `about`: a sentence is about to begin."""
    about, ended, values = True, False, []
    for place, byte in enumerate(text):
        if is_word(byte):
            about = False
        elif (ended and bytes([byte]).isspace()) or ends_empty_line(text, place):
            about = True
        ended = byte in b".!?" or (ended and byte in b"\"')]")
        values.append(about)
    return values


def is_name(byte):
    return byte < 128 and (chr(byte).isalnum() or byte == ord("_"))


def separated_number(text, place):
    """Where a number with apostrophes between its digits ends that begins at `place`; `place` where there is none."""
    if not 48 <= text[place] <= 57 or (place and is_name(text[place - 1])):
        return place
    end, separators = place, 0
    while end < len(text):
        if text[end] == ord("'") and end + 1 < len(text) and is_name(text[end + 1]):
            separators += 1
        elif not is_name(text[end]) and text[end] != ord("."):
            break
        end += 1
    return end if separators else place


def keyword_if(text, place):
    """Where the bracket of an `if (` or `if constexpr (` that begins at `place` stands; None where there is none."""
    if text[place : place + 2] != b"if" or (place and is_name(text[place - 1])):
        return None
    rest = text[place + 2 :]
    word = rest.lstrip(b" \t")
    if word.startswith(b"constexpr") and len(word) < len(rest):
        rest = word[len(b"constexpr") :]
    bracket = rest.lstrip(b" \t")
    return len(text) - len(bracket) if bracket.startswith(b"(") else None


def after_backslash(text, place):
    """Whether the line feed at `place` comes after a backslash, with a carriage return between or not."""
    return text[:place].endswith((b"\\", b"\\\r"))


class Machine:
    """Reads C source one character after another."""

    def __init__(self, text):
        self.text = text
        self.state, self.opened, self.quote, self.escaped = "code", None, None, False
        self.braces = self.condition = 0
        self.bracket_of_if = None
        self.directive, self.name_end, self.name, self.before, self.branches = False, None, b"", None, []
        self.only_blanks = True  # in this line so far, comments left aside
        self.understood = 0  # the characters before this place belong to a number or a name that was read whole

    def read(self, place):
        """Read one character; returns the five values after it."""
        byte, was = self.text[place], self.state
        line_ends = False
        if was == "code":
            if place >= self.understood:
                self.open(place)
        elif was == "block":
            if place >= self.opened + 3 and self.text[place - 1 : place + 1] == b"*/":
                self.state = "code"
        elif was == "line":
            if byte == ord("\n") and not after_backslash(self.text, place):
                self.state, line_ends = "code", True
        elif self.escaped:
            self.escaped = self.text[place - 1 : place + 2] == b"\\\r\n"
        elif byte == ord("\\"):
            self.escaped = True
        elif byte in (self.quote, ord("\n")):
            self.state, line_ends = "code", byte == ord("\n")
        if place == self.name_end:
            self.follow_branches()
        if was == "code" and byte == ord("\n"):
            line_ends = not after_backslash(self.text, place)
        if line_ends:
            self.end_line(place)
        elif "block" not in (was, self.state) and byte not in BLANKS:
            self.only_blanks = False
        return (
            self.state in ("block", "line") and place > self.opened,
            self.state == "literal",
            self.condition > 0,
            self.braces,
            self.directive,
        )

    def open(self, place):
        text, byte = self.text, self.text[place]
        if text[place : place + 2] == b"/*":
            self.state, self.opened = "block", place
        elif text[place : place + 2] == b"//":
            self.state, self.opened = "line", place
        elif byte in b"\"'":
            self.state, self.quote, self.escaped = "literal", byte, False
        elif separated_number(text, place) > place:
            self.understood = separated_number(text, place)
        elif keyword_if(text, place) is not None:
            self.bracket_of_if = keyword_if(text, place)
        elif byte == ord("#"):
            self.open_directive(place)
        elif byte == ord("{"):
            self.braces += 1
        elif byte == ord("}"):
            self.braces = max(self.braces - 1, 0)
        elif byte == ord("(") and (self.condition or self.bracket_of_if == place):
            self.condition += 1
        elif byte == ord(")") and self.condition:
            self.condition -= 1

    def open_directive(self, place):
        start = place + 1
        while start < len(self.text) and self.text[start] in b" \t":
            start += 1
        end = start
        while end < len(self.text) and is_name(self.text[end]):
            end += 1
        self.understood = end
        if self.only_blanks:
            self.directive, self.name_end, self.name = True, end - 1, self.text[start:end]

    def follow_branches(self):
        if self.name in (b"if", b"ifdef", b"ifndef"):
            self.branches.append((self.braces, self.condition))
        elif self.name.startswith(b"el") and self.branches:
            self.braces, self.condition = self.branches[-1]
        elif self.name == b"endif" and self.branches:
            self.branches.pop()
        self.before = (self.braces, self.condition)

    def end_line(self, place):
        if self.directive:
            self.directive = False
            self.braces, self.condition = self.before
        if not line_before(self.text, place).strip(BLANKS):
            self.condition = 0
        self.only_blanks = True


def code_features(text):
    machine = Machine(text)
    rows = [machine.read(place) for place in range(len(text))]
    names = ("inside_comment", "inside_string", "inside_if_condition", "brace_depth", "inside_preprocessor")
    return {name: [row[column] for row in rows] for column, name in enumerate(names)}
