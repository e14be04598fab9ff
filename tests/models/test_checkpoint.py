from dataclasses import asdict, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from rnnscope.errors import InputError
from rnnscope.models import feed_forward
from rnnscope.models.checkpoint import Description, check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.network import Network, Shape
from rnnscope.storage.files import discard
from rnnscope.storage.tensors import save_tensors

SHAPE = Shape("gru", 2, 3, 4)
DESCRIPTION = Description("gru-2-5", SHAPE, 0.25, 7, [10, 97, 98, 200])


@pytest.fixture
def checkpoint(tmp_path):
    network = Network(SHAPE, 0.25, torch.Generator().manual_seed(1))
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, network.state_dict(), DESCRIPTION)
    return path, network


def test_a_checkpoint_rebuilds_its_network(checkpoint):
    path, network = checkpoint
    rebuilt, description = load_checkpoint(path)
    assert description == DESCRIPTION
    assert not rebuilt.training
    assert all(torch.equal(values, rebuilt.state_dict()[name]) for name, values in network.state_dict().items())
    assert set(load_file(path)) == set(network.state_dict()), "other programs read the weights by name"


def test_the_same_content_gives_the_same_bytes(checkpoint, tmp_path):
    path, network = checkpoint
    for copy in range(5):
        save_checkpoint(tmp_path / f"{copy}", network.state_dict(), DESCRIPTION)
        assert (tmp_path / f"{copy}").read_bytes() == path.read_bytes()


@settings(max_examples=40)
@given(st.floats(0, 1, exclude_max=True))
def test_a_truncated_checkpoint_is_named(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("truncated") / "checkpoint.safetensors"
    save_checkpoint(path, Network(SHAPE).state_dict(), DESCRIPTION)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"^[^\n]*checkpoint\.safetensors: damaged: found SHA-256[^\n]*$"):
        load_checkpoint(path)


def test_another_programs_file_and_unfit_weights_are_named(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(InputError, match="no such file"):
        load_checkpoint(path)
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="without rnnscope's metadata"):
        load_checkpoint(path)
    save_checkpoint(path, Network(Shape("gru", 1, 3, 4)).state_dict(), DESCRIPTION)
    with pytest.raises(InputError, match=r"^[^\n]*do not fit a network[^\n]*$"):
        load_checkpoint(path)


@pytest.fixture
def nnn(tmp_path):
    network = FeedForwardNetwork(feed_forward.Shape(2, 3, 4), torch.Generator().manual_seed(3))
    path = tmp_path / "nnn.safetensors"
    description = Description("nnn-2", network.shape, 0.0, 7, [10, 97, 98, 200], "feed-forward")
    save_checkpoint(path, network.state_dict(), description)
    return path, network, description


def test_a_checkpoint_of_an_nnn_rebuilds_it(nnn):
    path, network, description = nnn
    for expected in (FeedForwardNetwork, torch.nn.Module):
        rebuilt, found = load_checkpoint(path, "cpu", expected)
        assert isinstance(rebuilt, FeedForwardNetwork)
        assert (found, rebuilt.shape, rebuilt.training) == (description, network.shape, False)
        assert all(torch.equal(values, rebuilt.state_dict()[name]) for name, values in network.state_dict().items())


def test_a_network_of_another_kind_is_named(nnn, checkpoint):
    with pytest.raises(InputError, match=r"nnn\.safetensors: found a feed-forward network, expected a recurrent one"):
        load_checkpoint(nnn[0])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors: found a recurrent network, expected a feed-forward one"):
        load_checkpoint(checkpoint[0], "cpu", FeedForwardNetwork)


def test_an_unknown_kind_and_an_unfit_shape_are_named(nnn):
    path, network, description = nnn
    for bad in (replace(description, kind="other"), replace(description, shape=feed_forward.Shape(3, 3, 4))):
        save_checkpoint(path, network.state_dict(), bad)
        with pytest.raises(InputError, match=r"nnn\.safetensors: weights or metadata do not fit a network"):
            load_checkpoint(path, "cpu", FeedForwardNetwork)
    discard(path)
    path.write_text("{}")
    with pytest.raises(InputError, match="not readable as a checkpoint"):
        load_checkpoint(path)


def test_a_checkpoint_without_a_kind_is_recurrent(tmp_path):
    """As files were written before there were kinds."""
    network, path = Network(SHAPE, 0.25, torch.Generator().manual_seed(1)), tmp_path / "old.safetensors"
    old = {name: value for name, value in asdict(DESCRIPTION).items() if name != "kind"}
    save_tensors(path, network.state_dict(), old)
    rebuilt, description = load_checkpoint(path)
    assert description == DESCRIPTION
    assert all(torch.equal(values, rebuilt.state_dict()[name]) for name, values in network.state_dict().items())


def test_another_vocabulary_is_refused(tmp_path):
    check_vocabulary(tmp_path, DESCRIPTION, torch.tensor([10, 97, 98, 200]).numpy())
    with pytest.raises(InputError, match="trained on 4 other characters; expected the 3 of this split"):
        check_vocabulary(tmp_path, DESCRIPTION, torch.tensor([10, 97, 98]).numpy())


def described(**changes):
    """The metadata of the checkpoint of this module, with some values changed; keys of the shape are written as `shape_<key>`."""
    stored = asdict(DESCRIPTION)
    for key, value in changes.items():
        if key.startswith("shape_"):
            stored["shape"][key.removeprefix("shape_")] = value
        else:
            stored[key] = value
    return stored


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape_layers": 0}, "shape.layers: found 0, expected a whole number of at least 1"),
        ({"shape_layers": 10**12}, "shape.layers: found 1000000000000, expected at most the 8 tensors"),
        ({"shape_layers": "two"}, "shape.layers: found 'two', expected a whole number"),
        ({"shape_layers": True}, "shape.layers: found True, expected a whole number"),
        ({"shape_hidden_width": 20_000}, r"layers.0.W_hidden: found float32 \(9, 3\), expected float32 \(60000, 20000\)"),
        ({"shape_hidden_width": 2.5}, "shape.hidden_width: found 2.5, expected a whole number"),
        ({"shape_cell": "lstn"}, "shape.cell: found 'lstn', expected lstm, rnn, gru"),
        ({"shape": [1]}, "list indices must be integers"),
        ({"dropout": "half"}, "dropout: found 'half', expected a number"),
        ({"dropout": 1.0}, "dropout: found 1.0"),
        ({"dropout": float("nan")}, "dropout: found nan"),
        ({"epoch": -1}, "epoch: found -1"),
        ({"model": 7}, "model: found 7, expected a text"),
        ({"vocabulary": [10, 97, 98]}, "vocabulary: found 3 characters, expected 4"),
        ({"vocabulary": [10, 98, 97, 200]}, "expected 4 in increasing order"),
        ({"vocabulary": ["a", "b", "c", "d"]}, "vocabulary: found"),
        ({"vocabulary": "abcd"}, "vocabulary: found 'abcd'"),
        ({"more": 1}, "unexpected keyword"),
    ],
)
def test_metadata_that_fit_no_network_are_one_line(tmp_path, changes, message):
    path = tmp_path / "checkpoint.safetensors"
    save_tensors(path, Network(SHAPE).state_dict(), described(**changes))
    with pytest.raises(
        InputError, match=rf"^[^\n]*checkpoint\.safetensors: weights or metadata do not fit a network [^\n]*{message}[^\n]*$"
    ):
        load_checkpoint(path)


def test_the_shapes_are_compared_before_memory_is_taken(tmp_path):
    """Such a network would take 10**17 bytes, more than there is."""
    path = tmp_path / "checkpoint.safetensors"
    save_tensors(path, Network(SHAPE).state_dict(), described(shape_hidden_width=10**8))
    with pytest.raises(InputError, match="W_hidden: found float32"):
        load_checkpoint(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(checkpoint, value):
    path, network = checkpoint
    network.layers[1].bias.data[2] = value
    save_checkpoint(path, network.state_dict(), DESCRIPTION)
    with pytest.raises(InputError, match=r"layers\.1\.bias: found values that are no number"):
        load_checkpoint(path)


def test_weights_of_another_dtype_or_name_are_named(checkpoint):
    path, network = checkpoint
    weights = network.state_dict()
    save_checkpoint(path, {name: values.double() for name, values in weights.items()}, DESCRIPTION)
    with pytest.raises(InputError, match="found float64"):
        load_checkpoint(path)
    bias = weights.pop("softmax.bias")
    for others, found in (({}, "no tensor 'softmax.bias'"), ({"softmax.bias": bias, "zzz": torch.zeros(1)}, "a tensor 'zzz'")):
        save_checkpoint(path, weights | others, DESCRIPTION)
        with pytest.raises(InputError, match=found):
            load_checkpoint(path)


@pytest.mark.parametrize("metadata", ["[1]", "{", "[" * 100_000, "7"])
def test_metadata_that_are_no_object_are_one_line(tmp_path, metadata):
    path = tmp_path / "checkpoint.safetensors"
    save_file(Network(SHAPE).state_dict(), path, {"rnnscope": metadata})
    with pytest.raises(InputError, match=r"^[^\n]{1,500}$"):
        load_checkpoint(path)
