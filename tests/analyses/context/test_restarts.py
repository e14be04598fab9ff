import numpy as np
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.analyses.context.context import PASTS, characters_to_read, limited_losses
from rnnscope.analyses.context.restarts import STEPS_AT_ONCE, losses_after, read_characters, states_at
from rnnscope.analyses.context.sampling import Targets
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.segments import to_device

STREAMS, STEPS, K = 5, 130, 6


@pytest.fixture
def ids():
    return np.random.default_rng(0).integers(0, K, (STREAMS, STEPS + 1)).astype(np.uint8)


def random_network(cell, layers=2, scale=8):
    network = Network(Shape(cell, layers, 7, K), generator=torch.Generator().manual_seed(3)).eval()
    for parameter in network.parameters():
        parameter.data *= scale
    return network


@pytest.mark.parametrize("cell", CELLS)
def test_with_its_whole_past_a_target_has_the_loss_of_the_evaluation_to_the_bit(cell, ids):
    network = random_network(cell)
    for step in (0, 1, 49, 50, 120):  # the evaluation of the text up to the target: other segments would round differently
        evaluated = correct_log_probabilities(network, to_device(ids[:, : step + 2], torch.device("cpu")), STEPS_AT_ONCE)
        losses = losses_after(network, ids[:, : step + 2], network.zero_state(STREAMS))
        assert np.array_equal(losses, -evaluated[step].numpy())


@pytest.mark.parametrize("cell", CELLS)
def test_the_true_state_before_the_last_characters_is_the_whole_past(cell, ids):
    network = random_network(cell)
    evaluated = -correct_log_probabilities(network, to_device(ids, torch.device("cpu")), 50).numpy()
    stream, step = np.array([0, 3, 3, 4]), np.array([60, 7, 99, 128])
    for length in (1, 5):
        before = states_at(network, to_device(ids, torch.device("cpu")), 50, stream, step - length)
        read = ids[stream[:, np.newaxis], step[:, np.newaxis] + np.arange(1 - length, 2)]
        assert losses_after(network, read, before) == pytest.approx(evaluated[step, stream], abs=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_after_characters_against_float64_one_character_at_a_time(cell, ids):
    network = random_network(cell)
    state = read_characters(network, ids[:2, :60], network.zero_state(2))
    for stream in range(2):
        _, activations, _ = run_stream(cell, *plain_weights(network), ids[stream, :60].tolist())
        for layer, expected in zip(state, activations[-1], strict=True):
            for name, values in layer.items():
                assert values[stream].numpy() == pytest.approx(expected[name].detach().numpy(), abs=1e-4)


def shift_register(n):
    """A network whose state is the last n characters and nothing else: each unit is far in the flat part of tanh."""
    network = Network(Shape("rnn", 1, n * K, K)).eval()
    layer = network.layers[0]
    large = 60.0
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        layer.bias -= large
        layer.W_input[:K] = 2 * large * torch.eye(K)
        for place in range(1, n):
            layer.W_hidden[place * K : (place + 1) * K, (place - 1) * K : place * K] = large * torch.eye(K)
            layer.bias[place * K : (place + 1) * K] = 0
        network.softmax.weight.copy_(torch.randn(K, n * K, generator=torch.Generator().manual_seed(1)))
    return network


def test_a_network_that_keeps_n_characters_is_flat_beyond_n_exactly_whatever_its_past(ids):
    network = shift_register(3)
    step = np.arange(60, 120)
    lengths = [1, 2, 3, 4, 10, 50]
    targets = Targets(step % STREAMS, step, (step + 1) % STREAMS, lengths)
    read = []
    found = limited_losses(network, ids, 25, targets, shuffled=5, seed=1, advance=read.append)
    assert sum(read) == characters_to_read(targets, 5) == 60 * (3 * (1 + 2 + 3 + 4 + 10 + 50) + 6 * 5)
    evaluated = -correct_log_probabilities(network, to_device(ids, torch.device("cpu")), 25).numpy()
    full = evaluated[targets.step, targets.stream]
    for past in range(len(PASTS)):
        for index, length in enumerate(lengths):
            assert np.array_equal(found[past, index], full) == (length >= 3), (PASTS[past], length)


def test_the_state_of_another_stream_and_shuffled_characters_by_hand(ids):
    network = random_network("gru", layers=1)
    targets = Targets(np.array([2]), np.array([40]), np.array([4]), [6])
    found = limited_losses(network, ids, 50, targets, shuffled=1, seed=1, advance=[].append)
    layers, softmax = plain_weights(network)
    read = ids[2, 35:41].tolist()
    pasts = {"other text": ids[4, :41].tolist(), "shuffled": ids[2, 34:35].tolist(), "none": []}
    for past, before in pasts.items():
        log_probabilities, _, _ = run_stream("gru", layers, softmax, before + read)
        expected = -log_probabilities[-1, int(ids[2, 41])].item()
        assert found[PASTS.index(past), 0, 0] == pytest.approx(expected, abs=1e-4)
