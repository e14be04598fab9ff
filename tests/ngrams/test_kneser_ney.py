"""Kneser-Ney models against a plain implementation with dictionaries, and against numbers worked by hand."""

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.chen_goodman import Model, occurrences
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnnscope.ngrams.kneser_ney import log_probabilities

K = 4  # the texts below use the ids 0 to 2: a vocabulary's last character is seen by no training stream

short_texts = st.lists(st.integers(0, 2), max_size=30)
repeated_texts = st.builds(
    lambda block, times: block * times, st.lists(st.integers(0, 2), min_size=1, max_size=9), st.integers(1, 5)
)
streams = st.lists(short_texts | repeated_texts, min_size=1, max_size=3)
scored_text = st.lists(st.integers(0, K - 1), max_size=12)


def arrays(texts):
    return [np.array(text, dtype=np.uint8) for text in texts]


def ids(text):
    """Ids of a text in letters: a is 0."""
    return [ord(letter) - ord("a") for letter in text]


def scores(train, scored, K, contexts):
    return list(log_probabilities(arrays(train), arrays(scored), K, contexts))


def distribution(train, context, K, n):
    """P(every character | context), by scoring the context once with each character after it."""
    [found] = scores(train, [[*context, character] for character in range(K)], K, range(n, n + 1))
    return np.exp(found.log_prob.reshape(K, -1)[:, -1])


def assert_agrees(train, scored, K, contexts, every=1):
    """The most likely character is looked for among all K, at one position of `every`."""
    for found in scores(train, scored, K, contexts):
        model = Model(train, K, found.n)
        expected = [math.log(model.probability(text[i], text[:i])) for text in scored for i in range(len(text))]
        np.testing.assert_allclose(found.log_prob, expected, rtol=0, atol=1e-9)
        places = [(text, i) for text in scored for i in range(len(text))]
        for (text, i), character in list(zip(places, found.predicted.tolist(), strict=True))[::every]:
            probabilities = [model.probability(other, text[:i]) for other in range(K)]
            assert probabilities[character] == pytest.approx(max(probabilities), rel=1e-12)
            assert max(probabilities[:character], default=0) <= probabilities[character] * (1 + 1e-12)
        np.testing.assert_allclose(found.discounts, [float(D) for D in model.discounts[found.n + 1][0]], rtol=1e-12)
        assert found.ngrams == sum(len(occurrences(train, order)) for order in range(1, found.n + 2))


@given(train=streams, scored=st.lists(scored_text, min_size=1, max_size=2), first=st.integers(1, 9), more=st.integers(0, 3))
@example(
    train=[[0, 1, 2]], scored=[[0, 1, 2, 3, 0]], first=1, more=9
)  # n larger than the text, a character that only the test has
@example(train=[[0] * 40], scored=[[0, 0, 1, 0]], first=1, more=20)  # one character, over and over
@example(train=[[0], []], scored=[[0, 1]], first=1, more=2)  # no n-gram has anything on its left
@example(train=[[0, 1, 2, 0] * 20], scored=[[0, 1, 2, 0] * 10], first=25, more=5)  # repeats longer than a key of the sort
@example(
    train=[[0, *[1] * 7, 2, *[1] * 7] * 4], scored=[[2, *[1] * 7, 0]], first=7, more=0
)  # they differ 8 back, one beyond a key
def test_agrees_with_the_plain_implementation(train, scored, first, more):
    assert_agrees(train, scored, K, range(first, first + more + 1))


def test_agrees_where_the_discounts_of_every_order_are_estimated():
    random = np.random.default_rng(0)
    K = 80
    weights = 1 / np.arange(1, K + 1) ** 1.5
    train = [random.choice(K, size=1500, p=weights / weights.sum()).tolist() for _ in range(2)]
    scored = [random.choice(K, size=60, p=weights / weights.sum()).tolist()]
    model = Model(train, K, 3)  # a bad choice of text would leave some order to the fall-back: make sure
    assert [order for order, (_, estimated) in model.discounts.items() if estimated] == [1, 2, 3, 4]
    assert_agrees(train, scored, K, range(1, 4), every=7)


@settings(max_examples=50)
@given(train=streams, context=st.lists(st.integers(0, K - 1), max_size=8), n=st.integers(1, 9))
@example(train=[[]], context=[], n=1)
@example(train=[[0, 0, 0]], context=[3, 3, 3], n=2)
@example(train=[[0, 0, 0]], context=[0, 0, 0, 0, 0], n=9)
def test_every_distribution_is_positive_and_sums_to_one(train, context, n):
    probability = distribution(train, context, K, n)
    assert probability.min() > 0
    assert probability.sum() == pytest.approx(1, abs=1e-12)


def test_bigrams_of_abracadabra_by_hand():
    # Continuation counts: a follows r, c and d: 3; b, c, d and r follow one character each: 1. No 2, so D = 1/2, 1, 3/2.
    # P(a) = (3 - 3/2) / 7 + gamma / 5 with gamma = (4 * 1/2 + 3/2) / 7 = 1/2; P(b) = (1 - 1/2) / 7 + gamma / 5.
    K, letters = 5, {"a": 0, "b": 1, "c": 2, "d": 3, "r": 4}
    a, b = 11 / 35, 6 / 35
    # After a: b twice, c and d once. No bigram occurs three times, so D is the same; gamma(a) = (1 + 1/2 + 1/2) / 4 = 1/2.
    after_a = [a / 2, 1 / 4 + b / 2, 1 / 8 + b / 2, 1 / 8 + b / 2, b / 2]
    # After r: a twice, gamma(r) = 1 / 2.
    after_r = [1 / 2 + a / 2, b / 2, b / 2, b / 2, b / 2]
    train = [[letters[letter] for letter in "abracadabra"]]
    np.testing.assert_allclose(distribution(train, [letters["a"]], K, 1), after_a, rtol=1e-12)
    np.testing.assert_allclose(distribution(train, [letters["r"]], K, 1), after_r, rtol=1e-12)
    np.testing.assert_allclose(distribution(train, [], K, 1), [a, b, b, b, b], rtol=1e-12)


def test_streams_do_not_join():
    # Were the two streams one text, abab, then a would be seen to follow b.
    K = 2
    assert distribution([ids("ab"), ids("ab")], ids("b"), K, 1) == pytest.approx(distribution([ids("ab")], [], K, 1))
    assert distribution([ids("abab")], ids("b"), K, 1)[0] > distribution([ids("ab"), ids("ab")], ids("b"), K, 1)[0]


def test_a_text_scored_alone_and_among_others_scores_the_same():
    train, texts = [ids("abcabcaabbcc")], [ids("abc"), ids("cabca"), ids("dd")]
    together = [found.log_prob for found in scores(train, texts, K, range(1, 6))]
    apart = [
        np.concatenate(parts)
        for parts in zip(*([s.log_prob for s in scores(train, [t], K, range(1, 6))] for t in texts), strict=True)
    ]
    np.testing.assert_array_equal(together, apart)


def run_stage(*arguments):
    command = [sys.executable, "-m", "rnnscope.ngrams.kneser_ney", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def split(tmp_path):
    """A split of 3 streams: 60 characters of train, 10 of validation, 20 of test in each."""
    text = np.random.default_rng(1).choice(K, size=(3, 91), p=[0.5, 0.3, 0.15, 0.05]).astype(np.uint8)
    folder = tmp_path / "split"
    folder.mkdir()
    for part, columns in {"train": slice(0, 61), "validation": slice(60, 71), "test": slice(70, 91)}.items():
        np.save(folder / f"{part}.npy", text[:, columns])
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": [10, 97, 98, 99]}))
    return folder


def test_stage_writes_counts_and_predictions(split, tmp_path):
    files = ("--counts", tmp_path / "counts.csv", "--predictions-folder", tmp_path / "out")
    done = run_stage("--split", split, "--longest-context", 3, "--ngram", 2, *files)
    assert done.returncode == 0, done.stderr
    counts = pd.read_csv(tmp_path / "counts.csv")
    train, test = np.load(split / "train.npy").tolist(), np.load(split / "test.npy")
    text = test[:, 1:].ravel().tolist()  # the test characters of all streams, end to end
    assert sorted(path.name for path in (tmp_path / "out").glob("*.parquet")) == [f"ngram-{n}.parquet" for n in (1, 2, 3)]
    assert counts.columns.tolist() == ["n", "ngrams", "discount_1", "discount_2", "discount_3", "fall_back_orders"]
    assert counts["n"].tolist() == [1, 2, 3]
    for row in counts.itertuples():
        model = Model(train, K, row.n)
        expected = np.array([math.log(model.probability(text[i], text[:i])) for i in range(len(text))])
        predictions = pq.read_table(tmp_path / "out" / f"ngram-{row.n}.parquet")
        np.testing.assert_allclose(predictions["log_prob"].to_numpy(), expected, rtol=1e-6)
        assert predictions["target"].to_pylist() == text
        for i, character in enumerate(predictions["predicted"].to_pylist()):
            probabilities = [float(model.probability(other, text[:i])) for other in range(K)]
            assert probabilities[character] == pytest.approx(max(probabilities), rel=1e-12)
        assert row.ngrams == sum(len(occurrences(train, order)) for order in range(1, row.n + 2))
        found = [row.discount_1, row.discount_2, row.discount_3]
        assert found == pytest.approx([float(D) for D in model.discounts[row.n + 1][0]])
    text = np.load(split / "validation.npy")[:, 1:].ravel().tolist()
    [path] = (tmp_path / "out/validation").glob("*.parquet")
    validation, model = pq.read_table(path), Model(train, K, 2)
    assert path.name == "ngram-2.parquet"
    assert validation["target"].to_pylist() == text
    expected = [math.log(model.probability(text[i], text[:i])) for i in range(len(text))]
    np.testing.assert_allclose(validation["log_prob"].to_numpy(), expected, rtol=1e-6)


def test_stage_reports_a_users_mistake_in_one_line(split, tmp_path):
    def error(longest_context=3, ngram=1):
        files = ("--counts", tmp_path / "counts.csv", "--predictions-folder", tmp_path)
        done = run_stage("--split", split, "--longest-context", longest_context, "--ngram", ngram, *files)
        assert done.returncode == 1
        assert not (tmp_path / "counts.csv").exists()
        [line] = done.stderr.splitlines()
        return line

    assert "--longest-context: found 0, expected a whole number from 1 to 1000" in error(0)
    assert "--ngram: found 4, expected at most --longest-context, 3" in error(ngram=4)
    np.save(split / "test.npy", np.full((3, 21), K, dtype=np.uint8))
    assert f"{split / 'test.npy'}: found the id 4, expected ids below 4" in error()
    (split / "train.npy").unlink()
    assert f"{split / 'train.npy'}: no such file" in error()
