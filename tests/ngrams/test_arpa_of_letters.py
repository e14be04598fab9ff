"""ARPA files of letters: as KenLM is used for characters, and as we write models of code points."""

import gzip
import math
import re

import numpy as np
import pytest
from ngrams.test_arpa import PRUNED, kenlm_scores, our_scores

from rnnscope.corpus.text import code_points
from rnnscope.errors import InputError
from rnnscope.ngrams.arpa import character_of, name_of, names_of, read_arpa, write_arpa
from rnnscope.ngrams.counts import count_ngrams
from rnnscope.ngrams.ngram_model import kneser_ney

CHINESE = "将文件「%s」重命名时出错。\n查询的结构与函数的返回类型不匹配，<操作数> 越界 é👩\u200d👧\n" * 3
# KenLM's own convention for characters: a letter a word, and a word of its own for the space between words.
WORDS = {"a": "中", "b": "é", "c": "{space}"}
LETTERS = re.sub(r"(?<=[\t ])[abc](?=[\t \n])", lambda found: WORDS[found[0]], PRUNED)
LAYOUTS = (str.encode, lambda arpa: b"\xef\xbb\xbf" + arpa.encode(), lambda arpa: gzip.compress(arpa.encode()))


def letter_scores(model, text):
    return model.log_probabilities(model.encode(code_points(text), "text")) / math.log(10)


def test_kenlm_and_we_give_the_letters_of_a_text_the_same_probabilities(tmp_path):
    """Losses in unicode against KenLM on the same text, each character a word."""
    vocabulary, ids = np.unique(code_points(CHINESE), return_inverse=True)
    model = kneser_ney(count_ngrams([ids.astype(np.uint16)], len(vocabulary), 3), vocabulary)
    write_arpa(tmp_path / "model.arpa", model)
    text = CHINESE[5:60] + "的的中将。é"[:2]
    expected, known = kenlm_scores(tmp_path / "model.arpa", names_of(text).split())
    assert all(known)
    found = letter_scores(model, text)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    back = read_arpa(tmp_path / "model.arpa")
    assert back.vocabulary.dtype == np.uint32
    assert back.vocabulary.tolist() == vocabulary.tolist()
    np.testing.assert_allclose(letter_scores(back, text), found, rtol=0, atol=1e-7)


@pytest.mark.parametrize("space", ["<space>", "\N{LOWER ONE EIGHTH BLOCK}", "<20>"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_as_people_make_them_for_characters(tmp_path, space, layout):
    arpa = LETTERS.replace("{space}", space)
    (tmp_path / "plain.arpa").write_text(arpa, encoding="utf-8")
    expected, known = kenlm_scores(tmp_path / "plain.arpa", ["中", "é", space, "中", "é", space, "é", "中"])
    assert all(known)
    content = layout(arpa)
    path = tmp_path / ("x.arpa.gz" if content[:2] == b"\x1f\x8b" else "x.arpa")
    path.write_bytes(content)
    np.testing.assert_allclose(letter_scores(read_arpa(path), "中é 中é é中"), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("arpa", "text"), [(LETTERS.replace("{space}", "c"), "中é 中"), (PRUNED, "ab a")])
def test_a_space_without_a_word_is_an_error(tmp_path, arpa, text):
    (tmp_path / "x.arpa").write_text(arpa, encoding="utf-8")
    model = read_arpa(tmp_path / "x.arpa")
    with pytest.raises(InputError, match="text: found a space at position 2, for which the model has no word"):
        letter_scores(model, text) if model.vocabulary.dtype == np.uint32 else our_scores(model, text.encode())


def test_names_of_letters_give_the_text_back():
    text = "a <>\n中é\u0301\u200d👩\u3000"
    assert "".join(chr(character_of(name.encode())) for name in names_of(text).split(" ")) == text
    assert [name_of(ord(letter), is_byte=False) for letter in " \u200d\u0301é<"] == ["<20>", "<200D>", "<301>", "é", "<3C>"]
