"""Texts scored and drawn with checkpoints of bytes and of code points."""

import math

import numpy as np
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.training import sample, score

RUSSIAN = "аб я\n"


def saved(path, vocabulary, characters="bytes", encoding="utf-8"):
    """A checkpoint of a small random network."""
    network = Network(Shape("gru", 1, 5, len(vocabulary)), generator=torch.Generator().manual_seed(3)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(15)
    save_checkpoint(
        path, network.state_dict(), Description("gru-1-5", network.shape, 0.0, 1, vocabulary, "recurrent", characters, encoding)
    )
    return network


def plain_log_prob(network, ids):
    layers, softmax = plain_weights(network)
    log_probabilities, _, _ = run_stream("gru", layers, softmax, ids)
    return [log_probabilities[position][ids[position + 1]].item() for position in range(len(ids) - 1)]


def test_every_character_has_a_line(tmp_path, call, capsys):
    network = saved(tmp_path / "c", sorted(map(ord, RUSSIAN)), "unicode")
    (tmp_path / "x").write_bytes("я б\n".encode("koi8-r"))
    assert call(score, "--checkpoint", tmp_path / "c", "--text", tmp_path / "x", "--encoding", "koi8-r") is None
    *lines, mean = capsys.readouterr().out.splitlines()
    expected = plain_log_prob(network, [sorted(RUSSIAN).index(letter) for letter in "я б\n"])
    fields = [line.split("\t") for line in lines]
    assert [text for text, _, _ in fields] == ["я", " ", "б", "\\n"]
    assert fields[0][1:] == ["", ""]
    np.testing.assert_allclose([float(surprise) for _, _, surprise in fields[1:]], -np.array(expected), rtol=1e-4)
    np.testing.assert_allclose([float(probability) for _, probability, _ in fields[1:]], np.exp(expected), rtol=1e-4)
    assert mean == f"{-sum(expected) / 3:.4f} nats per character, 3 characters after the first"


def test_bytes_of_a_letter_have_a_line_each(tmp_path, call, capsys):
    saved(tmp_path / "c", sorted(set(RUSSIAN.encode())))
    (tmp_path / "x").write_bytes("я\n".encode())
    assert call(score, "--checkpoint", tmp_path / "c", "--text", tmp_path / "x") is None
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[:3]] == ["я", "\\x8f", "\\n"]


def test_a_mark_of_the_byte_order_has_lines_of_its_own(tmp_path, call, capsys):
    written = "яM\n".encode("utf-16")
    saved(tmp_path / "c", sorted(set(written)), encoding="utf-16")
    (tmp_path / "x").write_bytes(written)
    assert call(score, "--checkpoint", tmp_path / "c", "--text", tmp_path / "x") is None
    shown = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[:8]]
    assert shown == ["\\xff", "\\xfe", "я", "\\x04", "M", "\\x00", "\\n", "\\x00"]


@pytest.mark.parametrize(
    ("characters", "vocabulary", "message"),
    [
        ("unicode", "а ", "found the character 'я' at position 1, expected one of the model's 2 characters"),
        ("bytes", "а ", r"found the byte b'\x8f' at position 3, expected one of the model's 3 characters"),
    ],
)
def test_what_the_model_does_not_know_is_named(tmp_path, call, characters, vocabulary, message):
    known = sorted(map(ord, vocabulary)) if characters == "unicode" else sorted(set((vocabulary).encode()) | {0xD1})[:3]
    if characters == "bytes":
        known = sorted({*"а".encode(), 0xD1})
    saved(tmp_path / "c", known, characters)
    (tmp_path / "x").write_bytes("ая".encode())
    assert call(score, "--checkpoint", tmp_path / "c", "--text", tmp_path / "x") == f"error: {tmp_path / 'x'}: {message}"


@pytest.mark.parametrize(
    ("characters", "encoding", "flags", "beginning"),
    [
        ("bytes", "utf-8", ["--prime", "аб"], "аб"),
        ("bytes", "koi8-r", ["--prime", "аб"], "аб"),
        ("bytes", "koi8-r", ["--prime-bytes", "c1 c2"], "аб"),
        ("unicode", "utf-8", ["--prime", "аб"], "аб"),
        ("unicode", "koi8-r", ["--prime-bytes", "c1c2"], "аб"),
        ("unicode", "utf-8", [], "\n"),
    ],
)
def test_a_prime_text_in_the_encoding_of_the_model(tmp_path, call, capfdbinary, characters, encoding, flags, beginning):
    vocabulary = set(RUSSIAN.encode(encoding)) if characters == "bytes" else set(map(ord, RUSSIAN))
    saved(tmp_path / "c", sorted(vocabulary), characters, encoding)
    assert call(sample, "--checkpoint", tmp_path / "c", "--length", 6, *flags) is None
    drawn = capfdbinary.readouterr().out
    assert drawn.startswith(beginning.encode(encoding if characters == "bytes" else "utf-8"))
    if characters == "unicode":
        assert len(drawn.decode()) == len(beginning) + 6 + 1


def test_without_a_line_feed_the_most_probable_character_is_the_first(tmp_path, call, capfdbinary):
    network = saved(tmp_path / "c", sorted(map(ord, "абв")), "unicode")
    assert call(sample, "--checkpoint", tmp_path / "c", "--length", 0) is None
    assert capfdbinary.readouterr().out.decode() == "абв"[int(network.softmax.bias.argmax())] + "\n"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--prime-bytes", "xy"], "--prime-bytes: found 'xy', expected bytes as hexadecimal digits"),
        (["--prime", "a", "--prime-bytes", "61"], "expected at most one of the two"),
        (["--prime", ""], "prime text: found no character"),
        (["--prime", "ж"], "prime text: found the character 'ж' at position 0"),
        (["--top-k", "0"], "top-k: found 0"),
        (["--nucleus", "0"], "nucleus: found 0.0, expected a number above 0 and at most 1"),
        (["--temperature", "nan"], "temperature: found nan, expected 0 or"),
    ],
)
def test_bad_flags_are_one_line(tmp_path, call, flags, message):
    saved(tmp_path / "c", sorted(map(ord, "абв")), "unicode")
    assert message in call(sample, "--checkpoint", tmp_path / "c", *flags)


@pytest.mark.parametrize(
    ("top_k", "nucleus", "kept"),
    [(None, 1.0, [0, 1, 2, 3]), (2, 1.0, [1, 3]), (None, 0.5, [1, 3]), (None, 0.4, [1]), (1, 0.9, [1]), (9, 0.71, [0, 1, 3])],
)
def test_the_characters_that_are_kept(top_k, nucleus, kept):
    """Of 0.2, 0.4, 0.1, 0.3 the largest two sum to 0.7."""
    probabilities = torch.tensor([0.2, 0.4, 0.1, 0.3])
    found = sample.likeliest(probabilities, top_k, nucleus)
    assert found.nonzero()[:, 0].tolist() == kept
    torch.testing.assert_close(found[kept], probabilities[kept])


def test_draws_among_the_kept_follow_their_probabilities():
    """Pearson's chi-squared of 2,000 draws: 1 degree of freedom, p > 1e-4."""
    network = Network(Shape("gru", 1, 3, 4), generator=torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():
        network.softmax.weight.zero_()
        network.softmax.bias.copy_(torch.log(torch.tensor([0.2, 0.4, 0.1, 0.3])))
    drawn = sample.sample(network, [0], 2000, 1.0, torch.Generator().manual_seed(2), top_k=2)
    counts = [drawn.count(index) for index in range(4)]
    assert counts[0] == counts[2] == 0
    expected = 2000 * 0.4 / 0.7
    assert (counts[1] - expected) ** 2 / expected + (counts[3] - 2000 + expected) ** 2 / (2000 - expected) < 15.1
    assert math.isclose(sum(counts), 2000)
