"""The n-grams from one sort against counting them in dictionaries."""

from collections import Counter

import numpy as np
from helpers.chen_goodman import continuations, occurrences
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.ngrams.sorted_text import SortedText, continuation_counts

HIGHEST = 10
sequences = st.lists(st.lists(st.integers(0, 2), max_size=40), min_size=1, max_size=3)


def orders(train, scored, highest):
    """Sort, and yield the n-grams of each order with those of the next."""
    dtype = np.uint8 if max(map(max, filter(None, train)), default=0) < 256 else np.uint16
    text = SortedText([np.array(s, dtype=dtype) for s in train], [np.array(s, dtype=dtype) for s in scored], highest)
    ngrams = text.extend_to_the_left(text.empty_ngram())
    for _ in range(highest):
        extended = text.extend_to_the_left(ngrams)
        yield text, ngrams, extended
        ngrams = extended


@given(train=sequences, scored=sequences)
def test_every_order_holds_the_counts_of_the_training_sequences(train, scored):
    for _, ngrams, extended in orders(train, scored, HIGHEST):
        expected, expected_continuations = occurrences(train, ngrams.order), continuations(train, ngrams.order)
        found = Counter(zip(ngrams.count.tolist(), continuation_counts(ngrams, extended).tolist(), strict=True))
        found.pop((0, 0), None)
        assert found == Counter((count, expected_continuations[ngram]) for ngram, count in expected.items())


@given(train=sequences, scored=sequences)
def test_every_scored_character_finds_its_ngram_and_its_context(train, scored):
    shorter = None
    for text, ngrams, _ in orders(train, scored, HIGHEST):
        k = ngrams.order
        expected, expected_contexts = occurrences(train, k), occurrences(train, k - 1)
        ending = [tuple(s[i + 1 - k : i + 1]) if i + 1 >= k else None for s in scored for i in range(len(s))]
        assert ngrams.count[ngrams.number[text.scored]].tolist() == [expected[ngram] for ngram in ending]
        if shorter is not None:
            found = shorter.count[text.contexts_of(ngrams, shorter)[ngrams.number[text.scored]]]
            whole = [index for index, ngram in enumerate(ending) if ngram]
            assert found[whole].tolist() == [expected_contexts[ending[index][:-1]] for index in whole]
        shorter = ngrams


def test_bytes_of_all_256_values_stay_apart():
    train = [np.random.default_rng(0).integers(0, 256, 5000).tolist()]
    for _, ngrams, _ in orders(train, [[0, 255]], 3):
        assert sorted(ngrams.count[ngrams.count > 0].tolist()) == sorted(occurrences(train, ngrams.order).values())
