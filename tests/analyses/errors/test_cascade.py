"""The cascade compared with one that asks every oracle about every character in turn."""

import math
from collections import Counter
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from helpers.random_texts import fixed_text, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.analyses.errors.breakdown import remove_in_order
from rnnscope.analyses.errors.cascade import Cascade
from rnnscope.analyses.errors.errors import is_error
from rnnscope.errors import InputError
from rnnscope.settings.sections import ERROR_CLASSES, READINGS, Oracles

HALF = math.log(0.5)
LOG_PROB = st.one_of(st.floats(-6, -0.75, width=32), st.floats(-0.625, 0, width=32))  # on both sides of one half


@st.composite
def cascades(draw):
    """A cascade with the log-probabilities of a model, and what the plain cascade needs to know of it."""
    text, plain = draw(texts())
    count = len(text.positions)
    how = Oracles(
        order=draw(st.permutations(ERROR_CLASSES)),
        reading=draw(st.sampled_from(READINGS)),
        longest_context=3,
        memory=draw(st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True)),
        rare_words=draw(st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True)),
        boost=draw(st.sampled_from([[0.1, 0.2, 0.3, 0.4, 0.5], [0.25], [0.4, 0.1]])),
    )
    probabilities = st.lists(LOG_PROB, min_size=count, max_size=count).map(lambda values: np.array(values, np.float32))
    log_prob, *ngrams = (draw(probabilities) for _ in range(4))
    ngrams = dict(enumerate(ngrams, start=1))
    cascade = Cascade(text, {n: ~is_error(values) for n, values in ngrams.items()}, how)
    return cascade, plain, log_prob, ngrams


def levels_in_order(how):
    """The steps of removal, (class, level)."""
    levels = {
        "n-gram": range(1, how.longest_context + 1),
        "memory": how.memory,
        "rare_words": how.rare_words,
        "word_model": ["space or quote", "newline"],
        "boost": how.boost,
    }
    return [(name, level) for name in how.order for level in levels.get(name, ["all"])]


def plain_removal(how, plain, log_prob, ngrams):
    """For every error all (class, level) that get it right, in the order of removal: {index of the character: [...]}."""
    removal = {}
    for index, character in enumerate(plain.characters()):
        if log_prob[index] < HALF:
            of_ngrams = {n: float(values[index]) for n, values in ngrams.items()}
            asked = (character, float(log_prob[index]), of_ngrams, how.reading)
            removal[index] = [step for step in levels_in_order(how) if plain.is_right(*step, *asked)]
    return removal


@settings(max_examples=40)
@given(cascades())
def test_every_error_falls_in_the_class_that_comes_first(given_cascade):
    cascade, plain, log_prob, ngrams = given_cascade
    removal = plain_removal(cascade.settings, plain, log_prob, ngrams)
    table = cascade.breakdown(log_prob).table()
    first = Counter(steps[0] if steps else ("remaining", "all") for steps in removal.values())
    single = Counter(step for steps in removal.values() for step in steps)
    assert table["class"].unique().tolist() == [*cascade.settings.order, "remaining"]
    for row in table.to_dict("records"):
        levels = [step for step in levels_in_order(cascade.settings) if row["class"] == step[0]] or [("remaining", "all")]
        if row["level"] == "all":
            removed = sum(first[step] for step in levels)
            alone = sum(any(step[0] == row["class"] for step in steps) for steps in removal.values())
            alone += first["remaining", "all"] if row["class"] == "remaining" else 0
        else:
            (step,) = [step for step in levels if step[1] == row["level"] or str(step[1]) == row["level"]]
            removed, alone = first[step], single[step]
        assert (row["removed"], row["alone"]) == (removed, alone), row
        assert row["removed_share"] == pytest.approx(removed / max(len(removal), 1))
        assert row["alone_share"] == pytest.approx(alone / max(len(removal), 1))


def test_the_other_reading_of_a_cascade_is_the_cascade_of_that_reading():
    text, _ = fixed_text(b"whether or no\r\nwhether ", 3)
    how = Oracles(order=["memory"], reading="paper", longest_context=1, memory=[30], rare_words=[0], boost=[0.5])
    log_prob, right = np.full(len(text.positions), -1.0, np.float32), {1: np.zeros(len(text.positions), bool)}
    cascade = Cascade(text, right, how)
    assert cascade.under("paper") is cascade
    strict = Cascade(text, right, replace(how, reading="strict")).breakdown(log_prob).table()
    pd.testing.assert_frame_equal(cascade.under("strict").breakdown(log_prob).table(), strict)
    assert not strict.equals(cascade.breakdown(log_prob).table())


@settings(max_examples=40)
@given(cascades())
def test_the_classes_partition_the_errors(given_cascade):
    cascade, _, log_prob, _ = given_cascade
    breakdown = cascade.breakdown(log_prob)
    table = breakdown.table()
    errors = int((log_prob < HALF).sum())
    of_class = table["level"] == "all"
    assert table[of_class]["removed"].sum() == errors
    for name, levels in table[~of_class].groupby("class"):
        assert levels["removed"].sum() == table[of_class].set_index("class").loc[name, "removed"]
    assert ((breakdown.class_of >= 0) == (log_prob < HALF)).all()
    for index, name in enumerate(breakdown.classes):
        assert (breakdown.class_of == index).sum() == table[of_class].set_index("class").loc[name, "removed"]


def test_the_order_moves_errors_between_classes_and_loses_none():
    errors = np.array([True, True, True, False, True])
    masks = [np.array(mask, bool) for mask in ([1, 1, 0, 1, 0], [0, 1, 1, 1, 0])]
    assert remove_in_order(errors, masks).tolist() == [0, 0, 1, -1, 2]
    assert remove_in_order(errors, masks[::-1]).tolist() == [1, 0, 0, -1, 2]
    for order in permutations(masks):
        assert (remove_in_order(errors, list(order)) == 2).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"order": ["boost", "boost"]}, "order: found .* expected a list of different .*boost"),
        ({"reading": "loose"}, "reading: found 'loose', expected paper or strict"),
        ({"longest_context": 0}, "longest_context: found 0, expected a whole number from 1 to 1000"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed, line):
    values = {"order": ["boost"], "reading": "paper", "longest_context": 1, "memory": [1], "rare_words": [1], "boost": [0.5]}
    with pytest.raises(InputError, match=line):
        Oracles(**values | changed)
