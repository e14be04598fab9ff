"""The two stages of `realisable` on a small split: what they choose, and what they count."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.error_project import ErrorProject

from rnnscope.analyses.errors import realisable, realisable_predictions
from rnnscope.analyses.errors.tuning import first_lowest, spread_streams
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Optimisation
from rnnscope.storage.predictions import read_log_prob, read_predictions, write_predictions
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.cross_entropy import predictions
from rnnscope.training.optimisation import start_training
from rnnscope.training.segments import to_device

CPU = torch.device("cpu")
METHODS = ["realisable-dynamic-evaluation", "realisable-cache-10", "realisable-cache-60", "realisable-ngram-mixture"]


class Project(ErrorProject):
    """With a checkpoint of the best network, lstm-1-8, that has learned a little, what it predicts, and a good n-gram model."""

    def __init__(self, folder):
        super().__init__(folder)
        self.validation = np.load(folder / "split/validation.npy")
        (folder / "split/split.json").write_text('{"sequence_length": 20}')
        network = Network(Shape("lstm", 1, 8, len(self.vocabulary)), generator=torch.Generator().manual_seed(3))
        train = to_device(np.load(folder / "split/train.npy"), CPU)
        training = start_training(network, Optimisation(learning_rate=0.02))
        for _ in range(12):
            train_epoch(training, train, 20, 5.0)
        description = Description("lstm-1-8", network.shape, 0.0, 1, self.vocabulary.tolist())
        save_checkpoint(folder / "models/lstm-1-8/checkpoint.safetensors", network.state_dict(), description)
        found = {name: predictions(network, to_device(ids, CPU), 20) for name, ids in self.parts.items()}
        self.evaluated = {name: log_prob.numpy().T for name, (log_prob, _) in found.items()}
        write_predictions(folder / "predictions/lstm-1-8.parquet", self.test, self.evaluated["test"], found["test"][1].numpy().T)
        ngram = np.random.default_rng(4).uniform(0.02, 1, self.evaluated["test"].shape)
        self.log_prob["ngram-2"] = np.log(ngram).astype(np.float32)
        write_predictions(folder / "predictions/ngram-2.parquet", self.test, self.log_prob["ngram-2"], self.test[:, 1:])
        self.write_ngram(1.0)

    @property
    def parts(self):
        return {"validation": self.validation, "test": self.test}

    def write_ngram(self, power):
        """A model whose probabilities of the validation part are between 0 and 1 to a power."""
        random = np.random.default_rng(5)
        self.of_validation = np.log(random.uniform(0.01, 1, self.evaluated["validation"].shape) ** power)
        ids = self.validation
        write_predictions(self.folder / "predictions/validation/ngram-2.parquet", ids, self.of_validation, ids[:, 1:])


@pytest.fixture(scope="module")
def project_once(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(project_once):
    project_once.write_ngram(1.0)
    return project_once


def predict(call, project, *more, rates=(0.001, 0.01)):
    folder = project.folder
    words = ["--split", folder / "split", "--predictions-folder", folder / "predictions", "--models-folder", folder / "models"]
    words += ["--best", project.best, "--device", "cpu", "--learning-rates", *rates, "--decays", 0, 0.1, "--streams", 2]
    words += ["--sequence-length", 20, "--thetas", 0.5, 2, "--characters", 90, "--memory", 10, 60, "--ngram"]
    return call(realisable_predictions, *words, "--out-choices", folder / "choices.csv", *more)


def compare(call, project):
    words = [*project.words, "--choices", project.folder / "choices.csv", "--streams", 2, "--samples", 40, "--seed", 2]
    return call(realisable, *words, "--out", project.folder / "realisable.csv")


def of_method(project, method):
    return read_log_prob(project.folder / f"predictions/{method}.parquet")


def test_the_candidate_of_the_lowest_validation_loss_makes_the_predictions(call, project):
    assert predict(call, project) is None
    table = pd.read_csv(project.folder / "choices.csv")
    assert list(table["method"].unique()) == METHODS
    assert table["method"].value_counts().to_dict() == dict(zip(METHODS, (5, 2, 2, 1), strict=True))
    assert set(table["characters"]) == {80}, "two of the three streams, of 40 characters each"
    for _, rows in table.groupby("method"):
        assert rows["validation_loss"][rows["chosen"]].tolist() == [rows["validation_loss"].min()]
    alone = table[table["learning_rate"] == 0]
    assert alone["validation_loss"].tolist() == [pytest.approx(-project.evaluated["validation"][:2].mean(), abs=1e-6)]
    weighed = table.dropna(subset="weight")
    assert (weighed["validation_loss"] <= alone["validation_loss"].item()).all(), "a weight of zero is allowed"
    for method in METHODS:
        found = read_predictions(project.folder / f"predictions/{method}.parquet")
        np.testing.assert_array_equal(found.targets, project.test[:, 1:])
        assert found.predicted is None


def test_the_mixture_has_the_weight_of_the_validation_part(call, project):
    assert predict(call, project) is None
    row = pd.read_csv(project.folder / "choices.csv").iloc[-1]
    network, ngram = (np.exp(values[:2].astype(float)) for values in (project.evaluated["validation"], project.of_validation))
    losses = [-np.log((1 - weight) * network + weight * ngram).mean() for weight in np.linspace(0, 1, 1001)]
    assert row["weight"] == pytest.approx(np.argmin(losses) / 1000, abs=1e-3)
    assert 0 < row["weight"] < 1, "the example must mix"
    assert row["validation_loss"] == pytest.approx(min(losses), abs=1e-6)
    network, ngram = (np.exp(values.astype(float)).ravel() for values in (project.evaluated["test"], project.log_prob["ngram-2"]))
    expected = np.log((1 - row["weight"]) * network + row["weight"] * ngram)
    np.testing.assert_allclose(of_method(project, METHODS[-1]), expected, rtol=1e-6)


def test_what_helps_nothing_leaves_the_network_to_the_bit(call, project):
    """An n-gram model that is always worse, and a rate with which the network forgets everything."""
    project.write_ngram(50.0)
    assert predict(call, project, rates=(1000.0,)) is None
    table = pd.read_csv(project.folder / "choices.csv")
    chosen = table[table["chosen"]].set_index("method")
    assert chosen["learning_rate"][METHODS[0]] == 0
    assert chosen["weight"][METHODS[-1]] == 0
    for method in (METHODS[0], METHODS[-1]):
        np.testing.assert_array_equal(of_method(project, method), project.evaluated["test"].ravel())
    assert compare(call, project) is None
    table = pd.read_csv(project.folder / "realisable.csv").set_index("method")
    for method in (METHODS[0], METHODS[-1]):
        assert (table.loc[method, ["removed", "added", "test_loss_difference"]] == 0).all(axis=None)


def test_the_table_counts_the_errors_of_every_class(call, project):
    assert predict(call, project) is None
    assert compare(call, project) is None
    table = pd.read_csv(project.folder / "realisable.csv")
    chosen = pd.read_csv(project.folder / "choices.csv").query("chosen").set_index("method")
    before = project.classes(project.evaluated["test"])
    assert table["method"].drop_duplicates().tolist() == METHODS
    for method, rows in table.groupby("method"):
        log_prob = of_method(project, method)
        after = project.classes(log_prob)
        pairs = list(zip(before, after, strict=True))
        removed = Counter(first for first, second in pairs if first and not second)
        added = Counter(second for first, second in pairs if second and not first)
        of_class = Counter(filter(None, before))
        for row in rows.to_dict("records"):
            name = row["class"]
            assert (row["removed"], row["added"], row["errors_before"]) == (removed[name], added[name], of_class[name])
            share = (removed[name] - added[name]) / of_class[name] if of_class[name] else float("nan")
            assert row["bound_share"] == pytest.approx(share, nan_ok=True)
        assert rows["test_loss_after"].to_numpy() == pytest.approx(-log_prob.astype(float).mean())
        assert rows["test_loss_before"].to_numpy() == pytest.approx(-project.evaluated["test"].astype(float).mean())
        for name in ("learning_rate", "decay", "theta", "weight"):
            assert rows[name].iloc[0] == pytest.approx(chosen[name][method], nan_ok=True)
    assert table["removed"].max() > 0
    assert table["added"].max() > 0
    clusters = table.groupby("method")["clusters"].first()
    assert clusters[METHODS[0]] == "2 groups of 2 streams", "streams that learn together are one cluster"
    assert set(clusters[METHODS[1:]]) == {"3 streams"}


def test_a_network_of_another_text_is_reported(call, project, tmp_path):
    network = Network(Shape("lstm", 1, 8, 2))
    path = tmp_path / "lstm-1-8/checkpoint.safetensors"
    save_checkpoint(path, network.state_dict(), Description("lstm-1-8", network.shape, 0.0, 1, [10, 32]))
    message = predict(call, project, "--models-folder", tmp_path)
    assert message == f"error: {path}: trained on 2 other characters; expected the {len(project.vocabulary)} of this split"


def test_ngram_predictions_of_another_text_are_reported(call, project):
    path = project.folder / "predictions/validation/ngram-2.parquet"
    write_predictions(path, project.test, project.log_prob["ngram-2"], None)
    assert predict(call, project).startswith(f"error: {path}: its targets are not the 120 of ")


@pytest.mark.parametrize(
    ("streams", "steps", "characters", "expected"),
    [(10, 100, 1, [0]), (10, 100, 350, [0, 3, 6]), (10, 100, 5000, list(range(10))), (1, 100, 5000, [0])],
)
def test_streams_are_whole_and_spread(streams, steps, characters, expected):
    assert spread_streams(streams, steps, characters).tolist() == expected


def test_a_loss_that_is_no_number_is_never_chosen():
    rows = [{"validation_loss": float("nan")}, {"validation_loss": 2.0}, {"validation_loss": float("inf")}]
    assert first_lowest([*rows, {"validation_loss": 2.0}]) is rows[1]
