"""The neural cache against sums over all earlier steps, written out in float64."""

import math

import numpy as np
import pytest
import torch
from helpers.plain_network import STEPS, plain_weights, run_stream

from rnnscope.models.network import Network, Shape
from rnnscope.training import neural_cache
from rnnscope.training.neural_cache import cache_log_probabilities
from rnnscope.training.segments import to_device

K = 5


def drawn(cell="lstm"):
    network = Network(Shape(cell, 2, 4, K), 0.5)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-1, 1, generator=generator)
    return network


def plain_cache(cell, network, ids, length, theta):
    """The log-probability of each next character of one stream."""
    layers, softmax = plain_weights(network)
    _, activations, _ = run_stream(cell, layers, softmax, ids[:-1].tolist())
    states = [step[-1]["h"].tolist() for step in activations]
    found = []
    for t, state in enumerate(states):
        total = correct = 0.0
        for i in range(max(0, t - length), t):
            weight = math.exp(theta * sum(a * b for a, b in zip(state, states[i], strict=True)))
            total += weight
            correct += weight if ids[i + 1] == ids[t + 1] else 0.0
        found.append(-math.log(K) if t == 0 else math.log(correct / total) if correct else -math.inf)
    return found


@pytest.fixture(params=[(2, 4), (64, 10**6)], ids=["small blocks, a stream at a time", "one block"])
def blocks(request, monkeypatch):
    """Steps of a block at least, and numbers of the states of streams that are read side by side."""
    block, numbers = request.param
    monkeypatch.setattr(neural_cache, "SHORTEST_BLOCK", block)
    monkeypatch.setattr(neural_cache, "LONGEST_BLOCK", 2 * block)
    monkeypatch.setattr(neural_cache, "NUMBERS_OF_STATES", numbers)


@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize("length", [1, 3, 10, 1000])
def test_against_sums_over_all_earlier_steps(part, blocks, cell, length):
    network = drawn(cell).double()
    thetas = [0.0, 0.7, 6.0]
    found = cache_log_probabilities(network, to_device(part, torch.device("cpu")), length, thetas).numpy()
    for of_theta, theta in zip(found, thetas, strict=True):
        expected = np.array([plain_cache(cell, network, ids, length, theta) for ids in part])
        assert np.isneginf(expected).any(), "the example must have characters that the cache does not hold"
        np.testing.assert_allclose(of_theta.T, expected, rtol=1e-9, atol=1e-9)


def test_single_precision_with_a_theta_that_leaves_one_step(part):
    """Whose weights would overflow without the largest similarity subtracted."""
    network, theta = drawn(), 3000.0
    found = cache_log_probabilities(network, to_device(part, torch.device("cpu")), 1000, [theta])[0].numpy().T
    layers, softmax = plain_weights(network)
    for ids, of_stream in zip(part, found, strict=True):
        _, activations, _ = run_stream("lstm", layers, softmax, ids[:-1].tolist())
        states = torch.stack([step[-1]["h"] for step in activations]).detach().numpy()
        for t in range(1, len(states)):
            similarity = theta * (states[:t] @ states[t])
            if np.ptp(np.sort(similarity)[::-1][:2]) > 100 or t == 1:
                nearest = int(similarity.argmax())
                assert (of_stream[t] > -0.01) == (ids[nearest + 1] == ids[t + 1])
