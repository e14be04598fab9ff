"""The page of a text of bytes in another encoding than UTF-8, in Chromium: its letters, and the bytes of what is typed."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.one_network_page import write_page
from helpers.opened_page import IN_BROWSER, until
from playwright.sync_api import expect

pytestmark = IN_BROWSER

GREEK = "Το σπίτι, «ναι»\tκαι όχι.\nΜια μέρα\n"
CHINESE = "火子人，和山上？\n生 a为。天下上海\n"  # 上 is 0A 4E in utf-16: one byte is that of a line feed
ENGLISH = "Come back,\tsaid <he>.\r\nShe 😀 did\r\n"
TEXTS = [
    ("iso8859-7", "iso8859-7", b"", GREEK),
    ("gb18030", "gb18030", b"", CHINESE),
    ("utf-16", "utf-16-le", b"\xff\xfe", CHINESE + ENGLISH),
    ("utf-16", "utf-16-be", b"\xfe\xff", CHINESE + ENGLISH),
    ("utf-32", "utf-32-le", b"\xff\xfe\0\0", GREEK),
    ("cp037", "cp037", b"", "Come back, he said.\nDid she\n"),  # no byte is that of ASCII
]
ROW, TEST = 503, 140  # bytes of a stream, and its first byte of the test part
PARTS = [("train", 0, 101), ("validation", 100, TEST + 1), ("test", TEST, ROW + 1)]
WHITE = r"[\s·→↵←]"

# The text of every row, visited from the top to the bottom: its first position, and what it shows.
ROWS = """() => {
  const found = new Map(), pane = $("text");
  for (let top = 0; top < $("space").clientHeight; top += 200) {
    pane.scrollTop = top;
    drawRows();
    for (const { index, first, last, node } of layout.drawn) if (last > first) found.set(index, [first, node.textContent]);
  }
  return [...found.keys()].sort((one, other) => one - other).map((index) => found.get(index));
}"""


def first_letter_from(text, first, plain):
    """Where the first letter begins from a place on: whole letters are as long as what they decode to is encoded."""
    while len(text[:first].decode(plain, "ignore").encode(plain)) < first:
        first += 1
    return first


@pytest.fixture(params=TEXTS, ids=lambda case: case[1])
def opened(request, words, tmp_path, visit):
    """A page of two streams, the second of which begins inside a letter where all letters have several bytes."""
    encoding, plain, mark, passage = request.param
    text = (mark + (passage * 60).encode(plain))[: 2 * ROW + 1]
    vocabulary, ids = np.unique(np.frombuffer(text, np.uint8), return_inverse=True)
    rows = np.stack([ids[: ROW + 1], ids[ROW:]]).astype(np.uint8)
    parts = {name: rows[:, first:last] for name, first, last in PARTS}
    path = write_page(tmp_path, words, parts, {"bytes": vocabulary.tolist(), "encoding": encoding}, encoding=encoding)
    streams = []
    for end in (ROW, 2 * ROW):
        first = first_letter_from(text, end - ROW + TEST, plain)
        streams.append(text[first:end].decode(plain, "ignore"))
    return SimpleNamespace(page=visit("#at=0", path), plain=plain, passage=passage, vocabulary=vocabulary, streams=streams)


def test_the_rows_show_the_letters_of_the_encoding(opened):
    page = opened.page
    rows, steps = page.evaluate(ROWS), page.evaluate("testText.steps")
    for stream, text in enumerate(opened.streams):
        shown = "".join(row for first, row in rows if first // steps == stream)
        assert re.sub(WHITE, "", shown) == re.sub(r"\s", "", text)
    ends = page.evaluate("Array.from(testText.white).flatMap((code, position) => (code === 10 ? [position + 1] : []))")
    assert len(ends) == sum(text.count("\n") for text in opened.streams)
    lasts = page.evaluate("Array.from(layout.rows.lasts)")
    assert set(ends) <= set(lasts), "a line ends with the last byte of its line feed"


def test_what_is_typed_has_the_bytes_of_the_encoding(opened):
    page, passage = opened.page, opened.passage
    page.locator("#source").select_option("my text")
    page.locator("#own").fill(passage.replace("\r\n", "\n"))
    written = passage if passage.count("\r\n") == passage.count("\n") else passage.replace("\r\n", "\n")
    found = opened.vocabulary[page.evaluate("Array.from(ownText.ids)")].tobytes()
    assert found == written.encode(opened.plain)
    expect(page.locator("#write-note")).to_have_text(f"{len(found)} characters.")
    until(page, "ownText.values.every(value => !Number.isNaN(value))")
    assert re.sub(WHITE, "", "".join(row for _, row in page.evaluate(ROWS))) == re.sub(r"\s", "", passage)
    page.locator("#own").fill("☃")
    expect(page.locator("#write-note")).to_have_text("The network does not know “☃”; left out.")


def test_letters_are_found_and_continued(opened):
    page, word = opened.page, opened.passage[3:6]
    page.locator("#search").fill(word)
    places = page.evaluate("matches.firsts.map((first, index) => stringOf(testText.ids.subarray(first, matches.lasts[index])))")
    assert places == [word] * sum(text.count(word) for text in opened.streams)
    page.locator("#source").select_option("my text")
    page.locator("#length").fill("20")
    page.get_by_role("button", name="Let the network continue").click()
    expect(page.locator("#write-note")).to_contain_text("20 characters drawn after")
