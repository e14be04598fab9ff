import numpy as np
import pandas as pd
import pytest
from helpers.synthetic_activations import spans, write_features, write_layer
from scipy import stats

from rnnscope.analyses.units import probes

STREAMS, STEPS = 10, 2000


def ridge(inputs, target):
    """Least squares with a penalty of 1 on the weights of standardised inputs, by its normal equations: weights, intercept."""
    mean, deviation = inputs.mean(0), inputs.std(0)
    scaled = (inputs - mean) / np.where(deviation == 0, 1, deviation)
    weights = np.linalg.solve(scaled.T @ scaled + np.eye(scaled.shape[1]), scaled.T @ (target - target.mean()))
    return lambda other: (other - mean) / np.where(deviation == 0, 1, deviation) @ weights + target.mean()


def auc(feature, predicted):
    return stats.mannwhitneyu(predicted[feature], predicted[~feature]).statistic / (feature.sum() * (~feature).sum())


@pytest.fixture
def planted(tmp_path):
    """Each of 16 units detects the feature weakly, in independent noise; another never changes."""
    random = np.random.default_rng(0)
    n = STREAMS * STEPS
    quotes = spans(random, n, 30)
    line = random.integers(0, 60, n).astype(np.int32)
    h = 0.1 * quotes[:, np.newaxis] + random.normal(0, 0.2, (n, 17)) + 0.004 * line[:, np.newaxis] * (np.arange(17) < 3)
    h[:, 16] = 0.5
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, {"quotes": quotes, "line": line})
    write_layer(tmp_path / "gru-1-64", 1, STREAMS, STEPS, {"h": h})
    rows = [("gru-1-64", "quotes", "auc", 0.64, 1), ("gru-1-64", "quotes", "auc", 0.63, 2)]
    rows += [("gru-1-64", "line", "pearson", 0.3, 1), ("gru-1-64", "line", "spearman", 0.2, 1)]
    columns = ["model", "feature", "measure", "held_out_score", "rank"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "cells.csv", index=False)
    held_out = np.repeat(np.arange(STREAMS), STEPS) % 2 == 1
    return {"quotes": quotes, "line": line}, h.astype(np.float16).astype(float), held_out


def test_scores_are_those_of_the_normal_equations_and_of_theory(tmp_path, call, planted):
    features, h, held_out = planted
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "gru-1-64"]
    words += ["--cells", tmp_path / "cells.csv", "--characters", 10**6, "--out", tmp_path / "probes.csv"]
    assert call(probes, *words) is None
    table = pd.read_csv(tmp_path / "probes.csv").set_index("feature")
    for name, (measure, best) in {"quotes": ("auc", 0.64), "line": ("pearson", 0.3)}.items():
        predict = ridge(h[~held_out], features[name][~held_out].astype(float))
        for column, half in (("selection_score", ~held_out), ("held_out_score", held_out)):
            predicted, feature = predict(h[half]), features[name][half]
            expected = auc(feature, predicted) if measure == "auc" else stats.pearsonr(feature, predicted).statistic
            assert table.loc[name, column] == pytest.approx(expected, abs=1e-4)
        row = table.loc[name]
        assert (row["model"], row["cell"], row["layer"], row["quantity"]) == ("gru-1-64", "gru", 1, "h")
        assert (row["units"], row["measure"], row["best_unit_score"]) == (17, measure, best)
    # Of 16 independent units that are delta apart, with noise sigma: AUC = Phi(4 delta / (sigma sqrt 2)), and 3 of them blurred.
    assert 0.9 < table.loc["quotes", "held_out_score"] < stats.norm.cdf(4 * 0.1 / (0.2 * np.sqrt(2)))


@pytest.mark.parametrize(("name", "measure"), [("quotes", "auc"), ("line", "pearson")])
def test_one_feature_that_varies_among_constant_ones(tmp_path, call, planted, name, measure):
    features, h, held_out = planted
    n = STREAMS * STEPS
    constant = {"never": np.zeros(n, bool), "always": np.ones(n, bool), "seven": np.full(n, 7, np.int32)}
    only_in_one_half = {"some": held_out & features["quotes"]}
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, constant | {name: features[name]} | only_in_one_half)
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "gru-1-64"]
    words += ["--cells", tmp_path / "cells.csv", "--characters", 10**6, "--out", tmp_path / "probes.csv"]
    assert call(probes, *words) is None
    (row,) = pd.read_csv(tmp_path / "probes.csv").to_dict("records")
    assert (row["feature"], row["measure"]) == (name, measure)
    predicted = ridge(h[~held_out], features[name][~held_out].astype(float))(h[held_out])
    feature = features[name][held_out]
    expected = auc(feature, predicted) if measure == "auc" else stats.pearsonr(feature, predicted).statistic
    assert row["held_out_score"] == pytest.approx(expected, abs=1e-4)


def test_a_layer_that_says_nothing_scores_as_guessing(tmp_path, call):
    random = np.random.default_rng(1)
    n = STREAMS * STEPS
    features = {"quotes": spans(random, n, 30), "line": random.integers(0, 60, n).astype(np.int32)}
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, features)
    write_layer(tmp_path / "rnn-1-64", 1, STREAMS, STEPS, {"h": np.zeros((n, 3))})
    pd.DataFrame(columns=["model", "feature", "measure", "held_out_score", "rank"]).to_csv(tmp_path / "cells.csv", index=False)
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "rnn-1-64"]
    words += ["--cells", tmp_path / "cells.csv", "--characters", 10**6, "--out", tmp_path / "probes.csv"]
    assert call(probes, *words) is None
    table = pd.read_csv(tmp_path / "probes.csv")
    assert table["held_out_score"].tolist() == [0.5, 0]
    assert table["units_for_95_percent"].isna().all()


def test_selectivity_is_what_the_layer_knows_beyond_the_character(tmp_path, call):
    """Nothing is left of a feature of the character in a layer that is its one-hot code; of a unit that is the feature all is."""
    random = np.random.default_rng(2)
    n, kinds = STREAMS * STEPS, 12
    characters = random.choice(kinds, n, p=random.dirichlet(np.full(kinds, 5.0)))
    span, line = spans(random, n, 30), random.integers(0, 9, n).astype(np.int32)
    features = {"vowel": characters % 3 == 0, "rank": characters.astype(np.int32), "span": span, "line": line}
    write_features(tmp_path / "features.parquet", STREAMS, STEPS, features)
    one_hot, noise = np.eye(kinds)[characters], random.normal(0, 1, (n, 5))
    write_layer(tmp_path / "rnn-2-64", 1, STREAMS, STEPS, {"h": one_hot}, characters=characters)
    held = np.column_stack([noise, span, line / 9])
    write_layer(tmp_path / "rnn-2-64", 2, STREAMS, STEPS, {"h": held}, characters=characters)
    pd.DataFrame(columns=["model", "feature", "measure", "held_out_score", "rank"]).to_csv(tmp_path / "cells.csv", index=False)
    words = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / "rnn-2-64"]
    words += ["--cells", tmp_path / "cells.csv", "--characters", 10**6, "--out", tmp_path / "probes.csv"]
    assert call(probes, *words) is None
    table = pd.read_csv(tmp_path / "probes.csv").set_index(["layer", "feature"])
    assert list(table["selectivity"]) == pytest.approx(list(table["held_out_score"] - table["control_score"]))
    for feature in ("vowel", "rank"):  # functions of the character, as the control tasks are
        assert table.loc[(1, feature), "held_out_score"] > 0.99
        assert table.loc[(1, feature), "selectivity"] == pytest.approx(0, abs=0.01)
    assert table.loc[(1, "span"), "selectivity"] < -0.4, "the control tasks are in the layer, the feature is not"
    for feature, chance in (("span", 0.5), ("line", 0)):
        row = table.loc[(2, feature)]
        assert row["held_out_score"] > 0.99
        assert row["control_score"] == pytest.approx(chance, abs=0.05)
        assert row["units_for_95_percent"] == 1
