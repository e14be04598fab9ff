import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.explorer.weights import packed_parameters, rounded
from rnnscope.models.network import Network, Shape


@given(st.integers(0, 2**32 - 1), st.sampled_from(["lstm", "gru", "mingru"]), st.floats(1e-6, 1e4))
def test_a_weight_is_off_by_half_a_step_of_its_row(seed, cell, size):
    network = Network(Shape(cell, 2, 3, 5), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= size
        network.softmax.weight[1] = 0
    for (key, values), near in zip(network.state_dict().items(), rounded(network).state_dict().values(), strict=True):
        if values.dim() == 1:
            assert torch.equal(values, near), key
        elif values.numel():
            step = values.abs().amax(dim=1, keepdim=True).double() / 32767
            assert ((values.double() - near.double()).abs() <= step * 0.505).all(), key
    packed = packed_parameters(network)
    matrices = [values for values in network.state_dict().values() if values.dim() == 2]
    assert len(packed["weights"]) == 2 * sum(values.numel() for values in matrices)
    vectors = sum(values.numel() for values in network.state_dict().values() if values.dim() == 1)
    assert len(packed["scales"]) == 4 * (sum(len(values) for values in matrices) + vectors)
    assert np.abs(np.frombuffer(packed["weights"], "<i2").astype(int)).max() == 32767
