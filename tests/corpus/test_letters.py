"""What shows the characters of a text: letters over their bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.corpus.letters import INVISIBLE, are_wide, shown_letters
from rnnscope.corpus.scores import escape
from rnnscope.corpus.text import code_points


def bytes_of(text: bytes) -> np.ndarray:
    return np.frombuffer(text, dtype=np.uint8)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("Что\n 中!", "utf-8", ["Ч", "", "т", "", "о", "", "", " ", "中", "", "", "!"]),
        ("Что\n", "koi8-r", ["Ч", "т", "о", ""]),
        ("中a", "gb18030", ["中", "", "a"]),
        ("a中", "utf-16-le", ["a", "", "中", ""]),
    ],
)
def test_a_letter_is_shown_at_the_first_of_its_bytes(text, encoding, shown):
    assert shown_letters(bytes_of(text.encode(encoding)), encoding) == shown


def test_what_is_not_visible():
    found = shown_letters(bytes_of(b"a\xff\t\xe4\xb8"), "utf-8", INVISIBLE)
    assert found == ["a", INVISIBLE, "", INVISIBLE, INVISIBLE]
    assert shown_letters(code_points("e\u0301\u200d\n\x07"), invisible=INVISIBLE) == ["e", "◌\u0301", INVISIBLE, "", ""]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_letters_of_code_points_and_of_their_bytes_are_the_same(text):
    of_bytes = shown_letters(bytes_of(text.encode()), "utf-8", INVISIBLE)
    firsts = np.cumsum([0, *(len(letter.encode()) for letter in text)])[:-1]
    assert [of_bytes[first] for first in firsts] == shown_letters(code_points(text), invisible=INVISIBLE)
    assert len(of_bytes) == len(text.encode())


def test_escapes():
    numbers = (10, 0xD0, 0x200D, 0x1F600, 9, 0x20)
    assert list(map(escape, numbers)) == ["\\n", "\\xd0", "\\u200d", "\\u1f600", "\\t", "\\x20"]


def test_wide_texts():
    assert are_wide(code_points("将文件 abc"))
    assert not are_wide(code_points("将 abcdef"))
    assert not are_wide(bytes_of("将文件".encode()))
