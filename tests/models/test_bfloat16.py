"""Training with products of numbers that are rounded to bfloat16: their arithmetic where the processor has it, their refusal."""

import pytest
import torch
from models.test_compiled import CELL_NAMES, draw, in_double_precision, loss_and_gradients
from torch.utils._python_dispatch import TorchDispatchMode

from rnnscope.errors import InputError
from rnnscope.models import compiled, library
from rnnscope.models.backends import check_precision, products_in
from rnnscope.settings.sections import Optimisation
from rnnscope.storage.files import sha256_of
from rnnscope.training.backpropagation import train_epoch
from rnnscope.training.optimisation import start_training

FIRST_FACTOR = {"aten::mm": 0, "aten::addmm": 1}  # which argument; the second factor comes after it


class RoundedFactors(TorchDispatchMode):
    """Rounds both factors of every matrix product of torch to bfloat16, forward and backward, and changes nothing else."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        first = FIRST_FACTOR.get(function._schema.name)
        if first is not None:
            args = [values.bfloat16().to(values) if index - first in (0, 1) else values for index, values in enumerate(args)]
        return function(*args, **(kwargs or {}))


@pytest.fixture
def with_kernels(monkeypatch):
    """The kernels, and denormal numbers as 0, as in every training run: two factors beside each other may look like one."""
    monkeypatch.delenv("RNNSCOPE_PLAIN", raising=False)
    if library.obstacle_to_bfloat16():
        pytest.skip("this processor has no products of bfloat16")
    torch.set_flush_denormal(True)
    yield
    torch.set_flush_denormal(False)


def distance(found, expected):
    """The largest difference of any component, as a part of the largest component."""
    scale = max(values.abs().max().item() for values in expected.values())
    return max((found[name].double() - values).abs().max().item() for name, values in expected.items()) / scale


def test_products_of_any_strides_and_odd_sizes(with_kernels):
    generator = torch.Generator().manual_seed(8)
    for rows, depth, columns in ((1, 1, 1), (13, 1300, 33), (97, 5, 64), (12, 512, 32), (100, 513, 7), (512, 35, 20)):
        left, right = torch.randn(rows, depth, generator=generator), torch.randn(depth, columns, generator=generator)
        expected = left.bfloat16().double() @ right.bfloat16().double()
        for a, b in ((left, right), (left.t().contiguous().t(), right), (left, right.t().contiguous().t())):
            with products_in("bfloat16"):
                found = compiled.multiply(a, b)
            torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6 * depth)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_loss_and_gradients_are_those_of_double_precision_with_rounded_factors(with_kernels, cell):
    network, characters = draw((cell, 2, 45, 33), 9, 29, seed=1)
    with products_in("bfloat16"):
        found = loss_and_gradients(network, characters)
    with RoundedFactors():
        expected = loss_and_gradients(in_double_precision(network), characters)
    assert distance(found, expected) < 2e-6
    assert distance(loss_and_gradients(in_double_precision(network), characters), expected) > 1e-5


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_threads_share_the_streams_and_change_no_bit(with_kernels, cell):
    network, characters = draw((cell, 2, 37, 50), 6, 31, seed=6)
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            with products_in("bfloat16"):
                results.append(loss_and_gradients(network, characters))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(other[name], values) for name, values in results[0].items())


def test_what_is_not_a_number_stays_so(with_kernels):
    network, characters = draw(("lstm", 2, 20, 9), 3, 2, seed=10)
    with torch.no_grad():
        network.layers[1].W_hidden[3, 4] = float("nan")
    with products_in("bfloat16"):
        assert loss_and_gradients(network, characters)["loss"].isnan()


def test_only_the_steps_of_training_are_rounded(with_kernels):
    """An epoch changes the weights as an epoch in float32 nearly does, and leaves the precision as it was."""
    trained = []
    for precision in ("float32", "bfloat16"):
        network, characters = draw(("lstm", 1, 16, 5), 60, 3, seed=2)
        optimisation = Optimisation(precision=precision)
        train_epoch(start_training(network, optimisation), characters.to(torch.uint8), 10, optimisation.gradient_clip)
        trained.append(network.state_dict())
        assert library._precision == "float32"
    assert 0 < distance(trained[1], trained[0]) < 0.05


def test_the_precision_is_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), products_in("bfloat16"):
        raise ZeroDivisionError
    assert library._precision == "float32"


def refusal(cell="lstm", weights=None):
    """The one line with which training in bfloat16 is refused; None where it is not. Never in float32."""
    weights = torch.zeros(1) if weights is None else weights
    check_precision("float32", weights, cell)
    try:
        check_precision("bfloat16", weights, cell)
    except InputError as error:
        return str(error).removeprefix("training.precision: found bfloat16, expected float32 here: ")
    return None


def test_where_the_kernels_have_it_it_is_not_refused(with_kernels):
    assert [refusal(cell) for cell in CELL_NAMES] == [None] * len(CELL_NAMES)


def test_it_is_refused_with_the_reason(monkeypatch):
    monkeypatch.delenv("RNNSCOPE_PLAIN", raising=False)
    assert refusal("mingru") == "the cell mingru has no compiled kernel, unlike lstm, rnn, gru"
    assert refusal(weights=torch.zeros(1, device="meta")) == "it runs on CPU cores, not on meta"
    monkeypatch.setattr(library, "load", lambda precision: (None, f"no library of {precision}"))
    assert refusal() == "no library of float32"
    monkeypatch.setattr(library, "load", lambda precision: (object(), ""))
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert refusal() == "this processor lacks the instructions avx512_bf16"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert refusal() == "torch uses AVX2 on this processor, not AVX512"
    monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
    assert refusal() == "the environment variable RNNSCOPE_PLAIN is set"


@pytest.mark.parametrize("state", ["missing", "of another source"])
def test_where_its_library_alone_is_missing_or_old_the_log_and_the_refusal_say_so(
    with_kernels, libraries, monkeypatch, caplog, state
):
    """As where the compiler is too old for it: with the other libraries everything runs as before."""
    caplog.set_level("INFO")
    (path,) = libraries.glob("*_bf16.*")
    if state == "missing":
        path.unlink()
        reason = f"no compiled recurrences ({path.name})"
    else:
        digest = sha256_of(library.SOURCE).encode()
        assert path.read_bytes().count(digest) == 1
        path.write_bytes(path.read_bytes().replace(digest, b"0" * 64))
        reason = f"{path.name} was compiled from another compiled.cpp"
    assert library.is_available_for(torch.zeros(1))
    assert caplog.messages == []
    remedy = "install again with a newer g++"
    assert [refusal(), refusal("gru")] == [f"{reason}; {remedy}"] * 2
    assert caplog.messages == [f"{reason}: nothing can be trained in bfloat16; {remedy}"]
