import numpy as np
import pytest
from helpers import plain_features
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.units import text_features

NAMES = [
    "line_position",
    "inside_quotes",
    "inside_parentheses",
    "indentation",
    "inside_word",
    "word_position",
    "capital",
    "sentence_start",
]
PIECES = [
    b'"',
    b"'",
    b"(",
    b")",
    b"\n",
    b"\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b".",
    b"!",
    b"?",
    b"]",
    b"a",
    b"B",
    b"_",
    b"7",
    b"\xc3\xa9",
    b"--",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
def test_against_one_character_at_a_time(name, text):
    found = getattr(text_features, name)(text)
    assert found.dtype in (np.bool_, np.int32)
    assert found.tolist() == getattr(plain_features, name)(text)


@given(TEXTS, st.integers(1, 12))
def test_newline_soon_against_a_search(text, within):
    found = text_features.newline_soon(text, within)
    assert found.dtype == np.bool_
    assert found.tolist() == plain_features.newline_soon(text, within)


def runs(text, values):
    """The pieces of the text for which a feature is on."""
    bounds = np.flatnonzero(np.diff(values.astype(int), prepend=0, append=0))
    return [text[start:stop] for start, stop in zip(bounds[::2], bounds[1::2], strict=True)]


@pytest.mark.parametrize(
    ("name", "text", "on"),
    [
        ("inside_quotes", b'He said "No!" twice', [b'"No!']),
        ("inside_quotes", b'"One\n\n"Two" three', [b'"One\n', b'"Two']),
        ("inside_quotes", b'"One\r\n \r\nTwo"', [b'"One\r\n \r', b'"']),
        ("inside_quotes", b'"One\nTwo" three', [b'"One\nTwo']),
        ("inside_parentheses", b"1) a (b (c) d) e", [b"(b (c) d"]),
        ("inside_parentheses", b"a (b\n\nc) d", [b"(b\n"]),
        ("capital", b"An NGO", [b"A", b"NGO"]),
        ("sentence_start", b'\t"Why?" he asked (or not). "It is 3.5!"\n -- Then\n\nSo', [b'\t"', b" ", b' "', b"\n -- ", b"\n"]),
    ],
)
def test_where_a_feature_is_on(name, text, on):
    assert runs(text, getattr(text_features, name)(text)) == on


@pytest.mark.parametrize("name", [*NAMES, "newline_soon"])
def test_empty_text(name):
    words = (3,) if name == "newline_soon" else ()
    assert getattr(text_features, name)(b"", *words).tolist() == []
