import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mutual_info_score

from rnnscope.analyses.context import mutual_information as stage
from rnnscope.analyses.context.mutual_information import mutual_information
from rnnscope.corpus import split

STAY = np.array([0.9, 0.7])  # probability of each of two states to follow itself


def markov_chain(length):
    random = np.random.default_rng(1)
    uniform, states = random.random(length), np.zeros(length, dtype=np.uint8)
    for step in range(1, length):
        states[step] = states[step - 1] ^ (uniform[step] > STAY[states[step - 1]])
    return states


def information_of_the_chain(distance):
    """In closed form: P^d = 1 pi + lambda^d (I - 1 pi) with lambda = p + q - 1, where p and q are the probabilities to stay."""
    stationary = (1 - STAY[::-1]) / (2 - STAY.sum())
    power = np.outer(np.ones(2), stationary) + (STAY.sum() - 1) ** distance * (np.eye(2) - np.outer(np.ones(2), stationary))
    joint = stationary[:, np.newaxis] * power
    return (joint * np.log(joint / np.outer(stationary, stationary))).sum()


def test_of_a_markov_chain_in_closed_form(tmp_path, call):
    chain = markov_chain(60_000)
    (tmp_path / "text").write_bytes(np.where(chain, ord("a"), ord("b")).astype(np.uint8).tobytes())
    layout = ["--streams", 10, "--sequence-length", 20, "--fractions", "0.8,0.1,0.1"]
    assert call(split, "--text", tmp_path / "text", *layout, "--out", tmp_path) is None
    words = ["--split", tmp_path, "--places", 1, "--longest", 30, "--choice-seed", 1, "--out", tmp_path / "out.csv"]
    assert call(stage, *words) is None
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["distance"].iloc[[0, -1]].tolist() == [1, 30]
    for _, row in table.iterrows():
        assert row["information"] == pytest.approx(information_of_the_chain(row["distance"]), rel=0.05, abs=1e-3)
    assert (table["pairs"] == 60_000 + 1 - table["distance"]).all(), "all parts, and the target of the last character"
    assert (table["shuffled"] < 1e-4).all()
    assert (table["shuffled_highest"] >= table["shuffled"]).all()


@pytest.mark.parametrize("kinds", [3, 40, 5000])
def test_of_frequencies_against_another_library(kinds):
    random = np.random.default_rng(2)
    first = random.integers(0, kinds, 4000)
    second = (first + random.integers(0, 3, 4000)) % kinds
    assert mutual_information(first, second, kinds) == pytest.approx(mutual_info_score(first, second), abs=1e-9)


def test_the_shuffled_text_takes_the_bias_away(tmp_path, call):
    """Characters without any dependence: the frequencies alone would say (K - 1)^2 / 2n nats (Miller 1955)."""
    kinds, n = 60, 20_000
    text = np.random.default_rng(3).integers(32, 32 + kinds, n).astype(np.uint8)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": list(range(32, 32 + kinds))}))
    ids = (text - 32).reshape(10, -1)
    whole = np.concatenate([ids, np.append(ids[1:, 0], 0)[:, np.newaxis].astype(np.uint8)], axis=1)
    for name, start, stop in (("train", 0, 1600), ("validation", 1600, 1800), ("test", 1800, 2000)):
        np.save(tmp_path / f"{name}.npy", whole[:, start : stop + 1])
    words = ["--split", tmp_path, "--places", 1, "--longest", 5, "--choice-seed", 1, "--out", tmp_path / "out.csv"]
    assert call(stage, *words) is None
    table = pd.read_csv(tmp_path / "out.csv")
    bias = (kinds - 1) ** 2 / (2 * n)
    assert list(table["plug_in"]) == pytest.approx([bias] * len(table), rel=0.1)
    assert (table["information"].abs() < 0.1 * bias).all()
