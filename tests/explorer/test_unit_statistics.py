"""What is said of every unit over the whole text, against the equations in float64."""

import numpy as np
import pytest
from helpers.opened_page import reference

from rnnscope.explorer.page_text import page_text
from rnnscope.explorer.unit_statistics import BINS, PLACES, SEGMENT, unit_statistics
from rnnscope.explorer.weights import rounded
from rnnscope.models.cells import CELLS


@pytest.fixture(scope="module", params=["lstm-2-8", "gru-1-8"])
def found(request, corpus):
    text = page_text(corpus.test, corpus.vocabulary, 10**6)
    traced = {(1, "h", 2)}
    return request.param, text, unit_statistics(rounded(corpus.networks[request.param]), text, traced)


def test_loss_and_ranges(found, corpus):
    model, text, statistics = found
    probabilities, activations = reference(corpus, model)
    exact = -np.log(probabilities[np.arange(text.ids.size), text.targets.ravel()]).mean()
    assert statistics.loss == pytest.approx(exact, abs=1e-4)
    names = CELLS[corpus.networks[model].shape.cell].activation_names
    for (layer, name), values in activations.items():
        limits = statistics.ranges[layer - 1, names.index(name)]
        np.testing.assert_allclose(limits, [values.min(axis=0), values.max(axis=0)], rtol=0, atol=1e-3)


def test_histograms_count_all_characters(found, corpus):
    """Of each unit against numpy's histogram of the float64 values; rounding may move a value over an edge."""
    model, text, statistics = found
    names = CELLS[corpus.networks[model].shape.cell].activation_names
    for (layer, name), values in reference(corpus, model)[1].items():
        limits = statistics.ranges[layer - 1, names.index(name)].astype(float)
        for unit in range(values.shape[1]):
            low, high = limits[:, unit]
            counts, _ = np.histogram(np.clip(values[:, unit], low, high), BINS, (low, high))
            shares = statistics.histograms[layer - 1, names.index(name), unit] / 65535
            assert np.abs(np.cumsum(shares) - np.cumsum(counts) / text.ids.size).max() < 0.01


def test_places_are_the_highest_and_lowest_half_a_segment_apart(found, corpus):
    model, _, statistics = found
    cell = CELLS[corpus.networks[model].shape.cell]
    _, activations = reference(corpus, model)
    for layer in range(1, corpus.networks[model].shape.layers + 1):
        for index, state in enumerate(cell.analysed_states):
            values = activations[layer, state]
            for unit in range(values.shape[1]):
                places = statistics.places[layer - 1, index, unit]
                for sign, part in ((1, places[:PLACES]), (-1, places[PLACES:])):
                    signed, part = sign * values[:, unit], part[part >= 0]
                    assert len(part) >= 3
                    assert signed[part[0]] == pytest.approx(signed.max(), abs=1e-3)
                    assert (np.diff(signed[part]) < 1e-3).all(), "the highest first"
                    apart = np.abs(np.subtract.outer(part, part))[~np.eye(len(part), dtype=bool)]
                    assert (apart >= SEGMENT // 2).all()
                    # No segment without a place has a value beyond that of the last place, unless it is too close to one.
                    ends = signed.reshape(-1, SEGMENT)
                    for segment in np.flatnonzero(ends.max(axis=1) > signed[part[-1]] + 1e-3):
                        best = segment * SEGMENT + ends[segment].argmax()
                        assert np.abs(part - best).min() < SEGMENT // 2


def test_traces_are_the_values(found, corpus):
    model, _, statistics = found
    np.testing.assert_allclose(statistics.traces[1, "h", 2].ravel(), reference(corpus, model)[1][1, "h"][:, 2], rtol=0, atol=1e-3)
