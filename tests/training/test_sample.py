import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.models.network import Network, Shape
from rnnscope.training.sample import sample


def draw_network():
    network = Network(Shape("lstm", 2, 6, 5), generator=torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(12)
    return network


def test_temperature_zero_takes_the_most_probable_character_each_time():
    network = draw_network()
    drawn = sample(network, [0, 3], 12, 0, torch.Generator())
    layers, softmax = plain_weights(network)
    for position, character in enumerate(drawn):
        log_probabilities, _, _ = run_stream("lstm", layers, softmax, [0, 3, *drawn[:position]])
        assert character == int(log_probabilities[-1].argmax())


def test_the_first_character_follows_the_models_probabilities():
    """Pearson's chi-squared of 2,000 draws against softmax(logits / temperature): 4 degrees of freedom, p > 1e-4."""
    network, temperature, draws = draw_network(), 1.5, 2000
    generator = torch.Generator().manual_seed(2)
    counts = torch.zeros(5, dtype=torch.float64)
    for _ in range(draws):
        counts[sample(network, [0, 3], 1, temperature, generator)[0]] += 1
    layers, softmax = plain_weights(network)
    log_probabilities, _, _ = run_stream("lstm", layers, softmax, [0, 3])
    weights = torch.exp(log_probabilities[-1].detach() / temperature)
    expected = draws * weights / weights.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 23.5
