import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from rnnscope.errors import InputError
from rnnscope.models.checkpoint import Description, check_vocabulary, load_checkpoint, save_checkpoint
from rnnscope.models.network import Network, Shape

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


@settings(max_examples=40, deadline=None)
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


def test_another_vocabulary_is_refused(tmp_path):
    check_vocabulary(tmp_path, DESCRIPTION, torch.tensor([10, 97, 98, 200]).numpy())
    with pytest.raises(InputError, match="trained on 4 other characters; expected the 3 of this split"):
        check_vocabulary(tmp_path, DESCRIPTION, torch.tensor([10, 97, 98]).numpy())
