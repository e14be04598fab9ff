import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.explorer.weights import packed_parameters, rounded
from rnnscope.models.network import Network, Shape


@given(st.integers(0, 2**32 - 1), st.sampled_from(["lstm", "gru", "mingru"]), st.floats(1e-6, 1e4))
def test_a_weight_is_off_by_half_a_step_of_the_sixteen_it_shares_a_scale_with(seed, cell, size):
    network = Network(Shape(cell, 2, 3, 35), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= size
        network.softmax.weight[1] = 0
    for (key, values), near in zip(network.state_dict().items(), rounded(network).state_dict().values(), strict=True):
        if values.dim() == 1:
            assert torch.equal(values, near), key
        elif values.numel():
            for first in range(0, values.shape[1], 16):
                block = values[:, first : first + 16].double()
                step = block.abs().amax(dim=1, keepdim=True) / 32767
                assert ((block - near[:, first : first + 16].double()).abs() <= step * 0.505).all(), key
    packed = packed_parameters(network)
    matrices = [values for values in network.state_dict().values() if values.dim() == 2]
    assert len(packed["weights"]) == 2 * sum(values.numel() for values in matrices)
    vectors = sum(values.numel() for values in network.state_dict().values() if values.dim() == 1)
    blocks = sum(len(values) * math.ceil(values.shape[1] / 16) for values in matrices)
    assert len(packed["scales"]) == 4 * (blocks + vectors)
    assert np.abs(np.frombuffer(packed["weights"], "<i2").astype(int)).max() == 32767
