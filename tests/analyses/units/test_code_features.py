import numpy as np
import pytest
from helpers import plain_features
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.analyses.units.code_features import code_features

PIECES = [
    *(b"/*", b"*/", b"//", b"/", b"*", b'"', b"'", b"\\", b"\n", b"\r\n", b"\n\n", b"\\\n", b"\\\r\n", b" ", b"\t", b"\xc3\xa9"),
    *(b"if (", b"if constexpr(", b"if", b"constexpr", b"(", b")", b"{", b"}", b";", b"x", b"_if", b"1'000", b"0", b"."),
    *(b"#if ", b"# ifdef A", b"#else", b"#elif (", b"#endif", b"#define X {", b"#"),
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_against_one_character_at_a_time(text):
    found = code_features(text)
    for name, values in plain_features.code_features(text).items():
        assert found[name].dtype == (np.int32 if name == "brace_depth" else np.bool_)
        assert found[name].tolist() == values, name


def runs(text, values):
    """The pieces of the text for which a feature is on."""
    bounds = np.flatnonzero(np.diff(values.astype(int), prepend=0, append=0))
    return [text[start:stop] for start, stop in zip(bounds[::2], bounds[1::2], strict=True)]


@pytest.mark.parametrize(
    ("name", "text", "on"),
    [
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
    assert runs(text, code_features(text)[name]) == on


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
    assert "".join(map(str, code_features(text)["brace_depth"])) == depths


def test_empty_text():
    assert all(values.tolist() == [] for values in code_features(b"").values())
