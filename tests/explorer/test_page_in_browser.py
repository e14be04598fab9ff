"""What the explorer's page shows, in Chromium: text, colours, matches, predictions."""

import re

import numpy as np
import pytest
from helpers.opened_page import IN_BROWSER, TOLERANCE, check_colours, number_in, stored_values
from helpers.plain_network import plain_weights, run_stream
from helpers.small_corpus import CHARACTERS, SHAPES, STEPS, STREAMS, TITLE
from playwright.sync_api import expect

from rnnscope.explorer import page as explorer_page
from rnnscope.explorer import page_budget

pytestmark = IN_BROWSER


def test_the_text_is_the_test_text_and_nothing_in_it_is_html(visit, corpus):
    page = visit()
    shown = "".join(page.locator("#text .character").all_text_contents())
    assert shown.encode("latin-1") == corpus.text
    for nasty in (b"<script>alert(1)</script>", b"</script><img src=x onerror", b"<!-- {{ script }}", b"&lt;&amp;", b"\\u003c"):
        assert nasty in corpus.text
    assert page.locator("#text script, #text img, body > img").count() == 0
    assert page.locator("h1").text_content() == f"{TITLE} · units and text"
    assert page.title() == f"{TITLE}: units and text"


def test_white_space_line_ends_and_bytes_without_a_glyph_have_signs(visit, corpus):
    page = visit()
    signs = page.locator("#text .character").evaluate_all("spans => spans.map(span => span.dataset.sign ?? null)")
    expected = {32: "·", 9: "→", 10: "↵", 13: "CR", 0: "00", 127: "7F", 0xC3: "C3", 0xA9: "A9", 0xAF: "AF"}
    assert set(expected) <= set(corpus.text)
    assert signs == [expected.get(byte) for byte in corpus.text]
    drawn = "span => getComputedStyle(span, '::before').content"
    assert page.locator(".space").first.evaluate(drawn) == '"·"'
    assert page.locator(".byte").first.evaluate(drawn) == '"CR"'


def test_every_stream_begins_with_a_mark(visit):
    page = visit()
    script = "marks => marks.map(mark => mark.nextElementSibling.firstChild.position)"
    assert page.locator(".reset").evaluate_all(script) == [0, STEPS, 2 * STEPS]
    words = page.locator(".reset").all_text_contents()
    assert [re.match(r"Stream \d", mark)[0] for mark in words] == [f"Stream {stream}" for stream in range(STREAMS)]


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
    stored = stored_values(corpus, model, layer, quantity, unit)
    assert np.ptp(stored) > 0.5, "a unit that hardly moves would test nothing"
    check_colours(page, corpus, model, layer, quantity, unit)
    assert page.locator(".here").evaluate("span => span.position") == 7
    card = page.locator("#here").text_content()
    assert number_in(card, r"unit \d+(\S?\d\.\d\d)$") == pytest.approx(stored[7], abs=TOLERANCE)
    assert "stream 0, step 7" in card


def test_search_finds_marks_and_scrolls(visit, corpus):
    page = visit("#at=0")
    lowered = corpus.text.lower()
    query = "café naïve".encode()
    found = [position for position in range(CHARACTERS) if lowered.startswith(query, position)]
    inside = [position for position in found if position // STEPS == (position + len(query) - 1) // STEPS]
    assert len(inside) >= 3
    page.get_by_label("Search").fill("CAFé Naïve")
    here = page.locator(".here")
    assert here.evaluate("span => span.position") == inside[0]
    expect(here).to_be_in_viewport()
    marked = page.locator(".match").evaluate_all("spans => spans.map(span => span.position)")
    assert marked == [position + offset for position in inside for offset in range(len(query))]
    for key, index in (("Enter", 1), ("Enter", 2), ("Shift+Enter", 1), ("Shift+Enter", 0), ("Shift+Enter", -1), ("Enter", 0)):
        page.keyboard.press(key)
        assert here.evaluate("span => span.position") == inside[index]
        expect(here).to_be_in_viewport()
    expect(page.get_by_role("status")).to_have_text(f"Match 1 of {len(inside)} of “CAFé Naïve”.")
    page.get_by_label("Search").fill("no such words")
    assert page.locator(".match").count() == 0
    expect(page.get_by_role("status")).to_have_text("No “no such words” on this page.")


def test_a_match_does_not_cross_from_stream_to_stream(visit, corpus):
    page = visit()
    across = corpus.text[STEPS - 2 : STEPS + 2]
    assert across.isascii()
    expected = [position for position in range(CHARACTERS) if corpus.text[position:].lower().startswith(across.lower())]
    assert STEPS - 2 in expected
    page.get_by_label("Search").fill(across.decode())
    marked = page.locator(".match").evaluate_all("spans => spans.map(span => span.position)")
    assert marked == [position + offset for position in expected if position != STEPS - 2 for offset in range(len(across))]


def predictions(corpus, model):
    """Probabilities of the next character, (CHARACTERS, K), from the equations in float64."""
    layers, softmax = plain_weights(corpus.networks[model])
    streams = [run_stream(SHAPES[model][0], layers, softmax, ids[:-1].tolist())[0] for ids in corpus.test]
    return np.exp(np.concatenate([stream.detach().numpy() for stream in streams]))[:CHARACTERS]


@pytest.mark.parametrize("model", SHAPES)
def test_the_five_most_likely_next_characters_are_under_each(visit, corpus, model):
    page = visit(f"#model={model}&at={STEPS - 1}")
    assert page.locator(".next").count() == 0
    page.keyboard.press("t")
    expect(page.locator(".next")).to_have_count(CHARACTERS)
    script = """spans => spans.map(span => [...span.querySelectorAll('.next i')].map(guess =>
        [guess.textContent, getComputedStyle(guess).backgroundColor, guess.classList.contains('actual')]))"""
    columns = page.locator("#text .character").evaluate_all(script)
    probabilities = predictions(corpus, model)
    signs = {32: "·", 9: "→", 10: "↵", 13: "CR"}
    written = [signs.get(byte, chr(byte) if 32 < byte < 127 else f"{byte:02X}") for byte in corpus.vocabulary.tolist()]
    following = corpus.test[:, 1:].ravel()
    for position, (column, exact) in enumerate(zip(columns, probabilities, strict=True)):
        assert len({guess for guess, _, _ in column}) == 5
        best = sorted(exact, reverse=True)[:5]
        for (guess, colour, is_actual), expected in zip(column, best, strict=True):
            # Which of two almost equal ones comes first is up to rounding, so each is compared with its own probability.
            own = exact[written.index(guess)]
            assert own == pytest.approx(expected, abs=0.002)
            numbers = [float(word) for word in re.findall(r"[\d.]+", colour)]
            assert (numbers[3] if len(numbers) == 4 else 1.0) == pytest.approx(own, abs=1 / 510 + 0.002)
            assert is_actual == (guess == written[following[position]])
    bars = page.locator("#predictions li")
    shown = bars.evaluate_all(
        "items => items.map(item => [item.querySelector('.sign').textContent, item.querySelector('meter').value])"
    )
    assert [guess for guess, _ in shown] == [guess for guess, _, _ in columns[STEPS - 1]]
    for guess, value in shown:
        assert value == pytest.approx(probabilities[STEPS - 1][written.index(guess)], abs=0.005)
    page.get_by_label("next-character predictions").uncheck()
    assert page.locator(".next").first.is_hidden()


def test_another_model_brings_its_own_predictions(visit):
    page = visit("#model=lstm-2-8&next=1")
    column = page.locator(".next").first
    before = column.text_content()
    page.get_by_label("Model").select_option("gru-1-8")
    expect(column).not_to_have_text(before)
    expect(page.locator(".next")).to_have_count(CHARACTERS)


@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_the_page_is_never_wider_than_the_window(visit, width):
    page = visit("#next=1", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("model", "layer", "quantity", "unit", "search", "overview"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_where_gates_of_few_units_fit_the_page_offers_those(visit, corpus, words, tmp_path, monkeypatch):
    """Of a character 78 bytes fit; 1 + 2 x 10 + 28 + 5 are text, predictions and states, 4 x 4 the gates of the ranked units."""
    monkeypatch.setattr(page_budget, "BLOCK_BYTES", 78 * CHARACTERS * 4 // 3)
    path = tmp_path / "limited.html"
    path.write_text(explorer_page.build(**words))
    page = visit("#model=lstm-2-8&layer=1&quantity=f&unit=2", path)
    assert "Gates and candidates are included for units of rank 1 to 10 in the list" in page.locator("header").text_content()
    assert page.get_by_role("status").text_content() == "The page has no f of a unit 2 in layer 1; showing 0."
    for key, unit in (("j", 5), ("j", 6), ("j", 0), ("k", 6)):
        page.keyboard.press(key)
        assert page.locator("#unit").input_value() == str(unit)
        check_colours(page, corpus, "lstm-2-8", 1, "f", unit)
    page.get_by_label("Unit", exact=True).fill("3")
    page.get_by_label("Unit", exact=True).press("Enter")
    assert page.locator("#unit").input_value() == "5"
    check_colours(page, corpus, "lstm-2-8", 1, "f", 5)
