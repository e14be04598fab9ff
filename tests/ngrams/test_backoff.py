"""Back-off models: scores against the definition, drawn text against the distribution it is drawn from."""

import math

import numpy as np
import pytest
from helpers.chen_goodman import Model
from scipy import stats

from rnnscope.errors import InputError
from rnnscope.ngrams import backoff
from rnnscope.ngrams.backoff import BackoffModel, Entries, keys, sample
from rnnscope.ngrams.counts import count_ngrams
from rnnscope.ngrams.ngram_model import kneser_ney

LETTERS = np.frombuffer(b"abc", dtype=np.uint8)
HALF, THIRD, SIXTH = math.log(1 / 2), math.log(1 / 3), math.log(1 / 6)


def fitted(train, n):
    """Our model and the plain one of a text of the ids 0 to 2."""
    ours = kneser_ney(count_ngrams([np.array(train, dtype=np.uint8)], 3, n), LETTERS)
    return ours, Model([train], 3, n)


@pytest.fixture
def by_hand():
    """1-grams a, b, c; 2-grams ab and cb; 3-gram aab, without which ab would be taken; b(a) = 1/3, b(c) = 1, b(aa) unlisted."""
    unigrams = Entries(np.array([1, 2, 3]), np.array([HALF, THIRD, SIXTH]), np.array([THIRD, 0, 0]))
    bigrams = Entries(keys(np.array([1, 1]), np.array([0, 2])), np.array([SIXTH, HALF]), np.zeros(2))
    trigrams = Entries(keys(np.array([0]), np.array([0])), np.array([THIRD]), np.zeros(1))
    return BackoffModel(LETTERS, [unigrams, bigrams, trigrams])


def test_scores_by_hand(by_hand):
    a, b, c = range(3)
    # a: 1-gram; aa: b(a) P(a); aab: listed; bc: b(b) P(c) with b(b) = 1; cb: listed; ba: P(a); ab: listed.
    expected = [HALF, THIRD + HALF, THIRD, SIXTH, HALF, HALF, SIXTH]
    np.testing.assert_allclose(by_hand.log_probabilities(np.array([a, a, b, c, b, a, b])), expected, rtol=1e-12)
    np.testing.assert_allclose(by_hand.distribution([b, a]), [THIRD + HALF, SIXTH, THIRD + SIXTH], rtol=1e-12)
    np.testing.assert_allclose(by_hand.distribution([a, a]), [THIRD + HALF, THIRD, THIRD + SIXTH], rtol=1e-12)
    np.testing.assert_allclose(by_hand.distribution([]), [HALF, THIRD, SIXTH], rtol=1e-12)


def test_a_text_of_many_blocks_is_scored_as_one(monkeypatch):
    random = np.random.default_rng(3)
    ours, plain = fitted(random.integers(0, 3, 80).tolist(), 4)
    text = random.integers(0, 3, 50).tolist()
    monkeypatch.setattr(backoff, "BLOCK", 3)  # shorter than the context
    expected = [math.log(plain.probability(text[i], text[:i])) for i in range(len(text))]
    np.testing.assert_allclose(ours.log_probabilities(np.array(text)), expected, rtol=0, atol=1e-9)


def test_an_unknown_byte_is_named_with_its_position(by_hand):
    text = np.frombuffer(b"abcab\xe9d", dtype=np.uint8)
    with pytest.raises(
        InputError, match=r"^novel\.txt: found the byte b'\\xe9' at position 5, expected one of the model's 3 bytes"
    ):
        by_hand.encode(text, "novel.txt")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_drawn_text_follows_the_distribution(temperature):
    train = [0, 1, 0, 2, 0, 1, 1, 0, 0, 2, 1, 0, 1, 2, 2, 0, 1]
    ours, plain = fitted(train, 2)
    drawn = sample(ours, [0, 1], 6000, temperature, np.random.default_rng(5))
    text = [0, 1, *drawn]
    statistic = degrees = 0
    for context in np.ndindex(3, 3):
        counts = np.bincount([text[i] for i in range(2, len(text)) if tuple(text[i - 2 : i]) == context], minlength=3)
        weights = np.array([float(plain.probability(character, context)) ** (1 / temperature) for character in range(3)])
        expected = counts.sum() * weights / weights.sum()
        statistic += ((counts - expected) ** 2 / expected).sum()
        degrees += 2
    assert stats.chi2.sf(statistic, degrees) > 0.001


def test_temperature_zero_takes_the_most_probable():
    ours, plain = fitted([0, 1, 2, 0, 1, 2, 0, 1, 1], 2)
    text = [0]
    for _ in range(20):
        text.append(max(range(3), key=lambda character: plain.probability(character, text)))
    assert sample(ours, [0], 20, 0.0, np.random.default_rng(0)) == text[1:]


def test_the_seed_decides_what_is_drawn():
    ours, _ = fitted(np.random.default_rng(1).integers(0, 3, 50).tolist(), 3)
    first, again, other = (sample(ours, [], 60, 1.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
