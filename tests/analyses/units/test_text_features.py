"""Every feature against its slow and obvious counterpart, and on examples."""

import numpy as np
import pytest
from helpers import plain_features
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.analyses.units import language_features, text_features  # noqa: F401 (register the features)
from rnnscope.analyses.units.feature_registry import FEATURES, chosen_features
from rnnscope.settings.sections import Features

PROSE_PIECES = [
    *(b'"', b"'", b"(", b")", b"\n", b"\r\n", b"\n\n", b" ", b"\t", b".", b"!", b"?", b"]", b"a", b"B", b"_", b"7"),
    *(b"\xc3\xa9", b"--"),
]
CODE_PIECES = [
    *(b"/*", b"*/", b"//", b"/", b"*", b'"', b"'", b"\\", b"\n", b"\r\n", b"\n\n", b"\\\n", b"\\\r\n", b" ", b"\t", b"\xc3\xa9"),
    *(b"if (", b"if constexpr(", b"if", b"constexpr", b"(", b")", b"{", b"}", b";", b"x", b"_if", b"1'000", b"0", b"."),
    *(b"#if ", b"# ifdef A", b"#else", b"#elif (", b"#endif", b"#define X {", b"#"),
]
TEXTS = st.one_of(st.lists(st.sampled_from(pieces), max_size=40).map(b"".join) for pieces in (PROSE_PIECES, CODE_PIECES))


@pytest.mark.parametrize("name", [name for name, entry in FEATURES.items() if "language" not in entry.keys])
@settings(max_examples=400)
@given(text=TEXTS, newline_within=st.integers(1, 12))
def test_against_one_character_at_a_time(name, text, newline_within):
    found = FEATURES[name].values(text, Features(newline_within=newline_within))
    looks_ahead = {"newline_within": newline_within} if name == "newline_soon" else {}
    assert found.dtype.name == FEATURES[name].kind
    assert found.tolist() == getattr(plain_features, name)(text, **looks_ahead)


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
        ("inside_parentheses", b"/* 1) (a */ b", [b"(a */ b"]),
        ("inside_code_parentheses", b"/* 1) (a */ b(c, \"(\", ')') d // (\ne", [b"(c, \"(\", ')'"]),
        ("inside_code_parentheses", b"if (a) b(c[(d)])", [b"(a", b"(c[(d)]"]),
        ("inside_code_parentheses", b"a(b\n \nc) d", [b"(b\n "]),
        ("inside_code_parentheses", b"#define A (\nb", [b"("]),
        ("capital", b"An NGO", [b"A", b"NGO"]),
        ("sentence_start", b'\t"Why?" he asked (or not). "It is 3.5!"\n -- Then\n\nSo', [b'\t"', b" ", b' "', b"\n -- ", b"\n"]),
        ("inside_comment", b"a /* b */ c // d\ne", [b"* b *", b"/ d"]),
        ("inside_comment", b"/*/ a */ b", [b"*/ a *"]),
        ("inside_comment", b"/**/ a /***/", [b"**", b"***"]),
        ("inside_comment", b"// a \\\nb\nc", [b"/ a \\\nb"]),
        ("inside_comment", b"// a \\\r\nb\r\nc", [b"/ a \\\r\nb\r"]),
        ("inside_comment", b'"/*" a "//" b', []),
        ("inside_comment", b"/* // */ a // /* b\nc", [b"* // *", b"/ /* b"]),
        ("inside_comment", b"a /* b", [b"* b"]),
        ("inside_string", b"f(\"a\\\"b\\\\\", '\"', '\\'')", [b'"a\\"b\\\\', b"'\"", b"'\\'"]),
        ("inside_string", b"// \"a\"\n/* 'b' */", []),
        ("inside_string", b'"a\nb"', [b'"a', b'"']),
        ("inside_string", b'"a\\\nb" c', [b'"a\\\nb']),
        ("inside_string", b"1'000'000 + 'a'", [b"'a"]),
        ("inside_if_condition", b"if (a && (b || c)) d(e);", [b"(a && (b || c)"]),
        ("inside_if_condition", b"#if (a)\nelse if constexpr (b) c", [b"(b"]),
        ("inside_if_condition", b"notif (a) if_ (b) /* if (c) */ while (d)", []),
        ("inside_if_condition", b'if (")" == a) b', [b'(")" == a']),
        ("inside_if_condition", b"if (a\n\nb)", [b"(a\n"]),
        ("inside_if_condition", b"#ifdef A\nif (b &&\n#else\nif (c &&\n#endif\nd) e", [b"(b &&\n#els", b"(c &&\n#endif\nd"]),
        ("inside_preprocessor", b"a # b\n  #define C \\\n d\ne", [b"#define C \\\n d"]),
        ("inside_preprocessor", b"/* a */ #if b /*\n*/ c\nd", [b"#if b /*\n*/ c"]),
        ("inside_preprocessor", b"#ifdef A // b\nc", [b"#ifdef A // b"]),
    ],
)
def test_where_a_feature_is_on(name, text, on):
    assert runs(text, getattr(text_features, name)(text)) == on


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        (b"{{}}", "1210"),
        (b"}{}", "010"),
        (b"{'}'\"}\"/*}*/}", "1111111111110"),
        (b"#if A\n{\n#else\n{\n#endif\n}", "000000" + "11" + "111100" + "11" + "1111111" + "0"),
        (b"#define B {\n{", "0" * 10 + "1" + "01"),
    ],
)
def test_brace_depth(text, depths):
    assert "".join(map(str, text_features.brace_depth(text))) == depths


@pytest.mark.parametrize("name", FEATURES)
def test_empty_text(name):
    assert FEATURES[name].values(b"", Features(newline_within=3), "c").tolist() == []


def test_the_lists_of_the_study_in_their_order():
    prose = ["line_position", "newline_soon", "inside_quotes", "inside_parentheses", "inside_word", "word_position"]
    assert [entry.name for entry in chosen_features(["prose"])] == [*prose, "capital", "sentence_start"]
    code = ["line_position", "newline_soon", "indentation", "brace_depth", "inside_comment", "inside_string"]
    code += ["inside_if_condition", "inside_code_parentheses", "inside_preprocessor", "inside_word", "word_position"]
    assert [entry.name for entry in chosen_features(["code"])] == [*code, "inside_number"]


def test_counts_and_flags():
    counts = {name for name, entry in FEATURES.items() if entry.kind == "int32"}
    assert counts == {"line_position", "indentation", "brace_depth", "word_position", "bracket_depth"}
    assert {entry.kind for entry in FEATURES.values()} == {"int32", "bool"}
