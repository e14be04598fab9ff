import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import pdist, squareform

from rnnscope.analyses.comparisons import model_distances as stage
from rnnscope.analyses.comparisons.model_distances import disagreements, distances, order_and_merges


def random_log_prob(models, characters, seed=0):
    return np.log(np.random.default_rng(seed).uniform(0.001, 1, (models, characters))).astype(np.float32)


@pytest.mark.parametrize("characters", [1, 4095, 4096, 9001])
def test_distances_are_euclidean_distances_of_the_probabilities(characters):
    log_prob = random_log_prob(5, characters)
    expected = squareform(pdist(np.exp(log_prob.astype(np.float64)))) / np.sqrt(characters)
    np.testing.assert_allclose(distances(log_prob), expected, rtol=1e-12)


def test_models_that_nearly_agree_have_a_distance():
    certain = np.zeros((1, 5000))
    nearly = certain.copy()
    nearly[0, 17] = np.log1p(-1e-7)
    assert distances(np.concatenate([certain, nearly]))[0, 1] == pytest.approx(1e-7 / np.sqrt(5000), rel=1e-6)


def test_order_of_the_models_changes_the_order_of_distances_alone():
    log_prob, turned = random_log_prob(6, 500), [3, 0, 5, 2, 1, 4]
    np.testing.assert_array_equal(distances(log_prob)[np.ix_(turned, turned)], distances(log_prob[turned]))
    _, straight_merges = order_and_merges(distances(log_prob))
    _, turned_merges = order_and_merges(distances(log_prob[turned]))
    np.testing.assert_allclose(turned_merges["distance"], straight_merges["distance"])
    assert list(turned_merges["models"]) == list(straight_merges["models"])


def plain_average_linkage(apart):
    """The members and mean distance of every merge: always the two clusters whose members are nearest on average."""
    clusters = [frozenset([model]) for model in range(len(apart))]

    def mean_distance(pair):
        return np.mean([apart[a, b] for a in pair[0] for b in pair[1]])

    found = []
    while len(clusters) > 1:
        pairs = [(first, second) for place, first in enumerate(clusters) for second in clusters[place + 1 :]]
        nearest = min(pairs, key=mean_distance)
        found.append((set(nearest), mean_distance(nearest)))
        clusters = [cluster for cluster in clusters if cluster not in nearest] + [nearest[0] | nearest[1]]
    return found


@pytest.mark.parametrize(("models", "seed"), [(2, 0), (3, 1), (7, 2), (12, 3)])
def test_merges_are_those_of_average_linkage(models, seed):
    apart = distances(random_log_prob(models, 50, seed))
    order, merges = order_and_merges(apart)
    assert sorted(order) == list(range(models))
    members = [frozenset([int(model)]) for model in order]
    for row, (pair, distance) in zip(merges.itertuples(), plain_average_linkage(apart), strict=True):
        assert {members[row.first], members[row.second]} == pair
        assert row.distance == pytest.approx(distance)
        members.append(members[row.first] | members[row.second])
        assert row.models == len(members[-1])
        places = sorted(list(order).index(model) for model in members[-1])
        assert places == list(range(places[0], places[0] + len(places))), "a cluster's models stand side by side"


def test_cophenetic_distances_follow_from_the_merges():
    apart = distances(random_log_prob(8, 50, 4))
    order, merges = order_and_merges(apart)
    tree = merges[["first", "second", "distance", "models"]].to_numpy(dtype=float)
    joined_at = squareform(cophenet(tree))
    for row, (pair, distance) in enumerate(plain_average_linkage(apart)):
        first, second = ([list(order).index(model) for model in cluster] for cluster in pair)
        np.testing.assert_allclose(joined_at[np.ix_(first, second)], distance, err_msg=str(row))


def test_tables_of_both(tmp_path, call, predicted):
    models = ["lstm-1-4", "ngram-1", "nnn-1", "gru-1-4"]
    _, log_prob = predicted(models)
    most_likely = {model: pq.read_table(tmp_path / f"predictions/{model}.parquet")["predicted"].to_pylist() for model in models}
    words = ["--predictions-folder", tmp_path / "predictions", "--models", *models]
    words += ["--out-distances", tmp_path / "distances.csv", "--out-merges", tmp_path / "merges.csv"]
    assert call(stage, *words) is None
    with (tmp_path / "distances.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [row["model"] for row in rows[::4]]
    assert sorted(names) == sorted(models)
    assert [(row["model"], row["other"]) for row in rows] == [(model, other) for model in names for other in names]
    for row in rows:
        first, second = (np.exp(log_prob[row[key]].astype(float)) for key in ("model", "other"))
        assert float(row["distance"]) == pytest.approx(np.sqrt(((first - second) ** 2).mean()), rel=1e-6, abs=1e-12)
        pairs = list(zip(most_likely[row["model"]], most_likely[row["other"]], strict=True))
        assert float(row["disagreement"]) == pytest.approx(sum(one != other for one, other in pairs) / len(pairs))
    assert 0 < max(float(row["disagreement"]) for row in rows) < 1
    assert len((tmp_path / "merges.csv").read_text().splitlines()) == 4


def test_a_model_without_most_likely_characters_disagrees_with_none():
    found = disagreements([np.array([1, 2, 3, 4]), None, np.array([1, 2, 0, 0])])
    np.testing.assert_array_equal(found, [[0, np.nan, 0.5], [np.nan] * 3, [0.5, np.nan, 0]])


def test_one_model_alone_has_no_distance(tmp_path, call, predicted):
    predicted(["lstm-1-4"])
    words = ["--predictions-folder", tmp_path / "predictions", "--models", "lstm-1-4"]
    words += ["--out-distances", tmp_path / "distances.csv", "--out-merges", tmp_path / "merges.csv"]
    assert call(stage, *words) == "error: --models: found lstm-1-4 alone, expected at least two models"
