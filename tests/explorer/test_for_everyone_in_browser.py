"""The explorer for everyone, in Chromium: small screens, dark, forced colours, print, screen readers, no JavaScript."""

from pathlib import Path

import numpy as np
import pytest
from helpers.opened_page import IN_BROWSER, check_unit, drawn, expected_values, selected, until
from playwright.sync_api import expect

pytestmark = IN_BROWSER
AXE = Path(__file__).parent / "vendored/axe-4.10.3.min.js"
VIEW = "#model=lstm-2-8&layer=2&quantity=c&unit=3&at=50"
PANELS = ("here", "list", "unit", "match", "hold", "keys")


@pytest.mark.parametrize(
    ("width", "settings"),
    [(1440, {}), (768, {"color_scheme": "dark"}), (390, {}), (1440, {"forced_colors": "active"})],
    ids=["wide", "tablet-dark", "phone", "forced-colours"],
)
def test_axe_finds_nothing(visit, width, settings):
    page = visit(VIEW, width=width, **settings)
    page.evaluate(AXE.read_text())
    if width < 900:
        page.locator("#handle").click()
    for panel in PANELS if width == 1440 and not settings else ("here", "list"):
        page.locator(f"#tab-{panel}").click()
        if panel == "here":
            until(page, "[...document.querySelectorAll('#diagram .value')].every(({textContent}) => textContent)")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [
            f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        assert not faults, panel + "\n" + "\n".join(faults)


def test_a_screen_reader_hears_words(visit):
    """The text is a document of lines, not a list of letters; the panels are tabs; every field has a name."""
    page = visit(VIEW)
    tree = page.locator("body").aria_snapshot()
    assert 'document "The text, coloured"' in tree
    assert "said the old man" in tree
    for tab in ("Here", "List", "Unit", "Match", "Hold", "Keys"):
        assert f'tab "{tab}"' in tree
    letters = page.locator("#lines").evaluate("lines => Math.max(...[...lines.children].map(line => line.childNodes.length))")
    assert letters <= 9, "a row is one text, but for letters of several bytes"
    assert page.locator("#colours").get_attribute("aria-hidden") == "true"
    assert 'combobox "Model"' in tree
    assert page.get_by_role("status").first.text_content().startswith("LSTM 2×8, layer 2, tanh(c) of unit 3.")


def test_colours_stay_where_a_person_has_chosen_others(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=3&at=0", forced_colors="active", color_scheme="light")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    check_unit_without_marks(page, corpus)
    ink = page.locator("#text").evaluate("pane => getComputedStyle(pane).color")
    assert ink == "rgb(20, 24, 29)", "black on the colours, whatever the person's own text colour is"
    assert page.evaluate("marks"), "and a line beside the colour"


def check_unit_without_marks(page, corpus):
    page.locator("#tab-keys").click()
    page.locator("#show-marks").uncheck()
    check_unit(page, corpus, "lstm-2-8", 1, "c", 3)
    page.locator("#show-marks").check()


def test_marks_show_high_and_low_without_hue(visit, corpus):
    """A line in ink at the top of what is high and at the bottom of what is low."""
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=3&at=0&panel=keys")
    page.locator("#show-marks").check()
    values = np.tanh(expected_values(corpus, "lstm-2-8", 1, "c", 3))
    drawn(page)
    script = """() => {
      const canvas = $("colours"), ratio = canvas.width / layout.width, copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d", {willReadFrequently: true});
      context.drawImage(canvas, 0, 0);
      const dark = (x, y) => context.getImageData(x * ratio, y * ratio, 1, 1).data[0] < 60;
      const rows = layout.drawn.filter(({first, last}) => last > first).slice(0, 6);
      return rows.flatMap((row) => row.boxes.map(([left, width], index) => {
        const y = (row.index - layout.drawn[0].index) * layout.rowHeight + layout.cellTop, x = left + width / 2;
        return [row.first + index, dark(x, y), dark(x, y + layout.cellHeight - 1)];
      }));
    }"""
    seen = set()
    for position, top, bottom in page.evaluate(script):
        value = values[position]
        if position > 1 and abs(value) > 0.15:
            assert (top, bottom) == (value > 0, value < 0), position
            seen.add(value > 0)
    assert seen == {True, False}


def test_the_scheme_changes_while_the_page_is_open(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=3&at=0")
    until(page, "palette.paper === 'rgb(255 255 255)'")
    light = drawn(page)["colours"]
    page.emulate_media(color_scheme="dark")
    until(page, "palette.paper === 'rgb(22 25 29)'")
    dark = drawn(page)["colours"]
    assert dark.mean() < light.mean() / 1.5
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(22, 25, 29)"


def test_a_phone_has_a_sheet(visit):
    page = visit(VIEW, width=390)
    handle, panels = page.locator("#handle"), page.locator("#panels")
    expect(panels).to_be_hidden()
    before = page.locator("#text").bounding_box()
    assert before["height"] > 250
    until(page, "/^.{1,2}, tanh\\(c\\) of unit 3 .*\\d/.test($('handle-words').textContent)")
    handle.click()
    expect(panels).to_be_visible()
    assert handle.get_attribute("aria-expanded") == "true"
    assert page.locator("#sheet").bounding_box()["y"] + page.locator("#sheet").bounding_box()["height"] <= 800
    page.locator("#tab-list").click()
    expect(page.locator("#ranked-table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    handle.click()
    expect(panels).to_be_hidden()
    row = page.locator(".line").nth(2).bounding_box()
    page.mouse.click(row["x"] + 20, row["y"] + 10)
    assert selected(page) != 50


def test_print_keeps_the_colours_and_leaves_out_the_controls(visit):
    page = visit(VIEW, color_scheme="light")
    drawn(page)
    page.emulate_media(media="print")
    until(page, "marks")
    for name in ("#sheet", ".choice"):
        expect(page.locator(name)).to_be_hidden()
    for name in ("#text", "#overview", "#legend", "#status", "h1"):
        expect(page.locator(name)).to_be_visible()
    drawn(page)
    pixels = page.locator("#colours").evaluate("canvas => [canvas.width > 100, canvas.height > 100]")
    assert pixels == [True, True]
    assert page.pdf()[:5] == b"%PDF-"


def test_without_javascript_it_says_what_is_missing(browser, explorer):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(explorer.as_uri())
    expect(page.locator(".notice")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("Without JavaScript there is no text, no colour")
    context.close()


def test_a_text_from_right_to_left_stays_readable(visit, corpus):
    """Its letters flow as they do in their script, and each has its box: none overlap, and the first is the rightmost."""
    page = visit(VIEW)
    script = """() => {
      // An alphabet with Arabic letters, as a corpus in code points would have.
      const letters = [..."سلام عليكم abc"], ids = Uint8Array.from(letters, (_, index) => index + 20);
      const text = makeText("own", ids, 1, ids.length, []);
      letters.forEach((letter, index) => {
        if (letter === " " || letter.charCodeAt(0) < 128) return;
        text.kinds[index] = LETTER;
        text.letters.set(index, letter);
      });
      ownText = text;
      view.text = "own";
      drawText();
      const row = layout.drawn.find(({first, last}) => last > first);
      return [boxesOf(row), row.node.dir, Boolean(row.measure)];
    }"""
    boxes, direction, measured = page.evaluate(script)
    assert measured
    assert direction == "auto"
    lefts = [left for left, _ in boxes[:4]]
    assert lefts == sorted(lefts, reverse=True)
    assert len(boxes) == 14
