"""The explorer's page as a person uses it, in Chromium."""

import re
import shutil
from urllib.parse import parse_qs

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.plain_network import plain_weights, run_stream
from helpers.small_corpus import CHARACTERS, SHAPES, STEPS, STREAMS, TITLE
from helpers.synthetic_activations import quantity_of
from playwright.sync_api import expect, sync_playwright

from rnnscope.explorer import page as explorer_page
from rnnscope.explorer import page_budget

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: the explorer's page cannot be opened"),
    pytest.mark.xdist_group("browser"),
]

ZERO, LOW, HIGH = np.array([247, 247, 247]), np.array([234, 106, 53]), np.array([58, 149, 221])
# Half a step of one byte, and what rounding to whole red, green and blue can add.
TOLERANCE = 1 / 254 + 0.005

expect.set_options(timeout=30_000)  # a bound for a busy machine; normally nothing takes long


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, explorer):
    """Open the page at an address, 1,000 px wide by default. No visit may end with an error or a request."""
    faults, contexts = [], []

    def open_page(address="", path=explorer, width=1000):
        context = browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: request.url.partition("#")[0] == path.as_uri() or faults.append(request.url))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.goto(path.as_uri() + address)
        expect(page.locator(".here")).to_have_count(1)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def shown_values(page):
    """The value of every character, read back from its colour."""
    script = "spans => spans.map(span => getComputedStyle(span).backgroundColor)"
    colours = page.locator("#text .character").evaluate_all(script)
    shown = np.array([[int(word) for word in re.findall(r"\d+", colour)] for colour in colours])
    offset = shown - ZERO
    values = []
    for end in (LOW, HIGH):
        arm = end - ZERO
        share = offset @ arm / (arm @ arm)
        away = np.abs(offset - share[:, np.newaxis] * arm).max(axis=1)
        values.append(np.where(away <= 1, share, np.nan))
    low, high = values
    return np.where(np.isnan(high), -low, high)


def stored_values(corpus, model, layer, quantity, unit):
    """The same from the dump."""
    table = pq.read_table(corpus.folder / f"activations/{model}/layer-{layer}.parquet", columns=[quantity])
    values = quantity_of(table, quantity)[:CHARACTERS, unit].astype(float)
    return np.tanh(values) if quantity == "c" else values


def check_colours(page, corpus, model, layer, quantity, unit):
    np.testing.assert_allclose(shown_values(page), stored_values(corpus, model, layer, quantity, unit), rtol=0, atol=TOLERANCE)


def number_in(words, pattern):
    """A number of the page, whose minus is the typographic one."""
    return float(re.search(pattern, words)[1].replace("\N{MINUS SIGN}", "-"))


def address_of(page):
    return {name: value for name, (value,) in parse_qs(page.url.partition("#")[2]).items()}


def expect_address(page, **view):
    """Wait until the address names the view."""
    for name, value in view.items():
        expect(page).to_have_url(re.compile(rf"[#&]{name}={re.escape(str(value))}(&|$)"))


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


def test_choosing_changes_the_colours(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=0")
    page.get_by_label("Unit", exact=True).fill("5")
    page.get_by_label("Unit", exact=True).press("Enter")
    check_colours(page, corpus, "lstm-2-8", 1, "c", 5)
    page.get_by_label("Layer").select_option("2 of 2")
    check_colours(page, corpus, "lstm-2-8", 2, "c", 5)
    page.get_by_label("Quantity").select_option("o: output gate")
    check_colours(page, corpus, "lstm-2-8", 2, "o", 5)
    page.get_by_label("Next unit").click()
    check_colours(page, corpus, "lstm-2-8", 2, "o", 6)
    page.get_by_label("Previous unit").click()
    check_colours(page, corpus, "lstm-2-8", 2, "o", 5)
    page.get_by_label("Model").select_option("gru-1-8")
    check_colours(page, corpus, "gru-1-8", 1, "h", 4)
    status = page.get_by_role("status").text_content()
    assert status == (
        "gru-1-8 has no layer 2; showing 1. The page has no quantity o of gru-1-8; showing h. "
        "The page has no h of a unit 5 in layer 1; showing 4."
    )


def test_keys_step_through_units_and_positions(visit, corpus):
    page = visit("#model=lstm-2-8&layer=2&quantity=h&unit=5&at=0")
    for key, unit in (("j", 6), ("j", 0), ("k", 6), ("k", 5)):
        page.keyboard.press(key)
        assert page.locator("#unit").input_value() == str(unit)
        check_colours(page, corpus, "lstm-2-8", 2, "h", unit)
    for key, position in (("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert page.locator(".here").evaluate("span => span.position") == position
    page.keyboard.press("/")
    page.keyboard.type("jk")
    assert page.locator("#search").input_value() == "jk", "in the search box these keys are letters"
    assert page.locator("#unit").input_value() == "5"


def test_the_ranked_list_leads_to_its_units(visit, corpus):
    page = visit()
    rows = page.locator("#ranked button")
    assert rows.all_text_contents() == ["1layer 2 · unit 3 · c0.875", "2layer 1 · unit 6 · h0.855", "3layer 1 · unit 0 · c0.750"]
    check_colours(page, corpus, "lstm-2-8", 2, "c", 3)
    assert "Its rank in the lists: inside quotes (AUC) 1." in page.get_by_role("status").text_content()
    rows.nth(1).click()
    check_colours(page, corpus, "lstm-2-8", 1, "h", 6)
    assert [row.get_attribute("aria-current") for row in rows.all()] == ["false", "true", "false"]
    page.keyboard.press("n")
    check_colours(page, corpus, "lstm-2-8", 1, "c", 0)
    page.keyboard.press("n")
    check_colours(page, corpus, "lstm-2-8", 2, "c", 3)
    page.keyboard.press("p")
    check_colours(page, corpus, "lstm-2-8", 1, "c", 0)
    page.locator("#feature").select_option("line position (Pearson)")
    assert rows.all_text_contents() == ["1layer 1 · unit 5 · c0.550"], "rank 11 is not in the list"
    page.locator("#feature").select_option("inside quotes (AUC)")
    page.get_by_label("Model").select_option("gru-1-8")
    assert rows.all_text_contents() == ["1layer 1 · unit 4 · h0.650"]


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


def test_a_link_brings_back_the_view(visit, corpus):
    page = visit()
    page.get_by_label("Quantity").select_option("i: input gate")
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.locator("#text .character").nth(555).click()
    page.locator("#feature").select_option("line position (Pearson)")
    view = {
        "model": "lstm-2-8",
        "layer": 2,
        "quantity": "i",
        "unit": 4,
        "at": 555,
        "next": 1,
        "feature": "line_position%3Apearson",
    }
    expect_address(page, **view)
    again = visit("#" + page.url.partition("#")[2])
    check_colours(again, corpus, "lstm-2-8", 2, "i", 4)
    for name in ("model", "layer", "quantity", "unit", "feature"):
        assert again.locator(f"#{name}").input_value() == page.locator(f"#{name}").input_value()
    assert again.locator(".here").evaluate("span => span.position") == 555
    expect(again.locator(".here")).to_be_in_viewport()
    expect(again.locator(".next")).to_have_count(CHARACTERS)
    expect_address(again, **view)
    assert address_of(again) == address_of(page)


def test_an_address_changed_by_hand_changes_the_view(visit, corpus):
    page = visit()
    page.evaluate("location.hash = '#model=gru-1-8&layer=1&quantity=r&unit=2&at=10'")
    expect(page.locator("#model")).to_have_value("gru-1-8")
    check_colours(page, corpus, "gru-1-8", 1, "r", 2)


def test_what_does_not_exist_in_an_address_is_reported(visit, corpus):
    page = visit("#model=lstm-9-9&layer=x&quantity=q&unit=99&at=123456")
    message = page.get_by_role("status").text_content()
    for mistake in ("no model lstm-9-9", "no layer of that number", "no quantity q", "unit 99", "no character 123456"):
        assert mistake in message
    check_colours(page, corpus, "lstm-2-8", 1, "c", 6)
    assert page.locator(".here").evaluate("span => span.position") == CHARACTERS - 1


def test_hovering_shows_the_value_and_the_position(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=h&unit=2")
    page.locator("#text .character").nth(415).hover()
    tip = page.locator("#tip").text_content()
    assert number_in(tip, r"h = (\S?\d\.\d\d),") == pytest.approx(
        stored_values(corpus, "lstm-2-8", 1, "h", 2)[415], abs=TOLERANCE
    )
    assert tip.endswith("stream 1, step 15")
    page.locator("h1").hover()
    assert page.locator("#tip").is_hidden()


def test_the_strip_shows_the_text_and_leads_to_a_position(visit):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=1&at=0")
    box = page.locator("#overview").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 5)
    assert page.locator(".here").evaluate("span => span.position") == pytest.approx(750, abs=5)
    expect(page.locator(".here")).to_be_in_viewport()


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
