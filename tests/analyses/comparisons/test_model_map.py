import csv

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import TSNE

from rnnscope.analyses.comparisons import model_map as stage
from rnnscope.analyses.comparisons.model_map import classical_scaling, embed, perplexity_for


def two_groups(seed=0):
    """The vectors of two groups of seven models, far from each other."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.uniform(0, 0.3, (7, 40)), random.uniform(0.6, 1, (7, 40))])


def test_classical_scaling_is_principal_components_of_the_vectors():
    vectors = two_groups()
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    found = classical_scaling(squareform(pdist(vectors)))
    for axis in range(2):
        component = left[:, axis] * values[axis]
        component *= np.sign(component[np.abs(component).argmax()])
        np.testing.assert_allclose(found[:, axis], component, atol=1e-9)


@pytest.mark.parametrize("models", [2, 3, 20])
def test_classical_scaling_is_the_eigenvectors_of_the_inner_products(models):
    distances = squareform(pdist(np.random.default_rng(models).uniform(size=(models, 6))))
    centring = np.eye(models) - 1 / models
    values, vectors = np.linalg.eigh(-centring @ distances**2 @ centring / 2)
    expected = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    expected *= np.sign(expected[np.abs(expected).argmax(axis=0), [0, 1]])
    found = classical_scaling(distances)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_models_on_a_line_have_no_second_coordinate(seed):
    points = np.random.default_rng(seed).uniform(size=(2 + seed % 3, 1))
    found = classical_scaling(squareform(pdist(points)))
    np.testing.assert_allclose(found[:, 1], 0, atol=1e-7)
    np.testing.assert_allclose(squareform(pdist(found)), squareform(pdist(points)), atol=1e-7)


def test_map_from_distances_is_the_map_from_vectors():
    vectors = two_groups()
    distances = squareform(pdist(vectors))
    start = classical_scaling(distances)
    start *= 1e-4 / start[:, 0].std()
    expected = TSNE(method="exact", init=start.astype(np.float32), perplexity=4).fit_transform(vectors)
    before = distances.copy()
    np.testing.assert_allclose(embed(distances, 4), expected, atol=1e-3)
    np.testing.assert_array_equal(distances, before)


@pytest.mark.parametrize("scale", [1, 1e-3])
def test_models_that_predict_alike_are_near_each_other(scale):
    places = embed(squareform(pdist(two_groups())) * scale, 10)
    apart = squareform(pdist(places))
    assert max(apart[:7, :7].max(), apart[7:, 7:].max()) < apart[:7, 7:].min()


def test_order_of_the_models_changes_their_order_alone():
    distances = squareform(pdist(two_groups(3)))
    turned = np.random.default_rng(1).permutation(14)
    np.testing.assert_allclose(embed(distances[np.ix_(turned, turned)], 4), embed(distances, 4)[turned], atol=1e-2)


@pytest.mark.parametrize("models", [2, 3, 4, 10, 60])
def test_perplexity_fits_the_number_of_models(models):
    found = perplexity_for(models, 10)
    assert 1 <= found <= 10
    assert 3 * found <= max(models - 1, 3)
    assert found == 10 or models < 31
    places = embed(squareform(pdist(np.random.default_rng(0).uniform(size=(models, 5)))), 10)
    assert places.shape == (models, 2)
    assert np.isfinite(places).all()


def test_models_that_all_agree_are_at_one_point():
    places = embed(np.zeros((5, 5)), 10)
    np.testing.assert_allclose(places, np.zeros((5, 2)), atol=1e-6)


def one_hot_codes(characters=40, vocabulary=3):
    """The most likely characters of 14 models, some of which agree more than others, as one-hot vectors."""
    random = np.random.default_rng(1)
    drawn = random.integers(vocabulary, size=(2, characters)).repeat(7, axis=0)
    changed = random.uniform(size=drawn.shape) < 0.3
    drawn[changed] = random.integers(vocabulary, size=changed.sum())
    return np.eye(vocabulary)[drawn].reshape(14, -1)


@pytest.fixture
def table():
    names = [f"lstm-1-{size}" for size in range(14)]
    pairs = {"model": np.repeat(names, 14), "other": np.tile(names, 14)}
    codes = one_hot_codes()
    disagreement = (codes[:, np.newaxis] != codes).sum(axis=2) / 2 / 40  # two entries differ where two characters do
    return pd.DataFrame(pairs | {"distance": squareform(pdist(two_groups())).ravel(), "disagreement": disagreement.ravel()})


def test_a_row_a_map_and_model_and_the_same_bytes_again(tmp_path, call, table):
    table.to_csv(tmp_path / "distances.csv", index=False)
    words = ["--distances", tmp_path / "distances.csv", "--perplexity", "4", "--out", tmp_path / "map.csv"]
    assert call(stage, *words) is None
    written = (tmp_path / "map.csv").read_bytes()
    rows = list(csv.DictReader(written.decode().splitlines()))
    names = list(table["model"][::14])
    expected = [(name, model) for name in ("agreement", "probabilities") for model in names]
    assert [(row["map"], row["model"]) for row in rows] == expected
    places = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    np.testing.assert_allclose(places[14:], embed(squareform(pdist(two_groups())), 4), atol=1e-3)
    vectors = one_hot_codes() / np.sqrt(2 * 40)
    np.testing.assert_allclose(places[:14], embed(squareform(pdist(vectors)), 4), atol=1e-3)
    assert call(stage, *words) is None
    assert (tmp_path / "map.csv").read_bytes() == written


def test_a_missing_pair_ends_in_one_line(tmp_path, call, table):
    table.drop(20).to_csv(tmp_path / "distances.csv", index=False)
    words = ["--distances", tmp_path / "distances.csv", "--perplexity", "4", "--out", tmp_path / "map.csv"]
    assert call(stage, *words).startswith("error: table of distances: not every two of its models are in it")


@pytest.mark.parametrize(("known", "maps"), [(1, ["probabilities"]), (2, ["agreement", "probabilities"])])
def test_a_map_of_fewer_than_two_models_is_left_out(tmp_path, call, table, known, maps):
    """Of the others only the probabilities are known, as of external models."""
    names = list(table["other"][:14])
    is_known = table["model"].isin(names[:known]) & table["other"].isin(names[:known])
    table["disagreement"] = table["disagreement"].where(is_known)
    table.to_csv(tmp_path / "distances.csv", index=False)
    words = ["--distances", tmp_path / "distances.csv", "--perplexity", "4", "--out", tmp_path / "map.csv"]
    assert call(stage, *words) is None
    written = pd.read_csv(tmp_path / "map.csv")
    assert list(written["map"].unique()) == maps
    assert written.groupby("map").size().to_dict() == {name: known if name == "agreement" else 14 for name in maps}


def test_one_model_is_one_line(tmp_path, call, table):
    table.iloc[:1].to_csv(tmp_path / "distances.csv", index=False)
    words = ["--distances", tmp_path / "distances.csv", "--perplexity", "4", "--out", tmp_path / "map.csv"]
    assert call(stage, *words) == f"error: {tmp_path}/distances.csv: found 1 models, expected at least two"
