import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.metrics import roc_auc_score

from rnnscope.analyses.units.scoring import effects, midranks, score, sorted_midranks, targets

HALVES = arrays.arrays(
    np.float16, st.tuples(st.integers(1, 4), st.integers(4, 30)), elements=st.sampled_from([-2, -0.5, -0.0, 0.0, 0.1, 3])
)
ANY = arrays.arrays(np.float16, (2, 40), elements=st.floats(-8, 8, width=16))


@given(HALVES | ANY)
def test_midranks_against_scipy(values):
    np.testing.assert_array_equal(midranks(values), stats.rankdata(values.astype(float), axis=1))


@given(HALVES | ANY)
def test_midranks_of_single_precision_against_scipy(values):
    single = values.astype(np.float32) * np.float32(1.1)
    np.testing.assert_array_equal(midranks(single), stats.rankdata(single.astype(float), axis=1))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_ranks_of_counts_against_scipy(values):
    np.testing.assert_array_equal(sorted_midranks(np.array(values)), stats.rankdata(values))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_scores_of_large_states_against_other_libraries(dtype):
    """Cells that count to 100, jump between -100 and 100, stay around 5 or 20, never change; rounded, so that there are ties."""
    random = np.random.default_rng(5)
    n = 20_000
    inside, line = random.random(n) < 0.3, random.integers(0, 80, n).astype(np.int32)
    states = np.stack(
        [
            line * 1.25 + random.normal(0, 3, n),
            np.where(inside, 100, -100) * random.choice([0.07, 0.5, 1], n),
            5 + 0.5 * inside + random.normal(0, 0.5, n),
            (0.02 * line + random.normal(0, 1, n)).round(1),
            -20 - 0.1 * line,
            np.full(n, 7.1),
        ]
    ).astype(dtype)
    exact = states.astype(np.float64)
    (found,) = effects(states, np.tanh(exact), targets({"inside": inside, "line": line}))
    for unit, values in enumerate(exact):
        auc = roc_auc_score(inside, values)
        varies = np.ptp(np.tanh(values)) > 1e-12
        spearman = stats.spearmanr(line, values).statistic if np.ptp(values) else 0
        pearson = stats.pearsonr(line, np.tanh(values)).statistic if varies else 0
        measured = [score(found[unit, 0], "auc"), *found[unit, 1:]]
        np.testing.assert_allclose(measured, [auc, spearman, pearson], atol=1e-6, err_msg=str(unit))


def features_and_units(random, n=1300):
    """Ties everywhere; a unit that never changes among the others."""
    features = {
        "quotes": random.random(n) < 0.2,
        "depth": random.integers(0, 4, n).astype(np.int32),
        "word": random.random(n) < 0.7,
        "line": random.integers(0, 70, n).astype(np.int32),
    }
    units = random.normal(0, 1, (6, n)).round(1) + 0.5 * features["quotes"] + 0.3 * features["depth"]
    units[3] = 0.25
    return features, np.tanh(units).astype(np.float16).astype(np.float32)


def expected_effect(unit, feature, measure):
    if np.ptp(unit) == 0:
        return 0
    if measure == "auc":
        on, off = unit[feature], unit[~feature]
        return np.mean([(on > value).mean() + 0.5 * (on == value).mean() for value in off]) - 0.5
    return {"pearson": stats.pearsonr, "spearman": stats.spearmanr}[measure](unit, feature).statistic


@pytest.mark.parametrize("shift", [1, 123, 788, 1299])
def test_effects_against_definitions_for_shifted_text(shift):
    features, units = features_and_units(np.random.default_rng(shift))
    prepared = targets(features)
    found = effects(units, units, prepared, [7, shift])
    assert found.shape == (3, 6, 6)
    assert set(prepared.names) == {
        *(("quotes", "auc"), ("word", "auc")),
        *((name, measure) for name in ("depth", "line") for measure in ("pearson", "spearman")),
    }
    for column, (feature, measure) in enumerate(prepared.names):
        for unit, values in enumerate(units):
            for index, rows in ((0, 0), (2, shift)):
                expected = expected_effect(values, np.roll(features[feature], rows), measure)
                assert found[index, unit, column] == pytest.approx(expected, abs=2e-6), (feature, measure, unit)


@pytest.mark.parametrize("delta", [0.2, 1.0, -2.5])
def test_planted_units_score_what_theory_says(delta):
    """Feature plus Gaussian noise: AUC = Phi(delta / (sigma sqrt 2)); Pearson = delta s / sqrt(delta^2 s^2 + sigma^2)."""
    random = np.random.default_rng(3)
    n, sigma = 200_000, 0.5
    on, count = random.random(n) < 0.1, random.integers(0, 20, n)
    unit = delta * on + random.normal(0, sigma, n)
    other = delta * count + random.normal(0, sigma, n)
    units = np.stack([unit, other]).astype(np.float32)
    (found,) = effects(units, units, targets({"on": on, "count": count}))
    deviation = np.sqrt((20**2 - 1) / 12)  # of a uniform count
    pearson = delta * deviation / np.hypot(delta * deviation, sigma)
    assert score(found[0, 0], "auc") == pytest.approx(stats.norm.cdf(delta / (sigma * np.sqrt(2))), abs=0.006)
    assert score(found[1, 2], "pearson") == pytest.approx(pearson, abs=0.005)
    assert abs(found[0, 1:]).max() < 0.01
    assert abs(found[1, 0]) < 0.01
