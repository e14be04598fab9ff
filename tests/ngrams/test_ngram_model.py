"""Models that are kept: their scores before and after the file, and the command line around them."""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.chen_goodman import Model
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnnscope.cli import parse
from rnnscope.errors import InputError
from rnnscope.ngrams.backoff import sample
from rnnscope.ngrams.counts import count_ngrams, write_counts
from rnnscope.ngrams.kneser_ney import log_probabilities
from rnnscope.ngrams.ngram_model import STAGES, kneser_ney, read_model

K = 4  # the texts below use the ids 0 to 2: a vocabulary's last character is seen by no training stream
LETTERS = np.frombuffer(b"\nabc", dtype=np.uint8)

short_texts = st.lists(st.integers(0, 2), max_size=25)
repeated_texts = st.builds(
    lambda block, times: block * times, st.lists(st.integers(0, 2), min_size=1, max_size=7), st.integers(1, 5)
)
streams = st.lists(short_texts | repeated_texts, min_size=1, max_size=3)
contexts = st.lists(st.integers(0, K - 1), max_size=8)


def arrays(texts):
    return [np.array(text, dtype=np.uint8) for text in texts]


def counted(train, n):
    return count_ngrams(arrays(train), K, n)


@given(train=streams, text=st.lists(st.integers(0, K - 1), max_size=12), n=st.integers(1, 7))
@example(train=[[0, 1, 2]], text=[0, 1, 2, 3, 0], n=9)  # n larger than the text, a character that training does not have
@example(train=[[0] * 40], text=[0, 0, 1, 0], n=5)  # one character, over and over
@example(train=[[]], text=[0, 1], n=2)
@example(train=[[0], [1], []], text=[0, 1], n=1)  # no bigram
@example(train=[[0, 1, 2, 0], [0, 1, 2, 1]], text=[0, 1, 2, 0, 1, 2, 1], n=3)  # 012 occurs only at the start of streams
def test_agrees_with_the_pass_and_with_the_plain_implementation(train, text, n):
    plain = Model(train, K, n)
    expected = [math.log(plain.probability(text[i], text[:i])) for i in range(len(text))]
    found = kneser_ney(counted(train, n), LETTERS).log_probabilities(np.array(text, dtype=np.int16))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    [of_the_pass] = log_probabilities(arrays(train), arrays([text]), K, range(n, n + 1))
    np.testing.assert_allclose(found, of_the_pass.log_prob, rtol=0, atol=1e-9)


def test_agrees_where_the_discounts_of_every_order_are_estimated():
    random = np.random.default_rng(0)
    K = 80
    weights = 1 / np.arange(1, K + 1) ** 1.5
    train = [random.choice(K, size=1500, p=weights / weights.sum()).tolist() for _ in range(2)]
    text = random.choice(K, size=60, p=weights / weights.sum()).tolist()
    plain = Model(train, K, 3)
    assert [order for order, (_, estimated) in plain.discounts.items() if estimated] == [1, 2, 3, 4]
    model = kneser_ney(count_ngrams(arrays(train), K, 3), np.arange(K, dtype=np.uint8))
    expected = [math.log(plain.probability(text[i], text[:i])) for i in range(len(text))]
    np.testing.assert_allclose(model.log_probabilities(np.array(text)), expected, rtol=0, atol=1e-9)


@settings(max_examples=50)
@given(train=streams, context=contexts, n=st.integers(1, 7))
@example(train=[[]], context=[], n=1)
@example(train=[[0, 0, 0]], context=[3, 3, 3], n=2)
@example(train=[[0, 0, 0]], context=[0, 0, 0, 0, 0], n=9)
def test_every_distribution_sums_to_one_and_is_the_plain_one(train, context, n):
    plain = Model(train, K, n)
    probability = np.exp(kneser_ney(counted(train, n), LETTERS).distribution(context))
    assert probability.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(probability, [float(plain.probability(c, context)) for c in range(K)], rtol=0, atol=1e-9)


@settings(max_examples=30)
@given(train=streams, text=contexts, n=st.integers(1, 7))
@example(train=[[]], text=[0, 3], n=3)
@example(train=[[0] * 9], text=[0, 0, 3], n=20)
def test_a_saved_model_scores_the_same_to_the_bit(train, text, n):
    orders = counted(train, n)
    with tempfile.TemporaryDirectory() as folder:
        write_counts(Path(folder) / "model", orders, LETTERS)
        read = read_model(Path(folder) / "model")
    assert read.vocabulary.tolist() == LETTERS.tolist()
    model = kneser_ney(orders, LETTERS)
    assert read.log_probabilities(np.array(text)).tobytes() == model.log_probabilities(np.array(text)).tobytes()


def test_all_256_bytes_can_be_a_vocabulary(tmp_path):
    random = np.random.default_rng(4)
    train, text = random.integers(0, 256, 600).tolist(), random.integers(0, 256, 40).tolist()
    plain = Model([train], 256, 2)
    write_counts(tmp_path / "model", count_ngrams(arrays([train]), 256, 2), np.arange(256, dtype=np.uint8))
    expected = [math.log(plain.probability(text[i], text[:i])) for i in range(len(text))]
    np.testing.assert_allclose(read_model(tmp_path / "model").log_probabilities(np.array(text)), expected, rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small saved model."""
    path = tmp_path_factory.mktemp("model") / "model"
    random = np.random.default_rng(0)
    write_counts(path, counted([random.integers(0, 3, 60).tolist() for _ in range(2)], 3), LETTERS)
    return path


def test_a_truncated_file_is_reported_in_one_line(saved, tmp_path):
    content, damaged = saved.read_bytes(), tmp_path / "damaged"
    for length in range(0, len(content), 7):
        damaged.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"damaged: [^\n]+(fit it again|found no record that it wrote this one)$"):
            read_model(damaged)


def test_a_flipped_bit_is_reported_in_one_line_or_changes_nothing(saved, tmp_path):
    content, damaged = saved.read_bytes(), tmp_path / "damaged"
    text = np.random.default_rng(1).integers(0, K, 40)
    scores, messages = read_model(saved).log_probabilities(text).tobytes(), []
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 1 << position % 8
        damaged.write_bytes(flipped)
        try:
            assert read_model(damaged).log_probabilities(text).tobytes() == scores
        except InputError as error:
            messages.append(str(error))
    assert len(messages) > len(content) / 2  # the rest is statistics and names that are not read
    assert all(line.startswith(f"{damaged}: ") and "\n" not in line for line in messages)


@pytest.mark.parametrize(("added", "stored"), [(1, pa.int32()), (0, pa.date32())])
def test_counts_that_were_changed_are_reported(saved, tmp_path, added, stored):
    table = pq.read_table(saved)
    count = pa.array(table["count"].to_numpy() + np.int32(added)).view(stored)
    changed = table.set_column(3, "count", count)
    assert changed.schema.metadata == table.schema.metadata
    pq.write_table(changed, tmp_path / "model")
    with pytest.raises(InputError, match="do not fit their SHA-256"):
        read_model(tmp_path / "model")


def run_stage(*words):
    command = [sys.executable, "-m", "rnnscope.ngrams.ngram_model", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """The train part of a split of 3 streams and 60 characters in each."""
    folder = tmp_path_factory.mktemp("split")
    text = np.random.default_rng(1).choice(K, size=(3, 61), p=[0.1, 0.5, 0.3, 0.1]).astype(np.uint8)
    np.save(folder / "train.npy", text)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": LETTERS.tolist()}))
    return folder


def test_stages_fit_score_export_and_sample(split, tmp_path):
    model, arpa, text = tmp_path / "model", tmp_path / "model.arpa", tmp_path / "text"
    text.write_bytes(b"aab\ncabcab")
    for words in (("fit", "--split", split, "--context", 3, "--out", model), ("export", "--model", model, "--out", arpa)):
        done = run_stage(*words)
        assert done.returncode == 0, done.stderr
    ids = [LETTERS.tolist().index(byte) for byte in text.read_bytes()]
    plain = Model(np.load(split / "train.npy").tolist(), K, 3)
    loss = -np.mean([math.log(plain.probability(ids[i], ids[:i])) for i in range(len(ids))])
    for source in (("--model", model), ("--arpa", arpa)):
        assert run_stage("score", *source, "--text", text).stdout.decode() == f"{loss:.4f} nats per character, 10 characters\n"
    assert "ngram 4=" in arpa.read_text()
    assert "ngram 5=" not in arpa.read_text()
    done = run_stage("sample", "--model", model, "--length", 50, "--temperature", 0.7, "--seed", 3, "--prime", "ab")
    drawn = sample(read_model(model), [1, 2], 50, 0.7, np.random.default_rng(3))
    assert done.stdout == b"ab" + bytes(LETTERS[character] for character in drawn) + b"\n"


def test_a_users_mistake_ends_in_one_line(saved, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"abz")
    done = run_stage("score", "--model", saved, "--text", text)
    assert done.returncode == 1
    assert done.stderr.decode() == f"error: {text}: found the byte b'z' at position 2, expected one of the model's 4 bytes\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sample --model {saved} --prime bé", r"^--prime: found the byte b'\\xc3' at position 1"),
        ("sample --model {saved} --temperature -1", "^--temperature: found -1.0"),
        ("sample --model {saved} --temperature nan", "^--temperature: found nan"),
        ("sample --model {saved} --length -1", "^--length: found -1, expected a whole number from 0 to 1000000$"),
        ("fit --split {split} --context 0 --out {out}", "^--context: found 0"),
        ("export --model {split}/train.npy --out {out}", r"train\.npy: not readable as parquet"),
        ("score --arpa {out} --text {saved}", "out: no such file"),
        ("score --model {saved} --text {out}", "out: no such file"),
        ("score --text {saved}", "^--model and --arpa: expected exactly one of the two"),
        ("sample --model {saved} --arpa {saved}", "^--model and --arpa: expected exactly one of the two"),
    ],
)
def test_bad_input_is_reported_and_leaves_nothing(saved, split, tmp_path, words, message):
    out = tmp_path / "out"
    stage, arguments = parse(STAGES, words.format(saved=saved, split=split, out=out).split())
    with pytest.raises(InputError, match=message):
        stage(**arguments)
    assert not list(tmp_path.iterdir())
