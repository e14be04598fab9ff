"""Features of prose in scripts beyond ASCII, on texts of code points and on the bytes that write them."""

import numpy as np
import pytest
from analyses.units.test_text_features import runs
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.units.feature_registry import FEATURES
from rnnscope.corpus.letters import EncodedText, letters_of
from rnnscope.settings.sections import Features

SETTINGS = Features(newline_within=3)
EXAMPLES = [
    ("inside_quotes", "He said “No!” twice", ["“No!"]),
    ("inside_quotes", "Er sagte „Nein“ und »Doch« dazu", ["„Nein", "»Doch"]),
    ("inside_quotes", "Он сказал: «Нет, „никогда“!» Да", ["«Нет, „никогда“!"]),
    ("inside_quotes", "他说：「不，『从不』！」好。", ["「不，『从不』！"]),
    ("inside_quotes", "Han sade ”nej” igen", ["”nej"]),
    ("inside_quotes", "“One\n\n“Two” three", ["“One\n", "“Two"]),
    ("inside_quotes", "“One\n“Two” three", ["“One\n“Two"]),
    ("inside_quotes", "don’t ‘go’", []),
    ("inside_quotes", "a » b ” c", []),
    ("inside_parentheses", "他（老人）说【好】了", ["（老人", "【好"]),
    ("inside_parentheses", "«a» [b] (c)", ["(c"]),
    ("capital", "Что Ты, ñ Ñ Ǆ 中", ["Ч", "Т", "Ñ", "Ǆ"]),
    ("sentence_start", "Да. Нет! 好。不！我", ["", ". Нет! 好".partition(".")[1][1:] + " ", " "]),
    ("inside_word", "Что́, 中文。x_1 हिन्दी", ["Что́", "中文", "x_1", "हिन्दी"]),
    ("inside_number", "1٣५a", ["1٣५"]),
]


@pytest.mark.parametrize(("name", "text", "on"), [example for example in EXAMPLES if example[0] != "sentence_start"])
def test_examples(name, text, on):
    assert runs(text, FEATURES[name].values(text, SETTINGS)) == on


def test_sentences_begin_after_marks_of_any_script():
    text = "Да. Нет! 好。不！我 e.g. 3.5 كيف؟ نعم"
    found = FEATURES["sentence_start"].values(text, SETTINGS)
    # Up to the character before the next word: nothing lies between an ideographic full stop and the word after it.
    assert runs(text, found) == [" ", " ", " ", " "]
    assert [text[:index].split()[-1] for index in np.flatnonzero(found)] == ["Да.", "Нет!", "e.g.", "كيف؟"]
    assert runs("好。\n不", FEATURES["sentence_start"].values("好。\n不", SETTINGS)) == ["\n"]


LETTERS = st.text(st.sampled_from("aB7_.\n\"'()“”«»„「」（）。！ Жж中é\u0301😀"), max_size=30)
STATES = ("inside_quotes", "inside_parentheses", "sentence_start")
CLASSES = ("capital", "inside_word", "inside_number")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
@given(text=LETTERS)
def test_bytes_have_the_values_of_the_letters_that_they_write(encoding, text):
    """A state changes at a letter's last byte and holds until the next; what a letter is holds for all of its bytes."""
    encoded = EncodedText(text.encode(encoding))
    encoded.encoding = encoding
    lengths = [len(letter.encode(encoding)) for letter in text]
    last = np.cumsum(lengths, dtype=int) - 1
    for name in (*STATES, *CLASSES):
        of_letters, of_bytes = FEATURES[name].values(text, SETTINGS), FEATURES[name].values(encoded, SETTINGS)
        assert of_bytes[last].tolist() == of_letters.tolist()
        if name in CLASSES:
            assert of_bytes.tolist() == np.repeat(of_letters, lengths).tolist()
        else:
            before = np.concatenate([[name == "sentence_start"], of_letters])[: len(lengths)]
            expected = [[early] * (length - 1) + [late] for early, late, length in zip(before, of_letters, lengths, strict=True)]
            assert of_bytes.tolist() == [value for values in expected for value in values]


def test_a_byte_that_writes_no_letter_is_a_letter_of_its_own():
    found = letters_of("中".encode() + b"\xff\xe4" + "é".encode())
    assert found.lengths.tolist() == [3, 1, 1, 2]
    assert len(found.string) == 4
    assert FEATURES["inside_word"].values(b"a \xe9", SETTINGS).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "name", ["line_position", "newline_soon", "word_position", "indentation", "brace_depth", "inside_comment"]
)
@given(text=st.text(st.sampled_from("aé中 \n\t/*{}(\"'_"), max_size=30))
def test_code_and_lines_of_code_points_are_those_of_ascii(name, text):
    """Letters beyond ASCII mean nothing else than other letters there."""
    plain = text.replace("é", "x").replace("中", "x")
    assert FEATURES[name].values(text, SETTINGS).tolist() == FEATURES[name].values(plain.encode(), SETTINGS).tolist()
