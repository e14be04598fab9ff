"""Texts of code points compared with what Python decodes as a whole."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.corpus import split, text
from rnnscope.corpus.split_reader import PARTS, read_split
from rnnscope.corpus.text import ByteText, UnicodeText, decoded_blocks, id_dtype, is_encoding, open_text
from rnnscope.errors import InputError

SAMPLE = "\ufeffЧто́? 中文「好」。\r\nعربي 👩‍👩‍👧 é\u0301\n" * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030", "utf-7"])
@pytest.mark.parametrize("block", [1, 3, 2**20])
def test_blocks_are_the_decoded_text(tmp_path, monkeypatch, encoding, block):
    monkeypatch.setattr(text, "BLOCK", block)
    (tmp_path / "x").write_bytes(SAMPLE.encode(encoding))
    found = np.concatenate(list(decoded_blocks(tmp_path / "x", encoding)))
    assert found.tolist() == [ord(character) for character in SAMPLE.encode(encoding).decode(encoding)]


def test_a_character_that_the_end_cuts_off_is_left_out(tmp_path):
    (tmp_path / "x").write_bytes("ab中".encode()[:-1])
    assert np.concatenate(list(decoded_blocks(tmp_path / "x", "utf-8"))).tolist() == [97, 98]


@pytest.mark.parametrize("block", [1, 4, 2**20])
def test_another_encoding_is_one_line_that_names_the_byte(tmp_path, monkeypatch, block):
    monkeypatch.setattr(text, "BLOCK", block)
    (tmp_path / "x").write_bytes("中文".encode() + b"abc\xe9\xe9" + "中文".encode())
    with pytest.raises(InputError, match=r"found the byte 0xE9 at position 9, expected utf-8; .*encoding: latin-1"):
        list(decoded_blocks(tmp_path / "x", "utf-8"))


@given(
    characters=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    minimum_count=st.integers(1, 3),
)
def test_ids_and_vocabulary_of_a_unicode_text(tmp_path_factory, characters, minimum_count):
    path = tmp_path_factory.mktemp("text") / "x"
    path.write_bytes(characters.encode())
    found = UnicodeText(path, "utf-8", minimum_count)
    rare = {character for character in characters if characters.count(character) < minimum_count}
    pooled = rare | ({"\ufffd"} & set(characters) if rare else set())
    expected = ["\ufffd" if character in pooled else character for character in characters]
    assert list(map(chr, found.vocabulary)) == sorted(set(expected))
    ids = found.ids(0, len(found))
    assert [chr(found.vocabulary[index]) for index in ids] == expected
    assert ids.dtype == id_dtype(len(found.vocabulary))
    assert (found.pooled_distinct, found.pooled) == (len(pooled), sum(character in pooled for character in characters))


def test_ids_of_more_than_256_characters_have_16_bits_and_too_many_are_refused(tmp_path):
    assert id_dtype(256) is np.uint8
    assert id_dtype(257) is np.uint16
    every = [chr(number) for number in range(0x10FFFF) if not 0xD800 <= number < 0xE000][:65_536]
    (tmp_path / "x").write_bytes("".join(every[:65_535]).encode())
    found = UnicodeText(tmp_path / "x", "utf-8", 1)
    assert found.ids(0, len(found)).tolist() == list(range(65_535))
    (tmp_path / "x").write_bytes("".join(every).encode())
    with pytest.raises(InputError, match=r"found 65,536 distinct characters, expected at most 65,535; a larger minimum_count"):
        UnicodeText(tmp_path / "x", "utf-8", 1)


def test_a_byte_text_is_its_bytes(tmp_path):
    (tmp_path / "x").write_bytes(SAMPLE.encode())
    found = ByteText(open_text(tmp_path / "x"))
    assert found.vocabulary[found.ids(0, len(found))].tobytes() == SAMPLE.encode()


def test_names_of_encodings():
    assert all(map(is_encoding, ("utf-8", "UTF-16", "latin1", "gb18030", "koi8_r", "cp1251")))
    assert not any(map(is_encoding, ("utf-9", "", "base64", "rot13", "hex", "a\0b", "utf 8")))


def test_a_split_of_code_points(tmp_path, call):
    """The stage: what it writes is read back as the characters of the text, in the order of the streams."""
    letters = [chr(number) for number in range(0x4E00, 0x4E00 + 300)]
    random.Random(1).shuffle(letters)
    content = "".join(letters) * 2
    (tmp_path / "x").write_bytes(content.encode("gb18030"))
    flags = ["--text", tmp_path / "x", "--streams", 2, "--sequence-length", 5, "--fractions", "0.6,0.2,0.2"]
    flags += ["--characters", "unicode", "--encoding", "gb18030", "--out", tmp_path / "split"]
    assert call(split, *flags) is None
    found = read_split(tmp_path / "split")
    assert found.vocabulary.dtype == np.uint32
    assert found.encoding == "gb18030"
    assert found.text.text == content + content[0]
    assert "".join(map(chr, found.text.characters)) == content + content[0]
    assert {found.part(part).dtype.name for part in PARTS} == {"uint16"}
    assert json.loads((tmp_path / "split/vocabulary.json").read_text()) == {
        "code_points": sorted(map(ord, letters)),
        "encoding": "gb18030",
    }


def test_pooled_characters_are_said(tmp_path, call):
    (tmp_path / "x").write_bytes(("ab" * 30 + "cdé").encode())
    flags = ["--text", tmp_path / "x", "--streams", 1, "--sequence-length", 3, "--fractions", "0.6,0.2,0.2"]
    assert call(split, *flags, "--characters", "unicode", "--minimum-count", 2, "--out", tmp_path / "split") is None
    assert json.loads((tmp_path / "split/split.json").read_text())["pooled"] == {"distinct": 3, "characters": 3}
    assert read_split(tmp_path / "split").text.text == "ab" * 30 + "\ufffd\ufffd\ufffd" + "a"
