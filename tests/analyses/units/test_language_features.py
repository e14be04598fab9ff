"""Features of source code by lexers: on examples, and against Python's own tokenizer."""

import heapq
import io
import textwrap
import token
import tokenize

import numpy as np
import pytest
from analyses.units.test_text_features import runs

from rnnscope.analyses.units import language_features
from rnnscope.analyses.units.feature_registry import FEATURES, chosen_features
from rnnscope.errors import InputError
from rnnscope.settings.sections import Features

SETTINGS = Features(newline_within=3)
PYTHON = '''def größe(x):  # 中文 note
    """Doc (string."""
    return x["a"] + 0x1F if x else [1, (2, 3.5)]
'''


def on(name, text, language="python"):
    return runs(text, FEATURES[name].values(text, SETTINGS, language))


def test_examples_of_python():
    assert on("token_comment", PYTHON) == ["# 中文 note"]
    assert on("token_string", PYTHON) == ['"""Doc (string."""', '"a"']
    assert on("token_number", PYTHON) == ["0x1F", "1", "2", "3.5"]
    assert on("token_keyword", PYTHON) == ["def", "return", "if", "else"]
    assert on("token_name", PYTHON) == ["größe", "x", "x", "x"]
    depth = FEATURES["bracket_depth"].values(PYTHON, SETTINGS, "python")
    assert depth.max() == 2
    assert depth[PYTHON.index("(2") + 1] == 2
    assert depth[PYTHON.index("Doc (string") + 6] == 0


def test_bytes_have_the_values_of_their_letters():
    encoded = PYTHON.encode()
    lengths = [len(letter.encode()) for letter in PYTHON]
    for entry in chosen_features(["language"], "python"):
        if entry.name.startswith("token_"):
            of_letters = entry.values(PYTHON, SETTINGS, "python")
            assert entry.values(encoded, SETTINGS, "python").tolist() == np.repeat(of_letters, lengths).tolist()


@pytest.mark.parametrize("module", [tokenize, textwrap, heapq])
def test_comments_strings_and_numbers_of_python_are_those_of_its_tokenizer(module):
    with open(module.__file__, encoding="utf-8") as file:
        text = file.read()
    starts = np.cumsum([0, *map(len, text.splitlines(keepends=True))])
    expected = {kind: np.zeros(len(text), bool) for kind in (token.COMMENT, token.STRING, token.NUMBER)}
    for found in tokenize.generate_tokens(io.StringIO(text).readline):
        if found.type in expected:
            (first, column), (last, end) = found.start, found.end
            expected[found.type][starts[first - 1] + column : starts[last - 1] + end] = True
    for name, kind in (("token_comment", token.COMMENT), ("token_string", token.STRING), ("token_number", token.NUMBER)):
        np.testing.assert_array_equal(FEATURES[name].values(text, SETTINGS, "python"), expected[kind], err_msg=name)


def test_other_languages():
    assert on("token_comment", "fn a() {} // b\n; /* c */", "rust") == ["// b\n", "/* c */"]
    assert on("token_string", 'main = putStrLn "x"', "haskell") == ['"x"']
    assert on("token_keyword", "SELECT a FROM b", "sql") == ["SELECT", "FROM"]


def test_what_the_lexer_cannot_read_is_measured():
    assert language_features.share_of_errors(PYTHON, "python") == 0
    assert language_features.share_of_errors("a $ ? $ b", "python") > 0.2


def test_an_unknown_language_and_a_missing_one_are_one_line():
    with pytest.raises(InputError, match="language: found 'klingon', expected a language that Pygments knows"):
        language_features.lexer_of("klingon")
    with pytest.raises(InputError, match="token_comment needs the language of the text"):
        chosen_features(["token_comment"])
