import numpy as np
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.analyses.context.restarts import STEPS_AT_ONCE
from rnnscope.analyses.context.sampling import Targets, draw_places, log_spaced
from rnnscope.analyses.context.swapped_states import first_at_half, shares_left, state_distances
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape
from rnnscope.settings.context import Timescales
from rnnscope.settings.predictions import Resampling

STREAMS, STEPS, K = 4, 90, 5
LONGEST = STEPS_AT_ONCE + 7
PLACES = Targets(np.array([0, 0, 2, 3]), np.array([3, 20, 11, 31]), np.array([1, 3, 0, 2]), [1, LONGEST])


@pytest.fixture
def ids():
    return np.random.default_rng(0).integers(0, K, (STREAMS, STEPS + 1)).astype(np.uint8)


@pytest.mark.parametrize("cell", CELLS)
def test_distances_against_a_loop_in_float64(cell, ids):
    network = Network(Shape(cell, 2, 6, K), generator=torch.Generator().manual_seed(3)).eval()
    for parameter in network.parameters():
        parameter.data *= 8
    found = state_distances(network, ids, 10, PLACES, LONGEST)
    layers, softmax = plain_weights(network)
    displayed = CELLS[cell].by_name[CELLS[cell].displayed_state]

    def shown(state):
        values = state[displayed.name].detach()
        return torch.tanh(values) if displayed.saturating else values

    for place, (stream, step, other) in enumerate(zip(PLACES.stream, PLACES.step, PLACES.other_stream, strict=True)):
        following = ids[stream, step + 1 : step + 1 + LONGEST].tolist()
        pair = [ids[row, : step + 1].tolist() + following for row in (stream, other)]
        states = [run_stream(cell, layers, softmax, characters)[1][step:] for characters in pair]
        for layer in range(2):
            expected = [float((shown(own[layer]) - shown(swapped[layer])).norm()) for own, swapped in zip(*states, strict=True)]
            np.testing.assert_allclose(found[layer, :, place], expected, rtol=1e-3, atol=1e-5)


def test_a_leaky_integrator_halves_after_the_logarithm_of_two_of_its_time_constants(ids):
    """The minGRU whose gate is constant: what is left after n characters is exp(-n / tau), of small states."""
    tau = 12.0
    network = Network(Shape("mingru", 1, 6, K), generator=torch.Generator().manual_seed(3)).eval()
    layer, z = network.layers[0], 1 - np.exp(-1 / tau)
    layer.W_input.data[:6], layer.bias.data[:6] = 0, float(np.log(z / (1 - z)))
    layer.W_input.data[6:] *= 0.01
    found = state_distances(network, ids, 10, PLACES, LONGEST)
    mean, _, _ = shares_left(found, PLACES.stream, Resampling(samples=5, seed=1))
    np.testing.assert_allclose(mean[0], np.exp(-np.arange(LONGEST + 1) / tau), atol=1e-3)
    assert first_at_half(mean[0]) == int(np.ceil(tau * np.log(2)))


def test_shares_are_of_means_over_places_with_intervals_over_streams():
    random = np.random.default_rng(5)
    distances, stream = random.uniform(0.5, 1, (2, 6, 200)), random.integers(0, 15, 200)
    mean, low, high = shares_left(distances, stream, Resampling(samples=40, seed=6))
    for layer in range(2):
        for index in range(6):
            assert mean[layer, index] == pytest.approx(distances[layer, index].mean() / distances[layer, 0].mean())
    assert (low[:, 1:] < mean[:, 1:]).all()
    assert (high[:, 1:] > mean[:, 1:]).all()
    assert np.isnan(shares_left(distances, stream % 3, Resampling(samples=5, seed=6))[1]).all(), "three streams are too few"


@pytest.mark.parametrize(("left", "expected"), [([1, 0.7, 0.5, 0.6], 2), ([1, 0.9], None), ([np.nan, np.nan], None)])
def test_the_first_distance_at_which_half_is_left(left, expected):
    assert first_at_half(np.array(left)) == expected


def test_places_have_a_segment_before_them_and_the_characters_behind_them():
    places, longest = draw_places(3, 100, 10, Timescales(places=10**6, longest=30, choice_seed=1), np.random.default_rng(1))
    assert (longest, places.step.min(), places.step.max()) == (30, 10, 69)
    assert len(places) == 3 * 60, "all there are, each once"
    assert (places.other_stream != places.stream).all()
    assert draw_places(3, 9, 10, Timescales(places=5, longest=30, choice_seed=1), np.random.default_rng(1))[1] == 4
    for streams, steps, line in ((1, 100, "expected at least 2: the past"), (3, 1, "expected at least 2: one before")):
        with pytest.raises(InputError, match=line):
            draw_places(streams, steps, 10, Timescales(places=5, longest=30, choice_seed=1), np.random.default_rng(1))


def test_distances_are_evenly_spaced_in_their_logarithm():
    assert log_spaced(1) == [1]
    assert log_spaced(10) == [1, 2, 3, 4, 6, 7, 10]
    found = log_spaced(1000)
    assert {1, 10, 100, 1000} <= set(found)
    assert found == sorted(set(found))


def test_of_states_that_are_the_same_nothing_can_be_left():
    distances = np.stack([np.zeros((3, 12)), np.full((3, 12), 2.0)])
    mean, low, high = shares_left(distances, np.arange(12), Resampling(samples=5, seed=1))
    assert np.isnan([mean[0], low[0], high[0]]).all()
    np.testing.assert_array_equal([mean[1], low[1], high[1]], 1.0)
    assert first_at_half(mean[0]) is None
