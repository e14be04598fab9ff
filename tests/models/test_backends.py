"""The choice between compiled kernels and plain torch, and a cell that only plain torch knows."""

import pytest
import torch
from torch.autograd import Function

from rnnscope.models import backends, library, recurrences
from rnnscope.models.backends import cross_entropy, rounding_of, uses_kernels
from rnnscope.models.cells import CELLS, Activation, Cell
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Optimisation
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.optimisation import resume_training, save_training, start_training


class LeakySum(Function):
    """A made-up cell without hidden input: h_t = h_{t-1} / 2 + projected_t."""

    @staticmethod
    def forward(ctx, projected, W_hidden, h_0):
        ctx.save_for_backward(W_hidden)
        h, previous = torch.empty_like(projected), h_0
        for t, value in enumerate(projected):
            previous = h[t] = previous / 2 + value
        return h

    @staticmethod
    def backward(ctx, dh):
        (W_hidden,) = ctx.saved_tensors
        d_projected, later = torch.empty_like(dh), 0.0
        for t in reversed(range(len(dh))):
            later = d_projected[t] = dh[t] + later / 2
        return d_projected, torch.empty_like(W_hidden), None


LEAKY = Cell(
    name="leaky",
    title="leaky sum",
    activations=(Activation("h", "hidden state"),),
    gate_order=("h",),
    states=("h",),
    displayed_state="h",
    colour="#000000",
    hidden_input=False,
)


@pytest.fixture
def leaky(monkeypatch):
    """A network of the made-up cell; adding it takes its facts and its equations."""
    monkeypatch.setitem(CELLS, "leaky", LEAKY)
    monkeypatch.setitem(recurrences.RECURRENCES, "leaky", LeakySum)
    return Network(Shape("leaky", 2, 3, 4), 0.0, torch.Generator().manual_seed(1))


def test_a_cell_without_a_kernel_runs_the_plain_equations(leaky):
    """In single precision on a CPU, where the other cells run in their kernels."""
    characters = torch.tensor([[0, 1], [3, 2], [1, 0]])
    assert not uses_kernels(leaky.softmax.weight, "leaky")
    logits, activations = leaky(characters, leaky.zero_state(2), return_gates=False)
    expected = torch.zeros(2, 2, 3, dtype=torch.float64)  # layer, stream, unit
    for t, read in enumerate(characters):
        below = torch.nn.functional.one_hot(read, 4).double()
        for depth, layer in enumerate(leaky.layers):
            expected[depth] = expected[depth] / 2 + below @ layer.W_input.double().T + layer.bias.double()
            below = expected[depth]
            torch.testing.assert_close(activations[depth]["h"][t].double(), below, rtol=0, atol=1e-6)
        exact = below @ leaky.softmax.weight.double().T + leaky.softmax.bias.double()
        torch.testing.assert_close(logits[t].double(), exact, rtol=0, atol=1e-6)


def test_a_cell_without_a_kernel_trains_resumes_and_evaluates(leaky, tmp_path):
    characters = (torch.arange(40).reshape(20, 2) % 4).to(torch.uint8)
    optimisation = Optimisation(learning_rate=0.02)
    run = start_training(leaky, optimisation)
    losses = [train_epoch(run, characters, 5, optimisation.gradient_clip) for _ in range(8)]
    assert losses[-1] < losses[0] - 0.1
    save_training(tmp_path / "resume", run, "key")
    copy = start_training(Network(leaky.shape), optimisation)
    resume_training(tmp_path / "resume", copy, "key")
    found, expected = (correct_log_probabilities(network, characters, 5) for network in (copy.network, leaky))
    assert torch.equal(found, expected)


@pytest.mark.skipif(library.functions("float32") is None, reason="no compiler")
def test_where_the_kernels_run(monkeypatch):
    monkeypatch.delenv("RNNSCOPE_PLAIN", raising=False)
    single, double = torch.zeros(1), torch.zeros(1, dtype=torch.float64)
    assert uses_kernels(single)
    assert uses_kernels(single, "lstm")
    assert not uses_kernels(double, "lstm")
    assert not uses_kernels(single, "mingru")
    with_kernels = rounding_of(single)
    monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
    assert not uses_kernels(single)
    assert rounding_of(single) != with_kernels


def test_both_backends_agree():
    logits, targets = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([[0, 4], [2, 1], [3, 3]])
    exact = -logits.double().log_softmax(2).gather(2, targets.unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(cross_entropy(logits, targets).double(), exact, rtol=0, atol=1e-6)
    torch.testing.assert_close(cross_entropy(logits.double(), targets), exact, rtol=0, atol=1e-12)
    W, b = torch.randn(7, 5, generator=torch.Generator().manual_seed(2)), torch.arange(7.0)
    expected = logits.double() @ W.double().T + b.double()
    torch.testing.assert_close(backends.affine(logits, W, b).double(), expected, rtol=0, atol=1e-5)
