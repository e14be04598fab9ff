"""A network written for plain torch, and loaded by the lines of its model card."""

import json
import textwrap

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import rnnscope
from rnnscope.errors import InputError
from rnnscope.interface import export
from rnnscope.models.checkpoint import Description
from rnnscope.models.network import Network, Shape
from rnnscope.models.torch_layout import TorchModel, from_torch


@pytest.fixture(scope="module")
def results(finished):
    return rnnscope.open(finished.folder / "results/tale")


def test_the_card_says_how_to_load_it(results, tmp_path, monkeypatch):
    """Its own lines, without rnnscope, give the probabilities of the network."""
    rnnscope.export(results, "lstm-1-4", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "README.md",
        "model.safetensors",
        "vocabulary.json",
    ]
    card = (tmp_path / "README.md").read_text()
    lines = textwrap.dedent("\n".join(line for line in card.splitlines() if line.startswith("    ")))
    lines = lines.replace("b'The '", "b'The boy '")
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(lines, found)
    assert "rnnscope" not in lines
    network, vocabulary = results.network("lstm-1-4"), results.text.vocabulary.tolist()
    ids = torch.tensor([vocabulary.index(byte) for byte in b"The boy "]).unsqueeze(1)
    with torch.no_grad():
        logits, _ = network(ids, network.zero_state(1))
    np.testing.assert_allclose(found["probabilities"].detach(), logits[-1, 0].softmax(0), atol=1e-6)


def test_the_card_states_what_summary_and_evaluation_say(results, tmp_path):
    rnnscope.export(results.folder, "rnn-1-4", tmp_path)
    card, summary = (tmp_path / "README.md").read_text(), results.summary("rnn-1-4")
    for part in ("train", "validation", "test"):
        loss = summary[f"{part}_loss"]
        assert f"| {part} | {loss:.4f} | {loss / np.log(2):.4f} |" in card
    assert f"| parameters | {summary['parameters']:,} |" in card
    assert f"{summary['epochs']} epochs, of which epoch {summary['best_epoch']} is kept" in card
    assert json.loads((tmp_path / "vocabulary.json").read_text())["bytes"] == results.text.vocabulary.tolist()


def test_out_and_back_gives_the_same_bytes(results, tmp_path):
    rnnscope.export(results, "lstm-1-4", tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    network = results.network("lstm-1-4")
    shape, back = from_torch(weights, "model.safetensors")
    assert shape == network.shape
    assert all(back[name].numpy().tobytes() == value.numpy().tobytes() for name, value in network.state_dict().items())
    TorchModel(shape).load_state_dict(weights)


def test_mistakes_are_one_line(results, tmp_path, call):
    with pytest.raises(InputError, match=r"^cell gru: torch\.nn has no such cell"):
        rnnscope.export(results, "gru-1-4", tmp_path / "gru")
    with pytest.raises(InputError, match=r"no network 'lstm-9-4'; found gru-1-4"):
        rnnscope.export(results, "lstm-9-4", tmp_path / "lstm")
    assert not list(tmp_path.iterdir())
    message = call(export, "--results", tmp_path / "nothing", "--model", "lstm-1-4", "--out", tmp_path / "out")
    assert (
        message
        == f"error: {tmp_path / 'nothing'}: no such folder; expected one that the pipeline wrote, such as results/<corpus>"
    )


def test_the_card_names_the_precision_of_training_where_it_is_not_that_of_the_weights():
    """A summary of an earlier version has no such key."""
    network = Network(Shape("lstm", 1, 3, 2))
    description = Description("lstm-1-4", network.shape, 0.0, 1, [10, 97])
    summary = {"epochs": 2, "best_epoch": 1, "dropout": 0.0, "seed": 1}
    cards = [
        export.card("tale", description, network, summary | more)
        for more in ({}, {"precision": "float32"}, {"precision": "bfloat16"})
    ]
    assert cards[0] == cards[1]
    assert set(cards[2].splitlines()) - set(cards[0].splitlines()) == {
        "| precision | factors of products rounded to bfloat16 in training; the weights are float32 |"
    }


@pytest.mark.parametrize(
    ("characters", "text"),
    [
        ("bytes", b"The boy\n"),
        ("bytes", b"0123456789\n"),
        ("bytes", b"lower case\n"),
        ("bytes", "Ελλάδα".encode("iso8859-7")),
        ("bytes", b"x"),
        ("unicode", "红楼梦，一二三四。\n"),
        ("unicode", "'\"\\{}\n"),
    ],
)
def test_the_example_of_the_card_reads_characters_that_the_network_knows(characters, text):
    vocabulary = sorted(set(text) if characters == "bytes" else set(map(ord, text)))
    network = Network(Shape("lstm", 1, 3, len(vocabulary)))
    description = Description("lstm-1-3", network.shape, 0.0, 1, vocabulary, characters=characters)
    card = export.card("tale", description, network, {"epochs": 2, "best_epoch": 1, "dropout": 0.0, "seed": 1})
    (line,) = [line.strip() for line in card.splitlines() if line.strip().startswith("ids = ")]
    found = {"torch": torch, "vocabulary": vocabulary}
    exec(line, found)
    read = [vocabulary[index] for index in found["ids"].flatten().tolist()]
    assert read
    assert (read == list(b"The ")) == ({*b"The "} <= set(vocabulary))
    assert f"index of a {'byte' if characters == 'bytes' else 'code point'} in" in card
