"""What the explorer's page shows, in Chromium: text, signs, matches, predictions, on any width."""

import re

import numpy as np
import pytest
from helpers.opened_page import (
    COLOUR_TOLERANCE,
    IN_BROWSER,
    TOLERANCE,
    check_unit,
    drawn,
    expect_in_window,
    number_in,
    reference,
    selected,
    shares,
    until,
)
from helpers.small_corpus import CHARACTERS, SHAPES, STEPS, STREAMS, TITLE
from playwright.sync_api import expect

pytestmark = IN_BROWSER


def row_texts(page):
    """The text of every row of the page, visited from the top to the bottom."""
    page.evaluate("$('text').scrollTop = 0; drawRows()")
    found = {}
    while True:
        found |= dict(page.evaluate("layout.drawn.map(row => [row.index, row.node.textContent])"))
        top = page.evaluate("$('text').scrollTop")
        if page.evaluate("$('text').scrollTop += 300, drawRows(), $('text').scrollTop") == top:
            return [found[index] for index in sorted(found)]


def test_the_rows_are_the_text_as_words_and_nothing_in_it_is_html(visit, corpus):
    page = visit()
    rows = row_texts(page)
    marks = [row for row in rows if row.startswith("Stream ")]
    assert [re.match(r"Stream \d", mark)[0] for mark in marks] == [f"Stream {stream}" for stream in range(STREAMS)]
    # Letters of UTF-8 are letters, white space is space; a row ends at a line feed or where the window ends.
    shown = re.sub(r"\s+", " ", " ".join(row for row in rows if row not in marks)).replace(" ", "")
    text = "".join(corpus.text[start : start + STEPS].decode(errors="ignore") for start in range(0, CHARACTERS, STEPS))
    assert shown == re.sub(r"[\s\x00\x7f]", "", text)
    for nasty in (b"<script>alert(1)</script>", b"</script><img src=x onerror", b"<!-- {{ script }}", b"&lt;&amp;", b"\\u003c"):
        assert nasty in corpus.text
    assert page.locator("#text script, #text img, body > img").count() == 0
    assert page.locator("h1").text_content() == f"{TITLE} · units and text"
    assert page.title() == f"{TITLE}: units and text"
    assert len(page.locator(".line").all()) < len(rows) + 1
    assert page.evaluate("layout.rows.firsts.length") == len(rows)


def test_every_character_is_in_one_row_and_has_its_place(visit, corpus):
    page = visit(width=390)
    firsts, lasts = page.evaluate("[Array.from(layout.rows.firsts), Array.from(layout.rows.lasts)]")
    read = [position for first, last in zip(firsts, lasts, strict=True) for position in range(first, last)]
    assert read == list(range(CHARACTERS))
    for first, last in zip(firsts, lasts, strict=True):
        line_feeds = [position for position in range(first, last) if corpus.text[position] == 10]
        assert line_feeds in ([], [last - 1])
        for position in (first, last - 1) if last > first else ():
            row = page.evaluate("position => rowOf(layout.rows, position)", position)
            assert (firsts[row], lasts[row]) == (first, last)
    widths = page.evaluate(
        "Array.from(layout.rows.firsts, (first, row) => columnsOf(testText, first, layout.rows.lasts[row]).at(-1))"
    )
    assert max(widths) <= page.evaluate("layout.columns") + 2, "only the sign of a line end or a letter may be beyond the edge"


def test_signs_and_letters_of_several_bytes(visit, corpus):
    page = visit()
    signs = dict(page.evaluate("symbols.map((symbol, id) => [symbol, signOf(id)])"))
    expected = {32: "·", 9: "→", 10: "↵", 13: "←", 0: "00", 127: "7F", 0xC3: "C3", 0xA9: "A9", 65: "A"}
    assert {byte: signs[byte] for byte in expected if byte in corpus.text} == {
        byte: sign for byte, sign in expected.items() if byte in corpus.text
    }
    cell = page.locator(".cell", has_text="é").first
    box = cell.bounding_box()
    assert box["width"] == pytest.approx(2 * page.evaluate("layout.columnWidth"), abs=0.6)
    # A click on either half of the letter selects the byte that is there.
    for share, byte in ((0.25, 0xC3), (0.75, 0xA9)):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + 10)
        assert corpus.text[selected(page)] == byte


def test_what_is_copied_is_the_text(visit, corpus):
    page = visit("#at=0")
    script = """() => {
      const lines = [...document.querySelectorAll(".line")].slice(0, 4), range = document.createRange();
      range.setStart(lines[0], 0);
      range.setEnd(lines[3], lines[3].childNodes.length);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      const data = new DataTransfer(), event = new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true});
      document.dispatchEvent(event);
      return [data.getData("text/plain"), layout.drawn.filter(({first, last}) => last > first)[3].last];
    }"""
    copied, end = page.evaluate(script)
    whole = corpus.text[:end].decode()
    assert "café" in copied
    assert whole.startswith(copied)
    assert len(whole) - len(copied) <= 2, "the signs of the last line's end are no text"


@pytest.mark.parametrize(
    ("model", "layer", "quantity", "unit"),
    [
        ("lstm-2-8", 1, "c", 3),
        ("lstm-2-8", 2, "f", 0),
        ("lstm-2-8", 2, "g", 0),
        ("gru-1-8", 1, "z", 4),
        ("gru-1-8", 1, "candidate", 2),
    ],
)
def test_a_linked_view_shows_the_activations(visit, corpus, model, layer, quantity, unit):
    page = visit(f"#model={model}&layer={layer}&quantity={quantity}&unit={unit}&at=7")
    check_unit(page, corpus, model, layer, quantity, unit)
    assert selected(page) == 7
    exact = reference(corpus, model)[1][layer, quantity][7, unit]
    card = page.locator("#here").text_content()
    assert number_in(card, r"unit \d+(\S?\d\.\d\d)") == pytest.approx(np.tanh(exact) if quantity == "c" else exact, abs=0.007)
    assert "stream 0, step 7" in card


def test_the_own_range_shows_the_quantity_itself(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=3&at=0&scale=own")
    exact = reference(corpus, "lstm-2-8")[1][1, "c"][:, 3]
    most = np.abs(exact).max()
    assert most > 1.5
    assert page.locator("#high").text_content() == page.evaluate("value => briefly(value)", most)
    found = drawn(page)
    page.mouse.move(0, 0)
    clear = np.abs(found["positions"]) > 1
    np.testing.assert_allclose(
        shares(found["colours"])[clear], (exact[found["positions"]] / most)[clear], rtol=0, atol=COLOUR_TOLERANCE
    )
    assert number_in(page.locator("#here").text_content(), r"c, unit 3(\S?\d+\.\d\d)") == pytest.approx(exact[0], abs=0.007)


def matched(page):
    return page.evaluate("matches.firsts.map((first, index) => [first, matches.lasts[index]])")


def test_search_finds_marks_and_scrolls(visit, corpus):
    page = visit("#at=0")
    lowered, query = corpus.text.lower(), "café naïve".encode()
    found = [position for position in range(CHARACTERS) if lowered.startswith(query, position)]
    inside = [position for position in found if position // STEPS == (position + len(query) - 1) // STEPS]
    assert len(inside) >= 3
    page.locator("#search").fill("CAFé Naïve")
    assert matched(page) == [[position, position + len(query)] for position in inside]
    assert selected(page) == inside[0]
    for key, index in (("Enter", 1), ("Enter", 2), ("Shift+Enter", 1), ("Shift+Enter", 0), ("Shift+Enter", -1), ("Enter", 0)):
        page.keyboard.press(key)
        assert selected(page) == inside[index]
        expect_in_window(page, inside[index])
    expect(page.locator("#status")).to_have_text(f"Match 1 of {len(inside)} of “CAFé Naïve”.")
    page.locator("#search").fill("no such words")
    assert matched(page) == []
    expect(page.locator("#status")).to_have_text("No “no such words” in this text.")


def test_search_takes_regular_expressions(visit, corpus):
    page = visit("#at=0")
    for pattern in (rb"[a-z]+\(\d\)", rb"\bold\b|\bmen\b", rb"[a-z]+", rb'^"|\?"\r$', rb"x*", "é".encode()):
        page.locator("#search").fill(f"/{pattern.decode()}/")
        expected = []
        for start in range(0, CHARACTERS, STEPS):
            stream = corpus.text[start : start + STEPS]
            if pattern.endswith(b"$"):
                pattern = pattern[:-1] + rb"(?=\r|\n|\Z)"  # lines end at both; in Python at a line feed alone
            found = [match.span() for match in re.finditer(pattern, stream, re.MULTILINE)]
            expected += [[start + first, start + last] for first, last in found if last > first]
        assert expected
        assert matched(page) == expected
    page.locator("#search").fill("/WELL/i")
    assert len(matched(page)) == corpus.text.count(b"Well")
    page.locator("#search").fill("/(/")
    expect(page.locator("#status")).to_have_text("/(/ is no regular expression.")


def test_a_search_is_of_the_text_in_view(visit, corpus):
    page = visit("#at=0")
    page.locator("#search").fill("old man")
    assert matched(page)
    page.locator("#source").select_option("my text")
    page.locator("#own").fill("an old man, an old man")
    page.locator("#search").press("Enter")
    assert matched(page) == [[3, 10], [15, 22]]
    page.locator("#own").fill("nobody")
    assert matched(page) == [], "of the text before"


def test_a_match_does_not_cross_from_stream_to_stream(visit, corpus):
    page = visit()
    across = corpus.text[STEPS - 2 : STEPS + 2]
    assert across.isascii()
    expected = [position for position in range(CHARACTERS) if corpus.text[position:].lower().startswith(across.lower())]
    assert STEPS - 2 in expected
    page.locator("#search").fill(across.decode())
    assert [first for first, _ in matched(page)] == [position for position in expected if position != STEPS - 2]


@pytest.mark.parametrize("model", SHAPES)
def test_the_five_most_likely_next_characters(visit, corpus, model):
    """In the data for every character in the window, and in the card with the actual one marked."""
    page = visit(f"#model={model}&at={STEPS - 1}&next=1")
    probabilities, _ = reference(corpus, model)
    positions = drawn(page)["positions"]
    guesses = page.evaluate("positions => positions.map((position) => predictionsAt(testText, position))", positions.tolist())
    shares_shown, ids = (np.array([[guess[name] for guess in five] for five in guesses]) for name in ("probability", "id"))
    best = np.sort(probabilities[positions], axis=1)[:, :-6:-1]
    np.testing.assert_allclose(shares_shown, best, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(np.take_along_axis(probabilities[positions], ids, axis=1), best, rtol=0, atol=TOLERANCE)
    following = corpus.test[:, 1:].ravel()
    shown = page.locator("#predictions li").evaluate_all(
        "items => items.map(item => [item.querySelector('.sign').textContent, item.querySelector('meter').value, item.className])"
    )
    guesses = page.evaluate(f"predictionsAt(testText, {STEPS - 1}).map(({{id}}) => [id, signOf(id)])")
    assert [sign for sign, _, _ in shown] == [sign for _, sign in guesses]
    for (_, value, marked), (guess, _) in zip(shown, guesses, strict=True):
        assert value == pytest.approx(probabilities[STEPS - 1][guess], abs=TOLERANCE)
        assert (marked == "actual") == (guess == following[STEPS - 1])


def test_predictions_are_under_the_text(visit, corpus):
    """Painted, the most likely first: what is darker is more likely, and white stays where nothing is."""
    page = visit("#model=lstm-2-8&at=3")
    before = page.evaluate("layout.rowHeight")
    page.get_by_label("predictions").check()
    assert page.evaluate("layout.rowHeight") >= before + 5 * 14
    check_unit(page, corpus, "lstm-2-8", 1, "c", 5)
    script = """([position, rank]) => {
      const canvas = $("colours"), ratio = canvas.width / layout.width, copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d", {willReadFrequently: true});
      context.drawImage(canvas, 0, 0);
      const row = layout.drawn.find(({first, last}) => first <= position && position < last);
      const y = (row.index - layout.drawn[0].index) * layout.rowHeight + layout.lineHeight + rank * PREDICTION + 1;
      return [...context.getImageData((boxesOf(row)[position - row.first][0] + 1) * ratio, y * ratio, 1, 1).data];
    }"""
    probabilities, _ = reference(corpus, "lstm-2-8")
    likely = np.array([0, 158, 115])
    for position in (3, 10, 20):
        for rank, probability in enumerate(np.sort(probabilities[position])[:-6:-1]):
            colour = page.evaluate(script, [position, rank])
            # The canvas itself is clear: its opacity is the probability.
            assert colour[3] / 255 == pytest.approx(probability, abs=0.02)
            if colour[3] > 60:
                np.testing.assert_allclose(colour[:3], likely, atol=4)


def test_another_model_brings_its_own_predictions(visit, corpus):
    page = visit("#model=lstm-2-8&next=1&at=0")
    page.locator("#model").select_option("GRU 1×8")
    until(page, "drawnUnit.startsWith('gru-1-8') && predictionsAt(testText, 0).length > 0")
    guesses = page.evaluate("predictionsAt(testText, 0)")
    assert guesses[0]["probability"] == pytest.approx(reference(corpus, "gru-1-8")[0][0].max(), abs=TOLERANCE)


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_never_wider_than_the_window(visit, width, scheme):
    page = visit("#next=1", width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.documentElement.scrollHeight") == 800
    names = [
        "model",
        "layer",
        "quantity",
        "scale",
        "source",
        "unit",
        "search",
        "overview",
        "text",
        "tab-here",
        "show-predictions",
    ]
    for name in names:
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width + 0.5, name
    assert page.locator("#text").bounding_box()["height"] >= 200, "room to read"
