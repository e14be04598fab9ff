import math

import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.training import sample as stage
from rnnscope.training.sample import LOWEST_TEMPERATURE, sample


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


def test_the_lowest_temperature_is_finite_and_takes_the_most_probable_character():
    network = draw_network()
    drawn = sample(network, [0, 3], 12, LOWEST_TEMPERATURE, torch.Generator().manual_seed(1))
    assert drawn == sample(network, [0, 3], 12, 0, torch.Generator())


@pytest.fixture
def checkpoint(tmp_path):
    network, path = draw_network(), tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, network.state_dict(), Description("lstm-2-6", network.shape, 0.0, 1, [10, 97, 98, 99, 100]))
    return path


@pytest.mark.parametrize("temperature", [math.nan, math.inf, -math.inf, -1.0, -1e-40, 1e-40, 0.0009])
def test_a_temperature_that_makes_no_sense_is_refused_in_one_line(call, checkpoint, temperature):
    message = call(stage, "--checkpoint", checkpoint, f"--temperature={temperature}")
    assert message == f"error: temperature: found {temperature}, expected 0 or a number from 0.001 on"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--length=-1"], "error: length: found -1, expected at least 0"),
        (["--prime="], "error: prime text: found no character, expected at least one"),
        (["--prime=ax"], "error: prime text: found the byte b'x' at position 1, expected one of the model's 5 characters"),
    ],
)
def test_bad_flags_are_refused_in_one_line(call, checkpoint, words, message):
    assert call(stage, "--checkpoint", checkpoint, *words) == message


@pytest.mark.parametrize("temperature", [0, 0.001, 1e30])
def test_temperatures_at_the_bounds_draw_characters(call, capfdbinary, checkpoint, temperature):
    assert call(stage, "--checkpoint", checkpoint, "--length", 5, "--temperature", temperature) is None
    written = capfdbinary.readouterr().out
    assert len(written) == 1 + 5 + 1
    assert set(written) <= {10, 97, 98, 99, 100}
