"""The letters of a text of bytes in any encoding, at places of a split: a piece may begin and end inside a letter."""

import json

import numpy as np
import pytest

import rnnscope
from rnnscope.corpus import split
from rnnscope.corpus.letters import EncodedText, encoded, letters_of, shown_letters
from rnnscope.corpus.split_reader import PARTS, read_split
from rnnscope.corpus.split_text import join_parts

TEXT = "上海 Ποῦ back\nto 😀, 上下.\n" * 9  # 上 is 0A 4E in utf-16: one byte is that of a line feed
MARKS = {"utf-16": 2, "utf-32": 4, "utf-8-sig": 3}
ENCODINGS = ["utf-8", "utf-16", "utf-16-be", "utf-32", "utf-8-sig", "gb18030"]


def spelled(text, encoding):
    """The letter at the first of its bytes, and nothing at the others, from the bytes of each letter alone."""
    mark, plain = MARKS.get(encoding, 0), {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
    shown = [""] * mark
    for letter in text:
        first = "" if letter == "\n" else letter
        shown += [first] + [""] * (len(letter.encode(plain.get(encoding, encoding))) - 1)
    return shown


def laid_out(text, streams=3):
    """The parts of a text of bytes, and its vocabulary; a stream begins and a test part begins at any byte."""
    row = (len(text) - 1) // streams
    row -= row % 2 == 0  # in utf-16 the second stream then begins inside a letter
    vocabulary, ids = np.unique(np.frombuffer(text, np.uint8), return_inverse=True)
    rows = np.stack([ids[stream * row : (stream + 1) * row + 1] for stream in range(streams)]).astype(np.uint8)
    first, second = row // 3, row // 2
    return [rows[:, : first + 1], rows[:, first : second + 1], rows[:, second:]], vocabulary, row, second


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_mark_of_the_byte_order_is_no_part_of_the_first_letter(encoding):
    text = TEXT.encode(encoding)
    assert shown_letters(np.frombuffer(text, np.uint8), encoding) == spelled(TEXT, encoding)
    letters = letters_of(encoded(text, encoding))
    assert letters.string.removeprefix("\ufeff") == TEXT
    assert letters.lengths.sum() == len(text)


@pytest.mark.parametrize(("mark", "plain"), [(b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"", "utf-16-le")])
def test_the_mark_says_the_order(mark, plain):
    text = EncodedText(mark + TEXT.encode(plain))
    text.encoding = "UTF-16"
    assert letters_of(text).string == TEXT if not mark else "\ufeff" + TEXT


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_letters_at_places_of_a_split(tmp_path, encoding):
    text = TEXT.encode(encoding)
    parts, vocabulary, row, before_test = laid_out(text)
    for name, ids in zip(PARTS, parts, strict=True):
        np.save(tmp_path / f"{name}.npy", ids)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist(), "encoding": encoding}))
    split, expected = read_split(tmp_path), spelled(TEXT, encoding)
    steps = np.arange(parts[2].shape[1] - 1)
    for stream in range(3):
        first = stream * row + before_test
        found, of_text = split.test_letters(stream, steps), expected[first : first + len(steps)]
        # A letter of utf-8 that the end of the piece cuts is not known from the piece.
        assert all(one in (other, "") for one, other in zip(found[-3:], of_text[-3:], strict=True))
        assert found[:-3] == of_text[:-3]
    joined = join_parts(parts, vocabulary, encoding)
    for start in (0, 1, 2, row, row + 1, row + 2):
        found = joined.shown_letters(np.arange(start, start + 41))
        assert found[:-3] == expected[start : start + 38]


@pytest.mark.parametrize(
    ("declared", "mark", "plain"),
    [
        ("UTF-16", b"\xfe\xff", "utf-16-be"),
        ("utf-16", b"\xff\xfe", "utf-16-le"),
        ("utf-32", b"\0\0\xfe\xff", "utf-32-be"),
        ("utf-16-be", b"", "utf-16-be"),
        ("gb18030", b"", "gb18030"),
    ],
)
def test_a_snippet_of_any_rows_is_text(tmp_path, call, declared, mark, plain):
    """The split names the encoding that the mark says, and a snippet has the letters that begin in its rows."""
    (tmp_path / "text").write_bytes(mark + (TEXT * 3).encode(plain))
    flags = ["--streams", 2, "--sequence-length", 10, "--fractions", "0.6,0.2,0.2", "--encoding", declared]
    assert call(split, "--text", tmp_path / "text", *flags, "--out", tmp_path / "split") is None
    assert json.loads((tmp_path / "split/vocabulary.json").read_text())["encoding"] == plain
    layout = json.loads((tmp_path / "split/split.json").read_text())
    counts = layout["characters"]
    row, test = sum(counts.values()) // 2, counts["test"] // 2
    shown = [""] * len(mark) + [byte for letter in TEXT * 3 for byte in [letter] + [""] * (len(letter.encode(plain)) - 1)]
    of_rows = [letter for stream in range(2) for letter in shown[(stream + 1) * row - test : (stream + 1) * row]]
    text = rnnscope.open(tmp_path).text
    for first in range(test - 12, test + 12):
        assert text.snippet(first, 31) == "".join(of_rows[first : first + 31])
