import ctypes
import os
import re
import shutil
import subprocess
import sys

import pytest
import torch
from helpers.plain_network import loss_of, plain_weights
from helpers.workspace import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.models import compiled, library, recurrences
from rnnscope.models.backends import cross_entropy
from rnnscope.models.cells import CELLS, CELLS_WITH_KERNELS
from rnnscope.models.network import Network, Shape

CELL_NAMES = sorted(compiled.KERNELS)
# What torch says of processors, the least capable first: one that can do more can do what is before it.
CAPABILITIES = ["DEFAULT", "AVX2", "AVX512"]
HERE = torch.backends.cpu.get_cpu_capability()
HERE_AND_BELOW = CAPABILITIES[: CAPABILITIES.index(HERE) + 1] if HERE in CAPABILITIES else ["DEFAULT"]


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    """These tests are about the compiled part, also where the rest is tested without it."""
    monkeypatch.delenv("RNNSCOPE_PLAIN", raising=False)


def loss_and_gradients(network, characters, dropout_seed=0):
    """The training loss of a segment and the gradients of all parameters, by name."""
    torch.manual_seed(dropout_seed)
    logits, _ = network(characters[:-1], network.zero_state(characters.shape[1]))
    loss = cross_entropy(logits, characters[1:]).sum() / characters.shape[1]
    network.zero_grad()
    loss.backward()
    return {"loss": loss.detach(), **{name: values.grad.clone() for name, values in network.named_parameters()}}


def draw(shape, steps, streams, seed, dropout=0.0):
    """A network in single precision with weights that move its gates, and characters for it (steps + 1, streams)."""
    generator = torch.Generator().manual_seed(seed)
    network = Network(Shape(*shape), dropout, generator)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(20 / shape[2] ** 0.5)
    return network, torch.randint(shape[3], (steps + 1, streams), generator=generator)


def in_double_precision(network):
    """The same network in plain torch and float64."""
    double = Network(network.shape, network.dropout).double()
    double.load_state_dict(network.state_dict())
    return double


def assert_near(found, expected, tolerance=1e-5):
    """Every tensor within a small part of the largest component of any: what is nearly 0 is a sum of larger terms."""
    scale = max(values.abs().max().item() for values in expected.values())
    for name, values in expected.items():
        torch.testing.assert_close(found[name].double(), values.double(), rtol=0, atol=tolerance * scale, msg=name)


@pytest.fixture
def on_processor(monkeypatch):
    """Have the library for another kind of processor loaded."""

    def load(capability):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        library.load.cache_clear()

    yield load
    library.load.cache_clear()


def test_the_cells_with_kernels_are_those_whose_facts_say_so():
    assert compiled.KERNELS.keys() == set(CELLS_WITH_KERNELS) == {"lstm", "rnn", "gru"}


def test_it_is_built_where_there_is_a_compiler():
    assert (library.functions("float32") is not None) == bool(shutil.which("c++"))


@settings(max_examples=25)
@given(
    shape=st.tuples(st.sampled_from(CELL_NAMES), st.integers(1, 3), st.integers(1, 70), st.integers(2, 100)),
    steps=st.integers(1, 8),
    streams=st.integers(1, 40),
    seed=st.integers(0, 2**31),
)
def test_loss_and_gradients_are_those_of_plain_torch_in_double_precision(shape, steps, streams, seed):
    network, characters = draw(shape, steps, streams, seed)
    assert_near(loss_and_gradients(network, characters), loss_and_gradients(in_double_precision(network), characters))


@pytest.mark.parametrize("capability", HERE_AND_BELOW)
@pytest.mark.parametrize("cell", CELL_NAMES)
def test_every_kind_of_processor_computes_the_same(on_processor, cell, capability):
    on_processor(capability)
    network, characters = draw((cell, 2, 45, 33), 9, 29, seed=1)
    assert_near(loss_and_gradients(network, characters), loss_and_gradients(in_double_precision(network), characters))


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_gradients_with_dropout_are_those_of_the_equations(cell):
    probability, streams, steps, width = 0.4, 3, 5, 19
    network, characters = draw((cell, 3, width, 4), steps, streams, seed=1, dropout=probability)
    found = loss_and_gradients(network.train(), characters, dropout_seed=3)
    torch.manual_seed(3)
    masks = [torch.nn.functional.dropout(torch.ones(steps, streams, width), probability).double() for _ in range(3)]
    layers, softmax = plain_weights(network)
    loss, _ = loss_of(cell, layers, softmax, characters[:-1].T.tolist(), characters[1:].T.tolist(), masks=masks)
    loss.backward()
    expected = {"loss": loss.detach(), "softmax.weight": softmax[0].grad, "softmax.bias": softmax[1].grad}
    for depth, plain in enumerate(layers):
        inputs = plain["W"].shape[1] - width
        expected[f"layers.{depth}.W_input"], expected[f"layers.{depth}.W_hidden"] = plain["W"].grad.split((inputs, width), 1)
        expected[f"layers.{depth}.bias"] = plain["b"].grad
    assert_near(found, expected)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_gradients_are_finite_differences_of_the_loss(cell):
    """In double precision, along random directions through all parameters at once."""
    network, characters = draw((cell, 2, 21, 11), 7, 5, seed=4)
    found = loss_and_gradients(network, characters)
    double, step = in_double_precision(network), 1e-5
    generator = torch.Generator().manual_seed(5)
    for _ in range(3):
        direction = {name: torch.randn(values.shape, generator=generator) for name, values in network.named_parameters()}
        losses = []
        for signed in (step, -step):
            with torch.no_grad():
                for name, values in double.named_parameters():
                    values.copy_(network.get_parameter(name).double() + signed * direction[name])
            losses.append(loss_and_gradients(double, characters)["loss"].item())
        expected = (losses[0] - losses[1]) / (2 * step)
        slope = sum((found[name].double() * direction[name]).sum().item() for name in direction)
        size = sum((found[name].double() * direction[name]).square().sum().item() for name in direction) ** 0.5
        assert slope == pytest.approx(expected, abs=1e-4 * size)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_threads_share_the_streams_and_change_no_bit(cell):
    network, characters = draw((cell, 2, 37, 50), 6, 31, seed=6)
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(loss_and_gradients(network, characters))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(other[name], values) for name, values in results[0].items())


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_without_the_gates_the_same_bits_come_out(cell):
    network, characters = draw((cell, 2, 20, 9), 5, 3, seed=7)
    with torch.inference_mode():
        state = network.zero_state(3)
        logits, activations = network(characters, state)
        alone, fewer = network(characters, state, return_gates=False)
    assert torch.equal(logits, alone)
    for whole, last in zip(network.last_state(activations), network.last_state(fewer), strict=True):
        assert list(whole) == list(last)
        assert all(torch.equal(whole[name], last[name]) for name in whole)


@pytest.mark.skipif(library.functions("float32") is None, reason="no compiled recurrences here")
@pytest.mark.parametrize("return_gates", [True, False])
@pytest.mark.parametrize("width", [32, 20])
@pytest.mark.parametrize("cell", CELL_NAMES)
def test_tensors_of_another_layout_give_what_the_equations_do(cell, width, return_gates):
    """Each is the transpose of a stored matrix, or every second of stored numbers; with a width that is padded, and without."""
    generator = torch.Generator().manual_seed(13)
    rows, streams, depth, steps = len(CELLS[cell].gate_order) * width, 5, 7, 4

    def transposed(*shape):
        return torch.randn(*reversed(shape), generator=generator).t()

    below = torch.randn(streams, steps, depth, generator=generator).transpose(0, 1)
    bias = torch.randn(2 * rows, generator=generator)[::2]
    weights = [transposed(rows, depth), transposed(rows, width), bias]
    states = [transposed(streams, width) for _ in CELLS[cell].states]
    assert not any(tensor.is_contiguous() for tensor in (below, *weights, *states))
    names = (
        CELLS[cell].activation_names
        if return_gates
        else [name for name in CELLS[cell].activation_names if name in CELLS[cell].states]
    )
    expected = dict(
        zip(
            CELLS[cell].activation_names,
            recurrences.run_layer(cell, *(tensor.double() for tensor in (below, *weights, *states))),
            strict=True,
        )
    )
    found = compiled.run_layer(cell, return_gates, below, *weights, *states)
    for name, values in zip(names, found, strict=True):
        torch.testing.assert_close(values.double(), expected[name][-len(values) :], rtol=0, atol=1e-5, msg=name)


@pytest.mark.parametrize("capability", HERE_AND_BELOW)
def test_products_of_any_strides_and_odd_sizes(on_processor, capability):
    """Columns 512 and rows 1,024 floats apart are among them: these are copied first."""
    on_processor(capability)
    generator = torch.Generator().manual_seed(8)
    sizes = (1, 1, 1), (13, 1300, 33), (97, 5, 64), (12, 512, 32), (100, 513, 7), (512, 35, 20), (512, 1, 3), (14, 1024, 40)
    for rows, depth, columns in sizes:
        left, right = torch.randn(rows, depth, generator=generator), torch.randn(depth, columns, generator=generator)
        expected = left.double() @ right.double()
        for a, b in ((left, right), (left.t().contiguous().t(), right), (left, right.t().contiguous().t())):
            torch.testing.assert_close(compiled.multiply(a, b).double(), expected, rtol=0, atol=1e-6 * depth)


def test_gates_at_the_ends_of_their_range():
    """Pre-activations far beyond what float's exponential holds: gates of exactly 0 and 1, no infinity on the way."""
    inputs = torch.tensor([-1e4, -100.0, -20.0, -1e-4, 0.0, 1e-4, 20.0, 100.0, 1e4]).repeat(2)
    weights = torch.zeros(72, 1), torch.zeros(72, 18)
    state = torch.zeros(1, 18)
    below = torch.zeros(1, 1, 1)
    i, _, _, g, _, h = compiled.run_layer("lstm", True, below, *weights, inputs.repeat(4), state, state)
    exact = inputs.double()
    torch.testing.assert_close(i.flatten().double(), exact.sigmoid(), rtol=0, atol=1e-7)
    torch.testing.assert_close(g.flatten().double(), exact.tanh(), rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(h.flatten().double(), exact.sigmoid() * (exact.sigmoid() * exact.tanh()).tanh(), rtol=0, atol=1e-7)


@pytest.mark.parametrize("characters", [2, 15, 16, 17, 87])
def test_cross_entropy_of_any_logits(characters):
    generator = torch.Generator().manual_seed(9)
    for scale in (1e-3, 1.0, 1e3):
        logits = (scale * torch.randn(6, 4, characters, generator=generator)).requires_grad_()
        targets = torch.randint(characters, (6, 4), generator=generator)
        weights = torch.randn(6, 4, generator=generator)
        (compiled.cross_entropy(logits, targets) * weights).sum().backward()
        double = logits.detach().double().requires_grad_()
        expected = torch.nn.functional.cross_entropy(double.flatten(0, 1), targets.flatten(), reduction="none").view(6, 4)
        (expected * weights).sum().backward()
        torch.testing.assert_close(compiled.cross_entropy(logits, targets).double(), expected, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(logits.grad.double(), double.grad, rtol=0, atol=2e-6)


@pytest.mark.parametrize("cell", CELL_NAMES)
@pytest.mark.parametrize("parameter", ["layers.0.W_input", "layers.0.W_hidden", "softmax.weight", "softmax.bias"])
def test_what_is_not_a_number_shows_in_the_loss(cell, parameter):
    network, characters = draw((cell, 1, 5, 4), 3, 2, seed=10)
    with torch.no_grad():
        network.get_parameter(parameter).fill_(float("nan"))
    assert loss_and_gradients(network, characters)["loss"].isnan()


@pytest.mark.parametrize("implementation", ["compiled", "plain"])
@pytest.mark.parametrize("wrong", [-1, 4])
def test_characters_that_there_are_not_are_refused(monkeypatch, implementation, wrong):
    if implementation == "plain":
        monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
    network, characters = draw(("rnn", 1, 5, 4), 3, 2, seed=11)
    characters[1, 1] = wrong
    with pytest.raises(IndexError):
        network(characters, network.zero_state(2))
    with pytest.raises(IndexError):
        cross_entropy(torch.zeros(*characters.shape, 4), characters)


def test_a_library_of_another_source_is_not_used(libraries, caplog):
    source = libraries / "compiled.cpp"
    source.write_text(source.read_text() + "// changed\n")
    assert library.functions("float32") is None
    assert not library.is_available_for(torch.zeros(1))
    assert caplog.messages == [
        message for message in caplog.messages if "compiled from another compiled.cpp" in message and "install again" in message
    ]
    assert len(caplog.messages) == 1


def cut(libraries, monkeypatch):
    for path in libraries.glob("compiled_*"):
        path.write_bytes(path.read_bytes()[:100])


def no_library(libraries, monkeypatch):
    for path in libraries.glob("compiled_*"):
        path.write_bytes(b"no library")


def without_a_function(libraries, monkeypatch):
    monkeypatch.setitem(library.ARGUMENTS, "unheard_of", [])


@pytest.mark.skipif(library.functions("float32") is None, reason="no compiled recurrences here")
@pytest.mark.parametrize(
    ("damage", "reason"),
    [(cut, "file too short|cannot read"), (no_library, "file too short"), (without_a_function, "unheard_of")],
)
def test_a_library_that_does_not_load_is_one_line_and_plain_torch_computes(libraries, monkeypatch, caplog, damage, reason):
    damage(libraries, monkeypatch)
    network, characters = draw(("lstm", 2, 20, 9), 3, 2, seed=12)
    assert_near(loss_and_gradients(network, characters), loss_and_gradients(in_double_precision(network), characters))
    assert not library.is_available_for(torch.zeros(1))
    (line,) = caplog.messages
    assert re.fullmatch(
        rf"compiled_\S+ cannot be loaded \(.*({reason}).*\): plain torch computes the recurrences, .*; install again .*", line
    )


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
    assert not library.is_available_for(torch.zeros(1))


def build(tmp_path, **environment):
    """Build the extension as an installation does, in a copy of the sources without what is already built."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.so", "*.egg-info", "__pycache__"))
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr, list((tmp_path / "src").rglob("*.so"))


def test_without_a_compiler_the_package_installs_and_computes_in_plain_torch(tmp_path):
    output, libraries = build(tmp_path, CC="/nowhere/cc", CXX="/nowhere/c++")
    assert "building extension" in output
    assert libraries == []
    script = """
import logging, torch
logging.basicConfig(level=logging.INFO, format="%(message)s")
from rnnscope.models.network import Network, Shape
network = Network(Shape("lstm", 1, 4, 5), 0.0, torch.Generator().manual_seed(1))
for _ in range(2):
    logits, _ = network(torch.arange(5).unsqueeze(1), network.zero_state(1))
print(logits.double().flatten().tolist())
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.count("no compiled recurrences") == done.stderr.count("\n") == 1
    network = Network(Shape("lstm", 1, 4, 5), 0.0, torch.Generator().manual_seed(1)).double()
    expected, _ = network(torch.arange(5).unsqueeze(1), network.zero_state(1))
    assert eval(done.stdout) == pytest.approx(expected.flatten().tolist(), abs=1e-6)


@pytest.mark.skipif(not shutil.which("c++"), reason="no compiler")
def test_it_compiles_without_a_warning(tmp_path):
    output, libraries = build(tmp_path)
    assert "warning" not in output
    assert len(libraries) == len(list(library.SOURCE.parent.glob("*.so")))


def arguments_of_product():
    """Those of a product (2, 3) x (3, 4) without a bias, as `multiply` passes them."""
    left, right, product = torch.ones(2, 3), torch.ones(3, 4), torch.empty(2, 4)
    return [2, 3, 4, left, 3, 1, right, 4, 1, None, product]


def changed(index, value):
    arguments = arguments_of_product()
    arguments[index] = value
    return arguments


# Each would read or write outside its arrays, or crash.
WRONG = {
    "too few": arguments_of_product()[:-1],
    "too many": [*arguments_of_product(), 1],
    "a tensor in place of a number": changed(0, torch.ones(1)),
    "a fraction in place of a count": changed(1, 3.5),
    "an address in place of a tensor": changed(3, 4096),
    "another precision": changed(3, torch.ones(2, 3, dtype=torch.float64)),
    "ids in place of floats": changed(6, torch.ones(3, 4, dtype=torch.int64)),
    "a tensor without memory": changed(10, torch.empty(2, 4, device="meta")),
}


@pytest.mark.skipif(library.functions("float32") is None, reason="no compiled recurrences here")
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arguments_of_a_compiled_function_raise(wrong):
    with pytest.raises((TypeError, ctypes.ArgumentError)):
        library.call("product", *WRONG[wrong])


@pytest.mark.skipif(library.functions("float32") is None, reason="no compiled recurrences here")
def test_right_arguments_do_not():
    arguments = arguments_of_product()
    library.call("product", *arguments)
    assert torch.equal(arguments[-1], torch.full((2, 4), 3.0))


def test_the_types_of_all_compiled_functions_are_declared_as_in_the_source():
    """Every function of the source, the kind of each of its parameters."""
    kinds = {"int64_t": library.COUNT, "float": library.NUMBER, "const int64_t*": library.Ids}
    kinds |= {"const float*": library.Floats, "float*": library.Floats}
    source = re.sub(r"//.*", "", library.SOURCE.read_text().partition('extern "C" {')[2])
    found = {}
    for name, parameters in re.findall(r"^void (\w+)\(([^)]*)\)", source, re.MULTILINE):
        types = [" ".join(parameter.split()).rpartition(" ") for parameter in parameters.split(",")]
        found[name] = [kinds[kind] for kind, _, _ in types]
    assert found == library.ARGUMENTS
