"""ARPA files: KenLM reads ours, and we read what KenLM reads, with the same log-probabilities."""

import bz2
import gzip
import lzma
import math
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from helpers.chen_goodman import Model
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.errors import InputError
from rnnscope.ngrams.arpa import LONGEST_LINE, character_of, name_of, names_of, read_arpa, write_arpa
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys
from rnnscope.ngrams.counts import count_ngrams
from rnnscope.ngrams.ngram_model import kneser_ney

PROSE = (
    b'"Well," said <the> old man, "you have come (at last), have you?"\r\nThe boy did not answer;\tcaf\xc3\xa9 & river.\r\n' * 2
)


def fitted(train, n, vocabulary):
    """The model of horizon n of a text, as one stream."""
    ids = np.searchsorted(vocabulary, np.frombuffer(train, dtype=np.uint8)).astype(np.uint8)
    return kneser_ney(count_ngrams([ids], len(vocabulary), n), vocabulary)


def our_scores(model, text):
    """log10 P of each byte under our model."""
    return model.log_probabilities(model.encode(np.frombuffer(text, dtype=np.uint8), "text")) / math.log(10)


def kenlm_scores(path, words):
    """log10 P of each word under KenLM, the words being one run without sentence marks; and whether KenLM knew it."""
    kenlm = pytest.importorskip("kenlm", reason="KenLM could not be installed: it needs a C++ compiler")
    scores = list(kenlm.Model(str(path)).full_scores(" ".join(words), bos=False, eos=False))
    return np.array([score for score, _, _ in scores]), [not unknown for _, _, unknown in scores]


@given(st.binary(max_size=40))
def test_names_give_the_text_back(text):
    names = names_of(text)
    assert bytes(character_of(name.encode()) for name in names.split()) == text
    assert names.isascii()


def test_no_two_bytes_share_a_name_and_none_has_that_of_a_mark():
    names = [name_of(byte) for byte in range(256)]
    assert len({*names, "<s>", "</s>", "<unk>"}) == 259
    assert [name_of(byte) for byte in b"e \n<\xe9~"] == ["e", "<20>", "<0A>", "<3C>", "<E9>", "~"]


@pytest.mark.parametrize(
    ("train", "n", "text"),
    [
        pytest.param(PROSE, 5, PROSE[:60] + b"boys have <come>\tTHE \xa9", id="prose"),
        pytest.param(PROSE, 1, b"The boy\r\n, the caf\xc3\xa9", id="bigrams"),
        pytest.param(b"a" * 30, 5, b"aaaaaaaab aab", id="one character over and over"),
        pytest.param(b"abc", 5, b"abcabc bca", id="horizon beyond a text of three characters"),
        pytest.param(b"ab", 3, b"abba", id="two characters"),
        pytest.param(
            bytes(range(256)) * 3 + bytes(range(0, 256, 3)), 2, bytes(range(255, -1, -1)) + bytes(range(40)), id="all bytes"
        ),
    ],
)
def test_kenlm_and_we_read_what_we_write(tmp_path, train, n, text):
    vocabulary = np.unique(np.frombuffer(train + text, dtype=np.uint8))  # some are in no training stream
    model, path = fitted(train, n, vocabulary), tmp_path / "model.arpa"
    write_arpa(path, model)
    ids = [np.searchsorted(vocabulary, np.frombuffer(part, dtype=np.uint8)).tolist() for part in (train, text)]
    plain = Model([ids[0]], len(vocabulary), n)
    context = [ids[1][max(0, i - n) : i] for i in range(len(text))]
    expected = [math.log10(plain.probability(character, h)) for character, h in zip(ids[1], context, strict=True)]
    found, known = kenlm_scores(path, names_of(text).split())
    assert all(known)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    back = read_arpa(path)
    assert back.vocabulary.tolist() == vocabulary.tolist()
    np.testing.assert_allclose(our_scores(back, text), expected, rtol=0, atol=1e-7)


def test_a_probability_that_rounds_to_more_than_one_is_written_as_one(tmp_path):
    sole = Entries(keys(np.array([0]), np.array([0])), np.array([np.finfo(float).eps]), np.zeros(1))
    write_arpa(tmp_path / "model.arpa", BackoffModel(np.frombuffer(b"a", dtype=np.uint8), [sole, sole]))
    found, _ = kenlm_scores(tmp_path / "model.arpa", ["a", "a"])
    assert found.tolist() == our_scores(read_arpa(tmp_path / "model.arpa"), b"aa").tolist() == [0, 0]


def test_our_mark_for_unknown_bytes_stands_for_none(tmp_path):
    model, path = fitted(b"abracadabra", 2, np.frombuffer(b"abcdr", dtype=np.uint8)), tmp_path / "model.arpa"
    write_arpa(path, model)
    with pytest.raises(InputError, match="found the byte b'e' at position 1, expected one of the model's 5 bytes"):
        our_scores(read_arpa(path), b"bear")


# Shapes that toolkits produce: a comment before the data, tabs or spaces, weights left out at the top and below, weights
# above 1, sentence marks, n-grams through <unk>, blank lines; `caf` and `b <20> c` keep no suffix, as pruning leaves them.
TOOLKIT = """

\\data\\
ngram 1=8
ngram 2=8
ngram 3=5

\\1-grams:
-1.9\t<unk>\t-0.11
-99\t<s>\t-0.5
-1.1\t</s>
-0.7\ta\t-0.3
-0.8\tb\t0.25
-1.2\tc
-1.4\t<20>\t-0.2
-2.1\tf\t-0.6

\\2-grams:
-0.4\t<s> a\t-0.15
-0.5\ta b\t-0.35
-0.6\tb c\t-0.05
-0.9\tc a
-0.3\ta <20>\t-0.25
-0.95\tb </s>
-0.55\t<unk> a\t-0.45
-0.65\ta <unk>\t-0.12

\\3-grams:
-0.2\t<s> a b
-0.1\ta b c
-0.35\tb c a
-0.05\t<unk> a b
-0.15\ta <unk> a

\\end\\
"""
TEXTS = [
    "a b c a b <20> f f c a b c",
    "c a <20> a b z a b c",
    "z z a z a b a z f",
    "f a b b b c a c b a",
    "<20> <20> a <unk> a b",
]


def spaces(arpa):
    """The same file with spaces for tabs, as some programs write; KenLM reads tabs only."""
    return arpa.replace("\t", "  ")


@pytest.mark.parametrize("words", TEXTS)
@pytest.mark.parametrize("layout", [str, spaces, lambda arpa: arpa.replace("\n", "\r\n"), lambda arpa: "a comment\n" + arpa])
def test_we_score_the_files_of_other_programs_as_kenlm_does(tmp_path, words, layout):
    (tmp_path / "theirs.arpa").write_text(TOOLKIT)
    expected, _ = kenlm_scores(tmp_path / "theirs.arpa", words.split())
    (tmp_path / "ours.arpa").write_bytes(layout(TOOLKIT).encode())
    text = bytes(ord("z") if word == "<unk>" else character_of(word.encode()) for word in words.split())
    np.testing.assert_allclose(our_scores(read_arpa(tmp_path / "ours.arpa"), text), expected, rtol=0, atol=1e-5)


PRUNED = """\\data\\
ngram 1=6
ngram 2=6
ngram 3=3

\\1-grams:
-2.5\t<unk>
-99\t<s>\t0
-1.1\t</s>
-0.7\ta\t-0.3
-0.8\tb\t-0.2
-1.2\tc\t-0.1

\\2-grams:
-0.5\ta b\t-0.35
-0.6\tb b\t-0.05
-0.4\tc b\t-0.15
-0.9\ta a
-0.8\tc a
-0.7\tc c

\\3-grams:
-0.1\ta b c
-0.2\tb b a
-0.3\tc b a

\\end\\
"""


@pytest.mark.parametrize("words", ["a b c a b c b a", "b b a c b a b c", "c c c b a b b a b"])
def test_suffixes_that_pruning_removed(tmp_path, words):
    path = tmp_path / "pruned.arpa"
    path.write_text(PRUNED)
    expected, _ = kenlm_scores(path, words.split())
    text = words.replace(" ", "").encode()
    np.testing.assert_allclose(our_scores(read_arpa(path), text), expected, rtol=0, atol=1e-5)
    # By hand: after `a b`, c is listed; after `c b`, a is; P(c | b) backs off to b(b) P(c).
    assert our_scores(read_arpa(path), b"abc")[2] == pytest.approx(-0.1)
    assert our_scores(read_arpa(path), b"bc")[1] == pytest.approx(-0.2 - 1.2)


def test_a_byte_without_a_name_is_an_error_where_nothing_stands_for_it(tmp_path):
    path = tmp_path / "closed.arpa"
    path.write_text(PRUNED.replace("ngram 1=6", "ngram 1=5").replace("-2.5\t<unk>\n", ""))
    with pytest.raises(InputError, match="found the byte b'z' at position 1, expected one of the model's 3 bytes"):
        our_scores(read_arpa(path), b"az")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("\\data\\", "data", "the file ends after line 27, expected a line", id="another file"),
        pytest.param("\\end\\", "", r"ends after line 2\d, expected .*end", id="no end"),
        pytest.param("-0.2\tb b a\n-0.3\tc b a\n\n\\end\\\n", "", "expected 3-gram 2 of 3; cut off", id="cut off"),
        pytest.param("ngram 2=6", "ngram 3=3", "line 3: found the size of order 3, expected that of order 2", id="no order 2"),
        pytest.param("ngram 2=6", "ngram 2=7", r"line 22: found 1 fields, .*: 2-gram 7 of 7", id="too few n-grams"),
        pytest.param("ngram 2=6", "ngram 2=5", r"line 20: found '-0.7\\tc c', expected .3-grams:", id="too many"),
        pytest.param("-0.7\ta\t", "-0.7\tall\t", "line 10: found the word 'all', expected one character", id="a word model"),
        pytest.param("c b\t", "d b\t", "line 17: found the word 'd', expected one of the 1-grams", id="unlisted word"),
        pytest.param("-0.5\ta b", "-O.5\ta b", "line 15: could not convert", id="no number"),
        pytest.param("-0.5\ta b", "nan\ta b", "line 15: found log10 P nan", id="not a number"),
        pytest.param("-0.5\ta b", "0.5\ta b", "line 15: found log10 P 0.5", id="probability above 1"),
        pytest.param("b b\t", "a b\t", "line 16: found 'a b' again, expected each 2-gram once", id="twice"),
    ],
)
def test_a_bad_file_is_reported_in_one_line(tmp_path, old, new, message):
    path = tmp_path / "bad.arpa"
    assert PRUNED.count(old) == 1
    path.write_text(PRUNED.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        read_arpa(path)
    assert str(caught.value).startswith(f"{path}")
    assert "\n" not in str(caught.value)


def test_a_missing_or_empty_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="no such file; expected an ARPA file"):
        read_arpa(tmp_path / "none.arpa")
    (tmp_path / "empty.arpa").touch()
    with pytest.raises(InputError, match="the file ends after line 0"):
        read_arpa(tmp_path / "empty.arpa")


ONE = "\\data\\\nngram 1=1\nngram 2=1\n\n\\1-grams:\n-0.5\ta\t{weight}\n\n\\2-grams:\n{prob}\ta a\n\n\\end\\\n"


@pytest.mark.parametrize(("prob", "weight"), [("-1e308", "0"), ("-0.1", "1e308"), ("-0.1", "-1e308"), ("nan", "0"), ("0", "inf")])
def test_numbers_that_cannot_be_added_up_are_refused(tmp_path, prob, weight):
    path = tmp_path / "a.arpa"
    path.write_text(ONE.format(prob=prob, weight=weight))
    with pytest.raises(InputError, match=r"^[^\n]*a\.arpa, line \d+: found log10 P [^\n]*, expected numbers up to 10000 [^\n]*$"):
        read_arpa(path)
    path.write_text(ONE.format(prob="-0.1", weight="-0.2"))
    assert len(read_arpa(path).entries) == 2


def test_an_order_beyond_any_use_is_refused(tmp_path):
    path = tmp_path / "a.arpa"
    path.write_text("\\data\\\n" + "".join(f"ngram {order}=1\n" for order in range(1, 1000)))
    with pytest.raises(InputError, match=r"a\.arpa, line 102: found order 101, expected at most 100"):
        read_arpa(path)
    model = fitted(PROSE, 100, np.unique(np.frombuffer(PROSE, dtype=np.uint8)))
    with pytest.raises(InputError, match=r"a\.arpa: found a model of order 101, expected at most 100"):
        write_arpa(path, model)


def zstd(content):
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return packed.getvalue().to_pybytes()


PACK = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress, ".zst": zstd}


@pytest.mark.parametrize("suffix", PACK)
def test_a_compressed_file_is_read_to_its_end(tmp_path, suffix):
    plain, packed = tmp_path / "a.arpa", tmp_path / f"a.arpa{suffix}"
    plain.write_text(PRUNED)
    whole = PACK[suffix](PRUNED.encode())
    packed.write_bytes(whole)
    assert our_scores(read_arpa(packed), b"abcabcbacb").tolist() == our_scores(read_arpa(plain), b"abcabcbacb").tolist()
    for content in (whole[:-1], whole[:-9], whole[: len(whole) // 2], PRUNED.encode()):
        packed.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_arpa(packed)
        assert str(caught.value).startswith(f"{packed}: not readable as its name says, {suffix} (")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("place", "expected"), [(0, "a line \\data\\"), (PRUNED.index("-0.7"), "1-gram 4 of 6")])
def test_a_line_beyond_any_use_is_not_held_in_memory(tmp_path, place, expected):
    path = tmp_path / "a.arpa.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(PRUNED[:place].encode())
        for _ in range(64):
            file.write(b"a" * LONGEST_LINE)
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_arpa(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    number = PRUNED[:place].count("\n") + 1
    assert str(caught.value) == f"{path}, line {number}: found more than 1,048,576 bytes, expected {expected}"
    assert most < 16 * LONGEST_LINE
