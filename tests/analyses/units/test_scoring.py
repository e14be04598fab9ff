import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from rnnscope.analyses.units.scoring import effects, midranks, rank_of_counts, score, targets

HALVES = arrays.arrays(
    np.float16, st.tuples(st.integers(1, 4), st.integers(4, 30)), elements=st.sampled_from([-2, -0.5, -0.0, 0.0, 0.1, 3])
)
ANY = arrays.arrays(np.float16, (2, 40), elements=st.floats(-8, 8, width=16))


@given(HALVES | ANY)
def test_midranks_against_scipy(values):
    np.testing.assert_array_equal(midranks(values), stats.rankdata(values.astype(float), axis=1))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_ranks_of_counts_against_scipy(values):
    np.testing.assert_array_equal(rank_of_counts(np.array(values)), stats.rankdata(values))


def features_and_units(random, n=500):
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


@pytest.mark.parametrize("shift", [0, 1, 123, 499])
def test_effects_against_definitions_for_shifted_text(shift):
    features, units = features_and_units(np.random.default_rng(shift))
    prepared = targets(features)
    found = effects(units, prepared, [7, shift])
    assert found.shape == (2, 6, 6)
    assert set(prepared.names) == {
        *(("quotes", "auc"), ("word", "auc")),
        *((name, measure) for name in ("depth", "line") for measure in ("pearson", "spearman")),
    }
    for column, (feature, measure) in enumerate(prepared.names):
        for unit, values in enumerate(units):
            expected = expected_effect(values, np.roll(features[feature], shift), measure)
            assert found[1, unit, column] == pytest.approx(expected, abs=2e-6), (feature, measure, unit)


@pytest.mark.parametrize("delta", [0.2, 1.0, -2.5])
def test_planted_units_score_what_theory_says(delta):
    """Feature plus Gaussian noise: AUC = Phi(delta / (sigma sqrt 2)); Pearson = delta s / sqrt(delta^2 s^2 + sigma^2)."""
    random = np.random.default_rng(3)
    n, sigma = 200_000, 0.5
    on, count = random.random(n) < 0.1, random.integers(0, 20, n)
    unit = delta * on + random.normal(0, sigma, n)
    other = delta * count + random.normal(0, sigma, n)
    (found,) = effects(np.stack([unit, other]), targets({"on": on, "count": count}))
    deviation = np.sqrt((20**2 - 1) / 12)  # of a uniform count
    pearson = delta * deviation / np.hypot(delta * deviation, sigma)
    assert score(found[0, 0], "auc") == pytest.approx(stats.norm.cdf(delta / (sigma * np.sqrt(2))), abs=0.006)
    assert score(found[1, 2], "pearson") == pytest.approx(pearson, abs=0.005)
    assert abs(found[0, 1:]).max() < 0.01
    assert abs(found[1, 0]) < 0.01
