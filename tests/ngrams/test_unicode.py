"""n-grams of more than 256 distinct characters: against dictionaries, and against KenLM with a word a character."""

import random

import numpy as np
import pytest
from helpers.chen_goodman import Model
from ngrams.test_sorted_text import (
    test_every_order_holds_the_counts_of_the_training_sequences as check_counts,
)

from rnnscope.corpus.text import code_points
from rnnscope.ngrams.counts import count_ngrams, read_counts, write_counts
from rnnscope.ngrams.kneser_ney import log_probabilities
from rnnscope.ngrams.ngram_model import kneser_ney

LETTERS = 600


def zipf_text(characters: int, letters: int, seed: int) -> list[int]:
    """Ids of which a few are frequent and most are rare, in words that repeat."""
    draw = random.Random(seed)
    ranks = [int(letters ** draw.random()) - 1 for _ in range(characters)]
    words = [ranks[start : start + 3] for start in range(0, characters, 3)]
    return [letter for word in (draw.choice(words[: index + 1]) for index in range(len(words))) for letter in word][:characters]


@pytest.mark.parametrize("offset", [0, 300, 65_000])
def test_wide_ids_are_counted_like_narrow_ones(offset):
    check_counts.hypothesis.inner_test([[offset, offset + 1, offset, 0], [1, offset]], [[offset, 0]])


def test_probabilities_of_many_characters_are_those_of_the_formula():
    ids = zipf_text(3000, LETTERS, 1)
    train, scored = ids[:2500], ids[2500:2600]
    plain = Model([train], LETTERS, 3)
    arrays = [np.array(part, dtype=np.uint16) for part in (train, scored)]
    (found,) = log_probabilities([arrays[0]], [arrays[1]], LETTERS, range(3, 4))
    expected = [np.log(float(plain.probability(scored[i], scored[max(0, i - 3) : i]))) for i in range(len(scored))]
    np.testing.assert_allclose(found.log_prob, expected, rtol=0, atol=1e-9)


def test_a_model_of_code_points_is_kept_in_its_file(tmp_path):
    ids = np.array(zipf_text(2000, LETTERS, 2), dtype=np.uint16)
    vocabulary = np.arange(0x4E00, 0x4E00 + LETTERS, dtype=np.uint32)
    orders = count_ngrams([ids], LETTERS, 2)
    write_counts(tmp_path / "model", orders, vocabulary)
    back, found = read_counts(tmp_path / "model")
    assert found.dtype == np.uint32
    assert found.tolist() == vocabulary.tolist()
    for written, read in zip(orders, back, strict=True):
        for name in ("suffix", "first", "count"):
            np.testing.assert_array_equal(getattr(written, name), getattr(read, name))
    model = kneser_ney(back, found)
    text = "".join(chr(0x4E00 + index) for index in ids[:300])
    log_prob = model.log_probabilities(model.encode(code_points(text), "text"))
    np.testing.assert_allclose(log_prob, kneser_ney(orders, vocabulary).log_probabilities(ids[:300]), rtol=0, atol=0)
    for context in ([], [0], [1, 2]):
        assert np.exp(model.distribution(context)).sum() == pytest.approx(1)
