"""RMSProp, compared to the bit with torch.optim.RMSprop after torch's clipping."""

import pytest
import torch

from rnnscope.models import library
from rnnscope.training.rmsprop import RMSProp

SHAPES = [(1,), (7,), (16,), (33, 5), (64, 87), (0, 4)]
STEPS, ALPHA = 4, 0.95


def draw_parameters(dtype):
    generator = torch.Generator().manual_seed(1)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=dtype)) for shape in SHAPES]


def gradients(step, dtype):
    """Of each parameter: of the sizes that training has, from ones that vanish to ones that are clipped."""
    generator = torch.Generator().manual_seed(step)
    scales = (10.0 ** torch.randint(-9, 2, shape, generator=generator) for shape in SHAPES)
    return [torch.randn(shape, generator=generator, dtype=dtype) * scale for shape, scale in zip(SHAPES, scales, strict=True)]


def of_torch(dtype, clip):
    """Parameters and averages after some steps of torch's own optimiser, whose rate changes as that of training does."""
    parameters = draw_parameters(dtype)
    optimizer = torch.optim.RMSprop(parameters, lr=1.0, alpha=ALPHA)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 2e-3 * 0.95**step
        for parameter, gradient in zip(parameters, gradients(step, dtype), strict=True):
            parameter.grad = gradient
        torch.nn.utils.clip_grad_value_(parameters, clip)
        optimizer.step()
    return parameters, [optimizer.state[parameter]["square_avg"] for parameter in parameters]


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("clip", [5.0, 0.3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_that_of_torch_to_the_bit(dtype, clip):
    parameters = draw_parameters(dtype)
    optimizer = RMSProp(parameters, 1.0, ALPHA)
    for step in range(STEPS):
        optimizer.learning_rate = 2e-3 * 0.95**step
        for parameter, gradient in zip(parameters, gradients(step, dtype), strict=True):
            parameter.grad = gradient
        optimizer.step(clip)
    expected, averages = of_torch(dtype, clip)
    for found, of_torchs, average in zip(parameters, expected, averages, strict=True):
        assert torch.equal(found, of_torchs)
        assert torch.equal(optimizer.average_of(found), average)


@pytest.mark.usefixtures("implementation")
def test_a_gradient_that_is_no_number_makes_weights_that_are_none():
    parameter = torch.nn.Parameter(torch.ones(20))
    parameter.grad = torch.full((20,), torch.nan)
    RMSProp([parameter], 2e-3, ALPHA).step(5.0)
    assert parameter.isnan().all()


def test_a_transposed_gradient_is_that_of_its_weights():
    if library.functions("float32") is None:
        pytest.skip("no compiled recurrences here")
    found, expected = (torch.nn.Parameter(torch.ones(3, 20)) for _ in range(2))
    gradient = torch.arange(60.0).view(20, 3).t()
    for parameter, values in ((found, gradient), (expected, gradient.contiguous())):
        parameter.grad = values
        RMSProp([parameter], 2e-3, ALPHA).step(5.0)
    assert torch.equal(found, expected)


def test_a_parameter_without_a_gradient_stays_as_it_is():
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = RMSProp([parameter], 2e-3, ALPHA)
    optimizer.zero_grad()
    optimizer.step(5.0)
    assert torch.equal(parameter, torch.ones(3))
