import numpy as np
import pytest
import torch
from helpers.plain_network import STEPS, plain_weights, run_stream

from rnnscope.models.network import Network, Shape
from rnnscope.training.cross_entropy import correct_log_probabilities, predictions
from rnnscope.training.procedures import PROCEDURES
from rnnscope.training.segments import to_device


@pytest.mark.parametrize("steps", [1, 7, 30, 1000])
@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_every_stream_is_read_from_a_zero_state_to_its_end(part, cell, steps, dtype, tolerance):
    network = Network(Shape(cell, 2, 4, 5), 0.5, torch.Generator().manual_seed(1)).to(dtype)
    characters = to_device(part, torch.device("cpu"))
    log_probabilities = correct_log_probabilities(network, characters, steps)
    layers, softmax = plain_weights(network)
    expected, most_likely = np.empty((30, 4)), np.empty((30, 4), np.uint8)
    for stream, ids in enumerate(part):
        plain, _, _ = run_stream(cell, layers, softmax, ids[:-1].tolist())
        expected[:, stream] = [plain[t, target].item() for t, target in enumerate(ids[1:])]
        most_likely[:, stream] = [distribution.tolist().index(distribution.max()) for distribution in plain]
    np.testing.assert_allclose(log_probabilities.numpy(), expected, rtol=0, atol=tolerance)
    again, predicted = predictions(network, characters, steps)
    assert torch.equal(again, log_probabilities)
    np.testing.assert_array_equal(predicted.numpy(), most_likely)
    assert PROCEDURES["recurrent"].mean_loss(network, characters, steps) == pytest.approx(-expected.mean(), abs=tolerance)
