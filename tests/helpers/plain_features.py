"""The features of a text one character at a time, straight from their definitions, slow and obvious; no code of rnnscope.

One function a feature, of the same name and parameters.
"""

BLANKS = b" \t\r"


def is_word(byte):
    return byte >= 128 or chr(byte).isalnum() or byte == ord("_")


def line_before(text, index):
    """The characters of the line of the character at `index`, up to and without it."""
    start = index
    while start > 0 and text[start - 1] != ord("\n"):
        start -= 1
    return text[start:index]


def ends_empty_line(text, index):
    """Whether the character ends a line of blanks that another line comes before."""
    before = line_before(text, index)
    return text[index] == ord("\n") and not before.strip(BLANKS) and len(before) < index


def line_position(text):
    return [0 if byte == ord("\n") else len(line_before(text, index)) + 1 for index, byte in enumerate(text)]


def newline_soon(text, newline_within):
    return [ord("\n") in text[index + 1 : index + 1 + newline_within] for index in range(len(text))]


def inside_quotes(text):
    state, values = False, []
    for index, byte in enumerate(text):
        if byte == ord('"'):
            state = not state
        if ends_empty_line(text, index):
            state = False
        values.append(state)
    return values


def inside_parentheses(text):
    depth, values = 0, []
    for index, byte in enumerate(text):
        if byte == ord("("):
            depth += 1
        if byte == ord(")") and depth > 0:
            depth -= 1
        if ends_empty_line(text, index):
            depth = 0
        values.append(depth > 0)
    return values


def indentation(text):
    values = []
    for index, byte in enumerate(text):
        line = b"" if byte == ord("\n") else line_before(text, index) + bytes([byte])
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


def inside_number(text):
    return [chr(byte) in "0123456789" for byte in text]


def sentence_start(text):
    """`ended`: an end mark was read, and closing marks at most since; `about`: a sentence is about to begin."""
    about, ended, values = True, False, []
    for index, byte in enumerate(text):
        if byte >= 0xC0:
            pass  # the first byte of a letter of several: nothing is known until its last
        elif is_word(byte):
            about = False
        elif (ended and bytes([byte]).isspace()) or ends_empty_line(text, index):
            about = True
        ended = byte in b".!?" or (ended and byte in b"\"')]")
        values.append(about)
    return values


def is_name(byte):
    return byte < 128 and (chr(byte).isalnum() or byte == ord("_"))


def separated_number(text, index):
    """Where a number with apostrophes between its digits ends that begins at `index`; `index` if there is none."""
    if not 48 <= text[index] <= 57 or (index and is_name(text[index - 1])):
        return index
    end, separators = index, 0
    while end < len(text):
        if text[end] == ord("'") and end + 1 < len(text) and is_name(text[end + 1]):
            separators += 1
        elif not is_name(text[end]) and text[end] != ord("."):
            break
        end += 1
    return end if separators else index


def keyword_if(text, index):
    """Index of the bracket of an `if (` or `if constexpr (` that begins at `index`; None if there is none."""
    if text[index : index + 2] != b"if" or (index and is_name(text[index - 1])):
        return None
    rest = text[index + 2 :]
    word = rest.lstrip(b" \t")
    if word.startswith(b"constexpr") and len(word) < len(rest):
        rest = word[len(b"constexpr") :]
    bracket = rest.lstrip(b" \t")
    return len(text) - len(bracket) if bracket.startswith(b"(") else None


def after_backslash(text, index):
    """Whether the line feed at `index` comes after a backslash, with a carriage return between or not."""
    return text[:index].endswith((b"\\", b"\\\r"))


class Machine:
    """Reads C source one character after another."""

    def __init__(self, text):
        self.text = text
        self.state, self.opened, self.quote, self.escaped = "code", None, None, False
        self.braces = self.parentheses = self.condition = 0
        self.bracket_of_if = None
        self.directive, self.name_end, self.name, self.before, self.branches = False, None, b"", None, []
        self.only_blanks = True  # in this line so far, comments left aside
        self.understood = 0  # the characters before this index belong to a number or a name that was read to its end

    def read(self, index):
        """Read one character; returns the six values after it."""
        byte, was = self.text[index], self.state
        line_ends = False
        if was == "code":
            if index >= self.understood:
                self.open(index)
        elif was == "block":
            if index >= self.opened + 3 and self.text[index - 1 : index + 1] == b"*/":
                self.state = "code"
        elif was == "line":
            if byte == ord("\n") and not after_backslash(self.text, index):
                self.state, line_ends = "code", True
        elif self.escaped:
            self.escaped = self.text[index - 1 : index + 2] == b"\\\r\n"
        elif byte == ord("\\"):
            self.escaped = True
        elif byte in (self.quote, ord("\n")):
            self.state, line_ends = "code", byte == ord("\n")
        if index == self.name_end:
            self.follow_branches()
        if was == "code" and byte == ord("\n"):
            line_ends = not after_backslash(self.text, index)
        if line_ends:
            self.end_line(index)
        elif "block" not in (was, self.state) and byte not in BLANKS:
            self.only_blanks = False
        return (
            self.state in ("block", "line") and index > self.opened,
            self.state == "literal",
            self.condition > 0,
            self.braces,
            self.directive,
            self.parentheses > 0,
        )

    def open(self, index):
        text, byte = self.text, self.text[index]
        if text[index : index + 2] == b"/*":
            self.state, self.opened = "block", index
        elif text[index : index + 2] == b"//":
            self.state, self.opened = "line", index
        elif byte in b"\"'":
            self.state, self.quote, self.escaped = "literal", byte, False
        elif separated_number(text, index) > index:
            self.understood = separated_number(text, index)
        elif keyword_if(text, index) is not None:
            self.bracket_of_if = keyword_if(text, index)
        elif byte == ord("#"):
            self.open_directive(index)
        elif byte == ord("{"):
            self.braces += 1
        elif byte == ord("}"):
            self.braces = max(self.braces - 1, 0)
        elif byte == ord("("):
            self.parentheses += 1
            if self.condition or self.bracket_of_if == index:
                self.condition += 1
        elif byte == ord(")"):
            self.parentheses = max(self.parentheses - 1, 0)
            self.condition = max(self.condition - 1, 0)

    def open_directive(self, index):
        start = index + 1
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
            self.branches.append((self.braces, self.parentheses, self.condition))
        elif self.name.startswith(b"el") and self.branches:
            self.braces, self.parentheses, self.condition = self.branches[-1]
        elif self.name == b"endif" and self.branches:
            self.branches.pop()
        self.before = (self.braces, self.parentheses, self.condition)

    def end_line(self, index):
        if self.directive:
            self.directive = False
            self.braces, self.parentheses, self.condition = self.before
        if not line_before(self.text, index).strip(BLANKS):
            self.parentheses = self.condition = 0
        self.only_blanks = True


def read_code(text, column):
    """One of the six values that the machine returns, at every character."""
    machine = Machine(text)
    return [machine.read(index)[column] for index in range(len(text))]


def inside_comment(text):
    return read_code(text, 0)


def inside_string(text):
    return read_code(text, 1)


def inside_if_condition(text):
    return read_code(text, 2)


def brace_depth(text):
    return read_code(text, 3)


def inside_code_parentheses(text):
    return read_code(text, 5)


def inside_preprocessor(text):
    return read_code(text, 4)
