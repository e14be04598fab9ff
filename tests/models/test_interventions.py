import numpy as np
import pytest
import torch
from helpers.plain_network import STEPS, one_hot, plain_weights, zero_state

from rnnscope.models.cells import CELLS
from rnnscope.models.interventions import Hold, held_forward
from rnnscope.models.network import Network, Shape

K, H, T = 5, 6, 12


def random_network(cell, layers=2):
    network = Network(Shape(cell, layers, H, K), generator=torch.Generator().manual_seed(5)).eval()
    for parameter in network.parameters():
        parameter.data *= 8
    return network


def hold(layer, state, unit, values, streams=(0,)):
    streams = torch.tensor(streams)
    return Hold(layer, state, streams, torch.full_like(streams, unit), torch.as_tensor(values, dtype=torch.float32))


def plain_held(cell, network, characters, held):
    """Log-probabilities (T, K) of one stream in float64; `held` has the value at each step of (layer, state, unit)."""
    layers, softmax = plain_weights(network)
    state, found = zero_state(cell, layers), []
    states = ("h", "c") if cell == "lstm" else ("h",)
    for step, character in enumerate(characters):
        below = one_hot(character, K)
        for depth, layer in enumerate(layers):
            _, computed = STEPS[cell][0](layer, below, state[depth])
            new = {name: computed[name].detach().clone() for name in states}
            for (of_layer, name, unit), values in held.items():
                if of_layer == depth + 1:
                    new[name][unit] = values[step]
                    if name == "c":
                        new["h"][unit] = computed["o"][unit].detach() * np.tanh(values[step])
            state[depth] = tuple(new[name] for name in states)
            below = new["h"]
        found.append(torch.log_softmax(softmax[0] @ below + softmax[1], 0).detach().numpy())
    return np.array(found)


@pytest.mark.parametrize(("cell", "state"), [(name, state) for name, cell in CELLS.items() for state in cell.states])
def test_held_units_against_a_loop_in_float64(cell, state):
    network, random = random_network(cell), np.random.default_rng(2)
    characters = torch.from_numpy(random.integers(0, K, (T, 2)))
    changing = random.normal(size=T)
    holds = [hold(1, state, 3, [0.5]), hold(2, state, 0, changing[:, np.newaxis])]
    logits, _ = held_forward(network, characters, network.zero_state(2), holds)
    held = {(1, state, 3): [0.5] * T, (2, state, 0): changing}
    for stream, of_stream in enumerate((held, {})):
        expected = plain_held(cell, network, characters[:, stream].tolist(), of_stream)
        assert logits[:, stream].log_softmax(1).numpy() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_a_segment_in_pieces_and_from_a_higher_layer(cell):
    network = random_network(cell)
    characters = torch.from_numpy(np.random.default_rng(3).integers(0, K, (T, 1)))
    holds = [hold(2, "h", 1, [0.9])]
    logits, last = held_forward(network, characters, network.zero_state(1), holds)
    _, activations = network(characters, network.zero_state(1))
    state, found = network.zero_state(1), []
    for start in (0, 5):
        piece, state = held_forward(network, activations[0]["h"][start : start + 5 if start == 0 else T], state, holds, first=2)
        found.append(piece)
    assert torch.cat(found).numpy() == pytest.approx(logits.numpy(), abs=1e-5)
    assert state[1]["h"].numpy() == pytest.approx(last[1]["h"].numpy(), abs=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_a_unit_without_outgoing_weights_changes_nothing(cell):
    network = random_network(cell)
    with torch.no_grad():
        network.layers[0].W_hidden[:, 2] = 0
        network.layers[1].W_input[:, 2] = 0
    characters = torch.from_numpy(np.random.default_rng(4).integers(0, K, (T, 3)))
    expected, _ = network(characters, network.zero_state(3))
    for state in CELLS[cell].states:
        logits, _ = held_forward(network, characters, network.zero_state(3), [hold(1, state, 2, [7.0] * 3, streams=(0, 1, 2))])
        assert logits.numpy() == pytest.approx(expected.detach().numpy(), abs=1e-5)
