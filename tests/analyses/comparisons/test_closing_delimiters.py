import csv
import itertools
import json
from math import log10

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import norm, t

from rnnscope.analyses.comparisons import closing_delimiters as stage
from rnnscope.analyses.comparisons.closing_delimiters import PAPER_EDGES, closing_probabilities, decade_edges, probabilities
from rnnscope.analyses.losses.clusters import Clusters
from rnnscope.data.paper import paper_points
from rnnscope.settings.sections import Resampling
from rnnscope.storage.predictions import write_predictions

MODELS = ["lstm-3-8", "ngram-4", "nnn-2"]
CLUSTERS = Clusters(4, 60, blocks=6)
SAMPLES = Resampling(samples=30, seed=3)


@pytest.mark.parametrize("largest", [1, 2, 9, 10, 99, 100, 3300])
def test_buckets_are_five_a_decade_and_hold_every_distance(largest):
    edges = decade_edges(largest).tolist()
    assert edges[0] == 1
    assert edges[-1] > largest >= edges[-2]
    for rank, edge in enumerate(edges):
        assert abs(5 * log10(edge) - rank) < 0.6
    assert all(first < second for first, second in itertools.pairwise(edges))


def test_the_bins_of_the_paper_are_those_of_its_figure():
    bins = {case for _, case in paper_points("linux_kernel", "F5", "mean probability of a closing brace")}
    assert bins == {f"{least}-{most}" for least, most in itertools.pairwise(PAPER_EDGES)}


def random_closings(streams=4, steps=60, number=150, seed=0):
    """Closing delimiters at different places, long ones among them, at distances of up to the stream's length."""
    random = np.random.default_rng(seed)
    places = random.choice(streams * (steps - 2), number, replace=False)
    column = places % (steps - 2) + 2
    return pd.DataFrame(
        {
            "delimiter": random.choice(["}", "*/", '"'], number),
            "stream": places // (steps - 2),
            "column": column,
            "distance": random.integers(1, column + 1),
        }
    )


def test_probability_of_all_characters_of_a_delimiter():
    log_prob = -np.random.default_rng(0).exponential(size=(4, 60)).astype(np.float32)
    found = random_closings()
    for value, row in zip(probabilities(log_prob, found), found.itertuples(), strict=True):
        # The prediction of column c stands in step c - 1.
        expected = np.exp(float(log_prob[row.stream, row.column - 1]))
        if row.delimiter == "*/":
            expected *= np.exp(float(log_prob[row.stream, row.column - 2]))
        assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("edges", [decade_edges(60).tolist(), [0, 20, 35]])
def test_every_frequent_bucket_compared_with_a_loop(edges):
    """Also with buckets that leave out the largest distances."""
    random = np.random.default_rng(1)
    log_prob = {model: -random.exponential(size=(4, 60)).astype(np.float32) for model in MODELS}
    found = random_closings()
    table = closing_probabilities(found, log_prob, np.array(edges), CLUSTERS, SAMPLES, 8)
    found = found[found["distance"] < edges[-1]].reset_index(drop=True)
    values = {model: probabilities(log_prob[model], found) for model in MODELS}
    buckets = [max(rank for rank, edge in enumerate(edges) if edge <= distance) for distance in found["distance"]]
    keys = list(zip(found["delimiter"], buckets, strict=True))
    frequent = {key for key in keys if keys.count(key) >= 8}
    assert {(row.delimiter, row.least_distance, row.model) for row in table.itertuples()} == {
        (delimiter, edges[bucket], model) for delimiter, bucket in frequent for model in MODELS
    }
    assert 0 < len(frequent) <= len(set(keys))
    draws = np.random.default_rng(3)
    drawn_blocks = [draws.integers(24, size=24).tolist() for _ in range(30)]
    blocks = [row.stream * 6 + (row.column - 1) // 10 for row in found.itertuples()]
    with_interval = 0
    for row in table.itertuples():
        cases = [case for case, key in enumerate(keys) if (key[0], edges[key[1]]) == (row.delimiter, row.least_distance)]
        of_model = values[row.model]
        assert row.count == len(cases)
        assert row.mean_probability == pytest.approx(np.mean([of_model[case] for case in cases]))
        assert row.mean_distance == pytest.approx(np.mean([found["distance"][case] for case in cases]))
        assert all(row.least_distance <= found["distance"][case] <= row.most_distance for case in cases)
        means = []
        for draw in drawn_blocks:
            drawn = [of_model[case] for block in draw for case in cases if blocks[case] == block]
            means += [np.mean(drawn)] if drawn else []
        inside = len({blocks[case] for case in cases})
        if inside < 10:
            assert np.isnan([row.low, row.high]).all()
        else:
            with_interval += 1
            tail = norm.cdf(np.sqrt(inside / (inside - 1)) * t.ppf(0.025, inside - 1))  # as far out as Student's t
            assert (row.low, row.high) == pytest.approx(tuple(np.quantile(means, [tail, 1 - tail])))
    assert 0 < with_interval < len(table), "the example must have cases in few clusters and in many"


def test_order_of_the_models_changes_their_order_alone():
    random = np.random.default_rng(1)
    log_prob = {model: -random.exponential(size=(4, 60)).astype(np.float32) for model in MODELS}
    turned = dict(reversed(log_prob.items()))
    key = ["delimiter", "least_distance", "model"]
    tables = [
        closing_probabilities(random_closings(), each, decade_edges(60), CLUSTERS, SAMPLES, 8).sort_values(key, ignore_index=True)
        for each in (log_prob, turned)
    ]
    pd.testing.assert_frame_equal(*tables)


TEXT = "a(b)" * 10


@pytest.fixture
def project(tmp_path, best_models):
    """The words of the stage for a text of three streams whose only delimiters are ten pairs of brackets in each.

    And the log-probabilities of the models.
    """
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": sorted(map(ord, set(TEXT)))}))
    ids = [sorted(set(TEXT)).index(letter) for letter in TEXT]
    test = np.array([[*ids, 0]] * 3, dtype=np.uint8)
    np.save(tmp_path / "test.npy", test)
    random = np.random.default_rng(0)
    log_prob = {model: np.log(random.uniform(0.01, 1, (3, 40))).astype(np.float32) for model in MODELS}
    for model, values in log_prob.items():
        write_predictions(tmp_path / f"predictions/{model}.parquet", test, values, test[:, 1:])
    states = {name: np.zeros(120, bool) for name in ("inside_comment", "inside_string")}
    pq.write_table(pa.table(states | {"capital": np.zeros(120, bool)}), tmp_path / "features.parquet")
    words = [
        *("--split", tmp_path, "--features", tmp_path / "features.parquet", "--predictions-folder", tmp_path / "predictions"),
        *("--best", best_models, "--minimum-count", "30", "--clusters", "12", "--samples", "20", "--seed", "1"),
        *("--out", tmp_path / "closing.csv"),
    ]
    return words, log_prob


def test_a_row_a_way_to_bin_a_bucket_and_model(tmp_path, call, project):
    words, log_prob = project
    assert call(stage, *words) is None
    with (tmp_path / "closing.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["bins"], row["delimiter"], row["model"], row["least_distance"], row["count"]) for row in rows] == [
        (bins, ")", model, least, "30") for bins, least in (("paper", "0"), ("decades", "2")) for model in MODELS
    ]
    for row in rows:
        # The bracket is in column 3, 7, 11, ..., its prediction in the step before.
        expected = np.exp(log_prob[row["model"]].astype(float))[:, 2::4].mean()
        assert float(row["mean_probability"]) == pytest.approx(expected, rel=1e-6)
        assert float(row["low"]) <= expected <= float(row["high"])


def test_without_an_n_nn_the_other_models_are_compared(tmp_path, call, project, best_models):
    words, _ = project
    best_models.write_text(
        "".join(line for line in best_models.read_text().splitlines(keepends=True) if not line.startswith("nnn,"))
    )
    assert call(stage, *words) is None
    with (tmp_path / "closing.csv").open() as file:
        assert [row["model"] for row in csv.DictReader(file)] == 2 * MODELS[:2]


def test_too_few_delimiters_leave_an_empty_table(tmp_path, call, project):
    words, _ = project
    words[words.index("--minimum-count") + 1] = "31"
    assert call(stage, *words) is None
    assert (tmp_path / "closing.csv").read_text() == ",".join(stage.CLOSING_DELIMITERS.names) + "\n"


def test_features_of_another_text_end_in_one_line(tmp_path, call, project):
    words, _ = project
    pq.write_table(pa.table({"inside_quotes": np.zeros(119, bool)}), tmp_path / "features.parquet")
    assert call(stage, *words) == f"error: {tmp_path}/features.parquet: found 119 rows, expected 120, a row a test character"
