"""Every oracle compared with its definition, one character at a time, on small random texts."""

import numpy as np
import pytest
from helpers.plain_cascade import is_punctuation
from helpers.random_texts import texts
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.errors import oracles
from rnnscope.corpus.character_classes import is_in_class
from rnnscope.corpus.split import Layout, cut_parts
from rnnscope.corpus.split_text import join_parts
from rnnscope.corpus.text import ByteText, distinct_bytes


@given(texts())
def test_the_word_of_every_character(text):
    joined, plain = text
    words = oracles.find_words(joined)
    for word, character in zip(words.of_character, plain.characters(), strict=True):
        expected = plain.word(plain.place(*character))
        assert (None if word == oracles.NO_WORD else (words.starts[word], words.stops[word])) == expected


@given(texts(), st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True))
def test_memory(text, lengths):
    joined, plain = text
    distances = oracles.repeat_distances(joined, oracles.find_words(joined), max(lengths))
    oracle = oracles.memory_oracle(distances, lengths)
    assert list(oracle.levels) == [str(n) for n in lengths]
    for n in lengths:
        assert oracle.levels[str(n)].tolist() == [plain.repeats(*character, n) for character in plain.characters()]


@given(texts(), st.integers(1, 6), st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True))
def test_memory_of_the_joined_test_text(text, least, lengths):
    joined, plain = text
    reading = oracles.Reading(joined=True, least_word=least, carriage_return=True)
    memory = oracles.memory_of(joined, oracles.find_words(joined), reading, max(lengths))
    assert memory.text.text == plain.joined_test()
    oracle = oracles.memory_oracle(memory.distances, lengths)
    for n in lengths:
        expected = [plain.repeats_in_joined_test(*character, n, least) for character in plain.characters()]
        assert oracle.levels[str(n)].tolist() == expected


@given(texts(), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
def test_rare_words(text, most):
    joined, plain = text
    oracle = oracles.rare_word_oracle(oracles.training_counts(joined, oracles.find_words(joined)), most)
    assert list(oracle.levels) == [str(k) for k in most]
    counts = [plain.training_count(*character) for character in plain.characters()]
    for k in most:
        assert oracle.levels[str(k)].tolist() == [count is not None and count <= k for count in counts]


@given(texts())
def test_word_model_and_punctuation(text):
    joined, plain = text
    after = [plain.follows_a_space_or_quote(*character) for character in plain.characters()]
    for reading in ("paper", "strict"):
        levels = oracles.word_oracle(joined, oracles.READING_OF[reading].carriage_return).levels
        assert list(levels) == ["space or quote", "newline"]
        assert levels["space or quote"].tolist() == after
        newline = [plain.is_at_a_newline(*character, reading) for character in plain.characters()]
        assert levels["newline"].tolist() == newline
    marks = [is_punctuation(plain.text[plain.place(*character)]) for character in plain.characters()]
    assert oracles.punctuation_oracle(joined).levels["all"].tolist() == marks


def test_every_byte_is_of_a_word_or_punctuation_or_neither():
    every = np.arange(256, dtype=np.uint8)
    in_word = is_in_class(every, "word")
    mark = is_in_class(every, "punctuation")
    assert bytes(every[~in_word & ~mark]) == bytes(range(33)) + b"\x7f"
    assert not (in_word & mark).any()
    assert bytes(every[mark]).decode() == "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"


def test_boost():
    probability = np.array([0.05, 0.19, 0.21, 0.41, 0.49])
    oracle = oracles.boost_oracle(np.log(probability).astype(np.float32), [0.1, 0.3, 0.5])
    assert {level: mask.tolist() for level, mask in oracle.levels.items()} == {
        "0.1": [False, False, False, True, True],
        "0.3": [False, False, True, True, True],
        "0.5": [True] * 5,
    }


def test_a_boost_of_one_half_leaves_nothing_however_improbable():
    assert oracles.boost_oracle(np.array([-200.0, -np.inf], np.float32), [0.5]).levels["0.5"].all()


@pytest.mark.parametrize(
    ("text", "repeats"), [(b"Mary saw Mary.", "ary"), (b"Anna saw Ann", "nn"), (b"Ann saw Anna", ""), (b"a banana an", "n")]
)
def test_memory_on_a_text_to_read(text, repeats):
    """One stream, nearly all of it the test part."""
    data = np.frombuffer(text, dtype=np.uint8)
    vocabulary = distinct_bytes(data)
    parts = [ids for _, ids in cut_parts(ByteText(data), Layout(1, 1, (1, 1, len(data) - 2)))]
    joined = join_parts(parts, vocabulary)
    mask = oracles.memory_oracle(oracles.repeat_distances(joined, oracles.find_words(joined), 100), [100]).levels["100"]
    found = bytes(joined.characters[joined.positions[mask]]).decode()
    assert found == repeats
