"""The split compared with a plain loop written from section 1 of the paper."""

import json
import re
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.corpus.split import cut_parts, parse_fractions, plan
from rnnscope.corpus.split_reader import PARTS, read_part, read_vocabulary
from rnnscope.corpus.text import ByteText, distinct_bytes, open_text
from rnnscope.errors import InputError


def split(
    text: Path, out: Path, streams: int = 2, steps: int = 3, fractions: str = "0.6,0.2,0.2", minimum_count: int = 1
) -> subprocess.CompletedProcess:
    flags = ["--text", text, "--streams", streams, "--sequence-length", steps, "--fractions", fractions, "--out", out]
    flags += ["--minimum-count", minimum_count]
    command = [sys.executable, "-m", "rnnscope.corpus.split", *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def plain_split(text: bytes, streams: int, steps: int, percents: tuple[int, int]) -> dict[str, list[list[tuple[int, int]]]]:
    """Character and target of every position of every stream, one at a time."""
    cut = text[: len(text) - len(text) % (streams * steps)]
    length = len(cut) // streams
    segments = length // steps
    train = segments * percents[0] // 100
    validation = segments * percents[1] // 100
    parts: dict[str, list[list[tuple[int, int]]]] = {part: [[] for _ in range(streams)] for part in PARTS}
    for stream in range(streams):
        for segment in range(segments):
            part = "train" if segment < train else "validation" if segment < train + validation else "test"
            for step in range(steps):
                position = stream * length + segment * steps + step
                target = cut[0] if position == len(cut) - 1 else cut[position + 1]
                parts[part][stream].append((cut[position], target))
    return parts


@given(
    streams=st.integers(1, 5),
    steps=st.integers(1, 5),
    train=st.integers(1, 98),
    data=st.data(),
    seed=st.integers(0, 2**32 - 1),
    letters=st.integers(1, 256),
)
def test_every_character_and_target(streams, steps, train, data, seed, letters):
    validation = data.draw(st.integers(1, 99 - train))
    characters = data.draw(st.integers(1, 400)) * streams * steps // 2 + data.draw(st.integers(0, 30))
    text = np.random.default_rng(seed).integers(0, letters, characters, dtype=np.uint8)
    fractions = parse_fractions(f"{train / 100:.2f},{validation / 100:.2f},{(100 - train - validation) / 100:.2f}")
    expected = plain_split(text.tobytes(), streams, steps, (train, validation))
    if not all(expected[part][0] for part in PARTS):
        with pytest.raises(InputError, match="expected at least"):
            plan(len(text), streams, steps, fractions)
        return
    vocabulary = distinct_bytes(text)
    assert vocabulary.tolist() == sorted(set(text.tobytes()))
    parts = dict(cut_parts(ByteText(text), plan(len(text), streams, steps, fractions)))
    assert list(parts) == list(PARTS)
    for part, ids in parts.items():
        assert ids.dtype == np.uint8
        symbols = vocabulary[ids].tolist()
        assert [list(pairwise(row)) for row in symbols] == expected[part]


@given(streams=st.integers(1, 4), steps=st.integers(1, 4), train=st.integers(1, 98), data=st.data())
def test_reported_length_is_the_smallest_that_fits(streams, steps, train, data):
    validation = data.draw(st.integers(1, 99 - train))
    shares = (train / 100, validation / 100, (100 - train - validation) / 100)
    fractions = parse_fractions(",".join(f"{share:.2f}" for share in shares))
    smallest = next(
        characters
        for characters in range(streams * steps, 10**6, streams * steps)
        if all(plain_split(bytes(characters // (streams * steps)), 1, 1, (train, validation))[part][0] for part in PARTS)
    )
    plan(smallest, streams, steps, fractions)
    with pytest.raises(InputError, match=f"{smallest - 1:,} characters, expected at least {smallest:,} "):
        plan(smallest - 1, streams, steps, fractions)


@given(characters=st.integers(1, 2000), streams=st.integers(1, 40), steps=st.integers(1, 40), train=st.integers(1, 98))
def test_settings_that_are_named_for_a_text_that_is_too_short_fit(characters, streams, steps, train):
    fractions = parse_fractions(f"{train / 100:.2f},0.01,{(99 - train) / 100:.2f}")
    try:
        plan(characters, streams, steps, fractions)
    except InputError as error:
        remedy = str(error).split("; ")[1]
    else:
        return
    if " and " in remedy and "would fit" in remedy:
        fewer, shorter = map(int, re.findall(r"\d+", remedy))
        plan(characters, fewer, shorter, fractions)
    elif "would fit" in remedy:
        for key, value in re.findall(r"split\.(\w+): (\d+)", remedy):
            named = {"streams": streams, "sequence_length": steps, key: int(value)}
            plan(characters, named["streams"], named["sequence_length"], fractions)
    else:
        with pytest.raises(InputError, match="expected at least"):
            plan(characters, 1, 1, fractions)


def test_segments_of_the_papers_corpora():
    war_and_peace = plan(3_258_246, 100, 100, parse_fractions("0.8,0.1,0.1"))
    linux_kernel = plan(6_206_996, 100, 100, parse_fractions("0.9,0.05,0.05"))
    assert war_and_peace.segments == (260, 32, 33)
    assert linux_kernel.segments == (558, 31, 31)


def test_fractions_are_exact():
    # As floats 0.29 * 100 is 28.999999999999996.
    assert plan(100, 1, 1, parse_fractions("0.29,0.57,0.14")).segments == (29, 57, 14)
    assert plan(100_000, 1, 1, parse_fractions("0.99998,1e-05,0.00001")).segments == (99_998, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.8,0.2",
        "0.7,0.1,0.1,0.1",
        "0.8,0.1,0.2",
        "0.9,0.2,-0.1",
        "1.0,0.0,0.0",
        "a,b,c",
        "nan,0.5,0.5",
        "1/3,1/3,1/3",
        "inf,0.1,0.1",
    ],
)
def test_refused_fractions(text):
    with pytest.raises(InputError, match=r"fractions: found .*expected three positive decimals"):
        parse_fractions(text)


def test_files_of_a_split(tmp_path):
    text = tmp_path / "text.bin"
    # "z" lies beyond the cut: in the vocabulary, but in no part.
    text.write_bytes(b"the quick brown fox jumps over" + b"z")
    done = split(text, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    expected = plain_split(text.read_bytes(), 2, 3, (60, 20))
    vocabulary = read_vocabulary(tmp_path / "out")
    assert bytes(vocabulary) == bytes(sorted(set(text.read_bytes())))
    for part in PARTS:
        symbols = vocabulary[read_part(tmp_path / "out", part)].tolist()
        assert [list(pairwise(row)) for row in symbols] == expected[part]
    assert json.loads((tmp_path / "out/split.json").read_text()) == {
        "streams": 2,
        "sequence_length": 3,
        "fractions": ["0.6", "0.2", "0.2"],
        "segments": {"train": 3, "validation": 1, "test": 1},
        "characters": {"train": 18, "validation": 6, "test": 6},
        "K": len(set(text.read_bytes())),
    }
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_file())
    assert names == ["split.json", "test.npy", "train.npy", "validation.npy", "vocabulary.json"]


def test_memory_stays_near_the_bytes_of_the_text(tmp_path):
    size = 4_000_000
    (tmp_path / "text.bin").write_bytes(bytes(range(256)) * (size // 256))
    text = open_text(tmp_path / "text.bin")
    layout = plan(len(text), 1, 100, parse_fractions("0.8,0.1,0.1"))
    tracemalloc.start()
    try:
        for _, ids in cut_parts(ByteText(text), layout):
            del ids
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * size  # one 64-bit integer a character would be 8


@pytest.mark.parametrize(
    ("content", "flags", "message"),
    [
        (None, {}, "no such file"),
        (b"", {}, "the text is empty"),
        (b"x" * 29, {}, "has 29 characters, expected at least 30 "),
        (b"x" * 30, {}, "text.bin: found only the character b'x', expected two different ones: nothing to predict"),
        (b"x" * 30, {"fractions": "0.6,0.2,0.1"}, "fractions: found"),
        (b"x" * 30, {"streams": 0}, "--streams: found 0, expected a whole number from 1 to 32767"),
        (b"x" * 30, {"minimum_count": 2}, "minimum_count: found 2 with characters: bytes, expected characters: unicode"),
        (b"x" * 30, {"steps": -1}, "--sequence-length: found -1, expected a whole number from 1 to 1000000"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, content, flags, message):
    text = tmp_path / "text.bin"
    if content is not None:
        text.write_bytes(content)
    done = split(text, tmp_path / "out", **flags)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out").exists()
