"""Networks of torch.nn as models of the grid."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.sizes import matched_size, parameter_count
from rnnscope.training import imported

TEXT = b"the cat sat on the mat; the dog did not.\n" * 8
VOCABULARY = sorted(set(TEXT))
K, HIDDEN = len(VOCABULARY), 6
ORDER = [*VOCABULARY[::2], *VOCABULARY[1::2]]  # the order of the network's ids is its own


class Theirs(nn.Module):
    def __init__(self, module, layers=2):
        super().__init__()
        self.embed = nn.Embedding(K, 5)
        self.rnn = module(5, HIDDEN, layers, batch_first=True)
        self.out = nn.Linear(HIDDEN, K)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])


@pytest.fixture
def words(tmp_path):
    ids = np.searchsorted(VOCABULARY, np.frombuffer(TEXT, np.uint8)).astype(np.uint8)
    (tmp_path / "split").mkdir()
    for part in ("train", "validation", "test"):
        np.save(tmp_path / f"split/{part}.npy", ids.reshape(2, -1))
    (tmp_path / "split/vocabulary.json").write_text(json.dumps({"bytes": VOCABULARY}))
    (tmp_path / "split/split.json").write_text(json.dumps({"sequence_length": 10}))
    (tmp_path / "mine.json").write_text(json.dumps({"bytes": ORDER}))
    files = ["--weights", tmp_path / "mine.safetensors", "--vocabulary", tmp_path / "mine.json"]
    return ["--split", tmp_path / "split", *files, "--device", "cpu", "--threads", 1, "--out", tmp_path / "model"]


def save(folder, module, layers=2):
    torch.manual_seed(1)
    theirs = Theirs(module, layers).eval()
    save_file(theirs.state_dict(), folder / "mine.safetensors")
    return theirs


def name_of(cell, layers=2, width=HIDDEN):
    return f"{cell}-{layers}-{matched_size(parameter_count(cell, layers, width, K), K)}-mine"


@pytest.mark.parametrize(("cell", "module"), [("lstm", nn.LSTM), ("gru-after", nn.GRU), ("rnn", nn.RNN)])
def test_its_losses_are_those_that_torch_computes(tmp_path, call, words, cell, module):
    """An embedding, batches first, ids in another order: the network's own modules are the reference."""
    theirs = save(tmp_path, module)
    assert call(imported, *words, "--model", name_of(cell)) is None
    network, description = load_checkpoint(tmp_path / "model/checkpoint.safetensors")
    assert (description.model, description.vocabulary) == (name_of(cell), VOCABULARY)
    bytes_read = np.frombuffer(TEXT, np.uint8).reshape(2, -1)
    ids = torch.tensor([[ORDER.index(byte) for byte in row] for row in bytes_read.tolist()])
    with torch.no_grad():
        logits = theirs(ids[:, :-1])
    expected = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item()
    summary = json.loads((tmp_path / "model/summary.json").read_text())
    assert summary["validation_loss"] == pytest.approx(expected, abs=1e-6)
    assert (summary["cell"], summary["layers"], summary["hidden_width"], summary["epochs"]) == (cell, 2, HIDDEN, 0)
    assert summary["precision"] is None
    ours = torch.from_numpy(np.load(tmp_path / "split/test.npy")[:, :-1].T.astype(np.int64))
    with torch.no_grad():
        found, _ = network(ours, network.zero_state(2))
    order = [ORDER.index(byte) for byte in VOCABULARY]
    torch.testing.assert_close(found.transpose(0, 1), logits[:, :, order], rtol=0, atol=1e-6)
    assert (tmp_path / "model/history.csv").read_text() == "epoch,learning_rate,train_loss,validation_loss\n"


@pytest.mark.parametrize(
    ("vocabulary", "model", "message"),
    [
        (
            ORDER,
            "lstm-2-9-mine",
            "imported: found the name lstm-2-9-mine for {weights}, expected {right}: 2 layers of 6 units, and about",
        ),
        (ORDER[:-1], None, "{weights}: found {K} characters, expected the {fewer} of {json}"),
        ([*ORDER[:-1], 255], None, "{json}: 1 characters of the text are missing and 1 are not in it; expected its {K}"),
        (
            [*ORDER[:-1], "ab"],
            None,
            "{json}: expected a list of different characters, as numbers from 0 to 1114111 or as single characters",
        ),
        ({"tokens": ORDER}, None, "{json}: expected a list of different characters"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(tmp_path, call, words, vocabulary, model, message):
    save(tmp_path, nn.GRU)
    (tmp_path / "mine.json").write_text(json.dumps(vocabulary))
    right = name_of("gru-after")
    found = call(imported, *words, "--model", model or right)
    files = {"weights": tmp_path / "mine.safetensors", "json": tmp_path / "mine.json"}
    assert found.startswith("error: " + message.format(**files, right=right, K=K, fewer=K - 1))
    assert "\n" not in found
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (None, "no such file; expected the state dict of a network"),
        (lambda path: path.write_bytes(b"no weights"), "not readable as a state dict ("),
        (lambda path: torch.save(Theirs(nn.GRU).state_dict(), path), "not readable as a state dict ("),
        (lambda path: path.mkdir(), "found a folder; expected the state dict of a network"),
    ],
)
def test_files_that_are_no_state_dict_are_refused(tmp_path, call, words, write, message):
    """What torch.save writes, too: loading it could run code."""
    path = tmp_path / "mine.safetensors"
    if write:
        write(path)
    found = call(imported, *words, "--model", name_of("gru-after"))
    assert found.startswith(f"error: {path}: {message}")
    if "not readable" in message:
        assert found.endswith("; expected what safetensors.torch.save_file(model.state_dict(), path) writes")
    assert "\n" not in found


def test_a_vocabulary_that_nests_deeply_is_one_line(tmp_path, call, words):
    save(tmp_path, nn.GRU)
    (tmp_path / "mine.json").write_text("[" * 100_000)
    found = call(imported, *words, "--model", name_of("gru-after"))
    assert found.startswith(f"error: {tmp_path / 'mine.json'}: not readable as JSON (")
    assert "\n" not in found


def with_nan(weights):
    weights["out.bias"][2] = float("nan")


def beyond_float32(weights):
    weights["out.weight"] = weights["out.weight"].double()
    weights["out.weight"][0, 0] = 1e39


def whole_numbers(weights):
    weights["rnn.weight_hh_l1"] = weights["rnn.weight_hh_l1"].long()


def a_tensor_more(weights):
    weights["rnn.weight_hh_l99999999999"] = torch.zeros(3 * HIDDEN, HIDDEN)


def a_bias_less(weights):
    del weights["rnn.bias_hh_l1"]


def no_recurrent_matrix(weights):
    del weights["rnn.weight_hh_l0"]


def empty(weights):
    weights["rnn.weight_hh_l0"] = torch.zeros(0, 0)


def one_dimension(weights):
    weights["rnn.weight_hh_l0"] = torch.zeros(3 * HIDDEN)


def two_gates(weights):
    weights["rnn.weight_hh_l0"] = torch.zeros(2 * HIDDEN, HIDDEN)


def rows_between(weights):
    weights["rnn.weight_hh_l0"] = torch.zeros(3 * HIDDEN + 1, HIDDEN)


def a_wider_bias(weights):
    weights["out.bias"] = torch.zeros(K + 1)


def a_flat_embedding(weights):
    weights["embed.weight"] = torch.zeros(K)


def a_product_beyond_float32(weights):
    weights["embed.weight"].fill_(1e30)
    weights["rnn.weight_ih_l0"].fill_(1e30)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (with_nan, "found nan in out.bias, expected finite numbers, as float32 too"),
        (beyond_float32, "found inf in out.weight, expected finite numbers, as float32 too"),
        (whole_numbers, "found int64 for rnn.weight_hh_l1, expected floating-point numbers"),
        (a_tensor_more, "found a tensor weight_hh_l99999999999, expected the weights of 2 layers, numbered from 0, and"),
        (a_bias_less, "found no tensor bias_hh_l1, expected the weights of 2 layers, numbered from 0, and the biases of all or"),
        (
            no_recurrent_matrix,
            "found none for weight_hh_l0, expected (4 H, H) of torch.nn.LSTM, (3 H, H) of GRU or (H, H) of RNN",
        ),
        (empty, "found (0, 0) for rnn.weight_hh_l0, expected numbers in every tensor"),
        (one_dimension, "found (18,) for weight_hh_l0, expected (4 H, H) of torch.nn.LSTM"),
        (two_gates, "found (12, 6) for weight_hh_l0, expected (4 H, H) of torch.nn.LSTM"),
        (rows_between, "found (19, 6) for weight_hh_l0, expected (4 H, H) of torch.nn.LSTM"),
        (a_wider_bias, f"found a bias of ({K + 1},) in the Linear, expected ({K},)"),
        (a_flat_embedding, f"found an Embedding of ({K},), expected ({K}, any width)"),
        (a_product_beyond_float32, "found inf in layers.0.W_input, expected finite numbers, as float32 too"),
    ],
)
def test_weights_that_are_no_network_are_one_line(tmp_path, call, words, spoil, message):
    weights = save(tmp_path, nn.GRU).state_dict()
    spoil(weights)
    save_file(weights, tmp_path / "mine.safetensors")
    found = call(imported, *words, "--model", name_of("gru-after"))
    assert found.startswith(f"error: {tmp_path / 'mine.safetensors'}: {message}")
    assert "\n" not in found
    assert not (tmp_path / "model").exists()


def test_a_name_that_is_none_is_one_line(tmp_path, call, words):
    save(tmp_path, nn.GRU)
    assert call(imported, *words, "--model", "mine").startswith("error: imported: model 'mine': expected <cell>-<layers>-<size>")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_may_have_more_or_fewer_bits(tmp_path, call, words, dtype):
    theirs = save(tmp_path, nn.RNN, layers=1).to(dtype)
    save_file(theirs.state_dict(), tmp_path / "mine.safetensors")
    assert call(imported, *words, "--model", name_of("rnn", 1)) is None
    network, _ = load_checkpoint(tmp_path / "model/checkpoint.safetensors")
    order = [ORDER.index(byte) for byte in VOCABULARY]
    assert torch.equal(network.softmax.weight, theirs.out.weight.float()[order])


def test_characters_may_be_listed_as_text(tmp_path, call, words):
    save(tmp_path, nn.RNN, layers=1)
    (tmp_path / "mine.json").write_text(json.dumps([chr(byte) for byte in ORDER]))
    assert call(imported, *words, "--model", name_of("rnn", 1)) is None
