import math

import torch
from helpers.plain_network import STEPS, joined, loss_of, plain_weights

from rnnscope.models.network import Network, Shape


def test_parameters_start_uniform_in_the_papers_range():
    network = Network(Shape("lstm", 2, 64, 50), generator=torch.Generator().manual_seed(1))
    values = torch.cat([parameter.detach().flatten() for parameter in network.parameters()]).double()
    assert values.abs().max() <= 0.08
    # Mean and standard deviation of the uniform distribution, within five standard errors.
    deviation = 0.08 / math.sqrt(3)
    assert abs(values.mean()) < 5 * deviation / math.sqrt(len(values))
    assert abs(values.std() - deviation) < 5 * deviation / math.sqrt(2 * len(values))


def test_the_same_seed_gives_the_same_parameters():
    shape = Shape("gru", 1, 3, 4)
    first, second, other = (Network(shape, generator=torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.layers[0].W_input, other.layers[0].W_input)


def test_dropout_acts_on_the_non_recurrent_connections_only():
    """Loss and gradients equal those of the plain equations with the same masks between layers and before the softmax."""
    for cell in STEPS:
        probability, streams, steps, hidden_width = 0.4, 3, 5, 6
        network = Network(Shape(cell, 3, hidden_width, 4), probability, torch.Generator().manual_seed(1)).double().train()
        characters = torch.randint(4, (steps + 1, streams), generator=torch.Generator().manual_seed(2))
        torch.manual_seed(3)
        logits, _ = network(characters[:-1], network.zero_state(streams))
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), characters[1:].flatten(), reduction="sum") / streams
        loss.backward()
        torch.manual_seed(3)
        ones = torch.ones(steps, streams, hidden_width, dtype=torch.float64)
        masks = [torch.nn.functional.dropout(ones, probability) for _ in range(3)]
        layers, softmax = plain_weights(network)
        expected, _ = loss_of(cell, layers, softmax, characters[:-1].T.tolist(), characters[1:].T.tolist(), masks=masks)
        expected.backward()
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
        for layer, plain in zip(network.layers, layers, strict=True):
            gradient = joined(layer.W_input.grad, layer.W_hidden.grad)
            torch.testing.assert_close(gradient, plain["W"].grad, rtol=1e-9, atol=1e-12)


def test_no_dropout_in_evaluation():
    network = Network(Shape("lstm", 2, 6, 4), 0.9, torch.Generator().manual_seed(1)).eval()
    characters = torch.tensor([[0, 1], [2, 3]])
    first, _ = network(characters, network.zero_state(2))
    second, _ = network(characters, network.zero_state(2))
    assert torch.equal(first, second)
