import math

import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.errors import InputError
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.training import sample as stage
from rnnscope.training.sample import LOWEST_TEMPERATURE, parse_hold, sample, side_by_side


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
        (["--length=-1"], "error: length: found -1, expected a whole number from 0 to 1000000"),
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


def test_a_held_unit_decides_what_is_drawn():
    """Only unit 2 of the upper layer has weights to the characters; held up it makes one certain, held down another."""
    network = Network(Shape("lstm", 2, 4, 5)).eval()
    with torch.no_grad():
        network.softmax.weight.zero_()
        network.softmax.bias.zero_()
        network.softmax.weight[1, 2], network.softmax.weight[3, 2] = 50.0, -50.0
    for value, expected in ((1.0, 1), (-1.0, 3)):
        holds = [parse_hold(f"2:h_2={value}", network.shape)]
        assert sample(network, [0], 6, 1.0, torch.Generator().manual_seed(1), holds=holds) == [expected] * 6


def test_a_hold_names_layer_state_unit_and_value():
    hold = parse_hold("2:68=-1.5e0", Shape("lstm", 2, 100, 5))
    assert (hold.layer, hold.state, int(hold.units), float(hold.values)) == (2, "c", 68, -1.5)
    assert parse_hold("1:h_0=0", Shape("gru", 1, 1, 5)).state == "h"


@pytest.mark.parametrize("word", ["", "2:68", "2=1", "3:1=0", "0:1=0", "1:100=0", "1:f_1=0", "1:1=nan", "1:1=1e999", "1:1=--1"])
def test_any_other_hold_is_refused_in_one_line(word):
    with pytest.raises(InputError, match=r"^--hold: found '.*', expected [^\n]*$"):
        parse_hold(word, Shape("lstm", 2, 100, 5))


def test_two_columns_of_long_and_short_lines():
    lines = side_by_side(b"a\r\n" + b"b" * 60, "ä\n".encode(), "utf-8").decode().split("\n")
    assert lines == [f"{'without':<56} | with the units held", f"{'a':<56} | ä", f"{'b' * 56} |", f"{'bbbb':<56} |"]
