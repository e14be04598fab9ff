"""The marks of prose in any script: quotes, the ends of sentences, brackets."""

import re
import unicodedata

EMPTY_LINE = r"\n[ \t\r]*(?=\n)"  # up to, not including, the line feed that ends the empty line
# Letters, digits and underscores; also bytes that write no letter, and pooled rare characters.
WORD = r"\w\udc80-\udcff\ufffd"

# What closes a quotation that a mark opened. Single quotes are left aside: they are apostrophes too.
CLOSING_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    "〝": "〞〟",
    "﹁": "﹂",
    "﹃": "﹄",
    "»": "«»",
    "›": "‹›",
    "”": "”",
}
# These open a quotation, in some languages, only right before a word and not right after one.
UNCERTAIN = "»›”"
QUOTES = re.compile(f"[{''.join(sorted({*CLOSING_QUOTES, *''.join(CLOSING_QUOTES.values())}))}]|{EMPTY_LINE}")
BEFORE_QUOTATION = re.compile(rf"(?<![{WORD}.,!?…»”›])[{UNCERTAIN}](?=[{WORD}])")

# After these a sentence ends only where white space follows, since they also abbreviate and divide numbers.
END_MARKS = r".!?…‼⁇⁈⁉؟۔।॥።։"
WIDE_END_MARKS = "。！？｡．"
CLOSERS = "\"')\\]”’»›」』）】〉》］｝"
# An end mark, closing quotes or brackets and white space, or an empty line; then everything up to the next word character.
SENTENCE_START = re.compile(rf"(?:\A|[{END_MARKS}][{CLOSERS}]*(?=\s)|[{WIDE_END_MARKS}][{CLOSERS}]*|{EMPTY_LINE})([^{WORD}]*)")


def _brackets() -> tuple[str, str]:
    """The round brackets of ASCII, and all brackets beyond it by their category of Unicode that are no quotes."""
    found = {"Ps": "(", "Pe": ")"}
    for character in map(chr, range(0x80, 0x10000)):
        category = unicodedata.category(character)
        if category in found and not any(word in unicodedata.name(character) for word in ("QUOTATION", "CORNER BRACKET")):
            found[category] += character
    return found["Ps"], found["Pe"]


OPENING_BRACKETS, CLOSING_BRACKETS = _brackets()
BRACKETS = re.compile(f"[{re.escape(OPENING_BRACKETS + CLOSING_BRACKETS)}]|{EMPTY_LINE}")
