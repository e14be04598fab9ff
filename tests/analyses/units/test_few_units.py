import itertools

import numpy as np
import pytest

from rnnscope.analyses.units import few_units
from rnnscope.analyses.units.few_units import forward_selection, growing_probes

PENALTY = 1.0


@pytest.fixture
def layer():
    """Seven correlated units, one of them constant, and a feature that three of them make."""
    random = np.random.default_rng(3)
    inputs = random.normal(size=(3000, 7)) @ (np.eye(7) + 0.2 * random.normal(size=(7, 7)))
    inputs[:, 4] = 0
    feature = inputs[:, [1, 2, 6]] @ [1.0, -0.7, 0.4] + random.normal(0, 0.5, 3000) > 0.3
    deviation = inputs.std(axis=0)
    return ((inputs - inputs.mean(axis=0)) / np.where(deviation == 0, 1, deviation)).astype(np.float32), feature


def penalised_error(inputs, feature, units):
    """What a ridge regression on some units minimises, at its minimum, in float64: by least squares on rows for the penalty."""
    columns = inputs[:, units].astype(np.float64)
    rows = np.concatenate([columns, np.sqrt(PENALTY) * np.eye(len(units))])
    target = np.concatenate([feature - feature.mean(), np.zeros(len(units))])
    weights = np.linalg.lstsq(rows, target, rcond=None)[0]
    return ((target - rows @ weights) ** 2).sum(), columns @ weights


def test_each_unit_that_is_added_lowers_the_error_most(layer):
    inputs, feature = layer
    selection = forward_selection(inputs, feature, PENALTY)
    assert sorted(selection.units) == list(range(7))
    predicted = list(growing_probes(selection, inputs))
    for number in range(1, 8):
        before, chosen = list(selection.units[: number - 1]), selection.units[number - 1]
        errors = {unit: penalised_error(inputs, feature, [*before, unit])[0] for unit in range(7) if unit not in before}
        assert errors[chosen] == pytest.approx(min(errors.values()), rel=1e-5)
        _, expected = penalised_error(inputs, feature, [*before, chosen])
        np.testing.assert_allclose(predicted[number - 1], expected, atol=2e-4)


def test_it_finds_the_units_that_make_the_feature_as_the_search_of_all_sets_does(layer):
    inputs, feature = layer
    best = min(itertools.combinations(range(7), 3), key=lambda units: penalised_error(inputs, feature, list(units))[0])
    assert set(forward_selection(inputs, feature, PENALTY).units[:3]) == set(best)


def test_only_the_units_of_the_highest_correlation_are_tried(layer, monkeypatch):
    inputs, feature = layer
    correlations = [abs(np.corrcoef(column, feature)[0, 1]) if column.any() else 0 for column in inputs.T]
    monkeypatch.setattr(few_units, "CANDIDATES", 4)
    selection = forward_selection(inputs, feature, PENALTY)
    assert set(selection.units) == set(np.argsort(correlations)[-4:])
