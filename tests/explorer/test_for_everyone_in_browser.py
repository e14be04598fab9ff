"""The explorer for everyone, in Chromium: small screens, dark, forced colours, print, screen readers, no JavaScript."""

from pathlib import Path

import numpy as np
import pytest
from helpers.opened_page import IN_BROWSER, check_unit, drawn, expect_in_window, expected_values, selected, until
from playwright.sync_api import expect

pytestmark = IN_BROWSER
AXE = Path(__file__).parent / "vendored/axe-4.10.3.min.js"
VIEW = "#model=lstm-2-8&layer=2&quantity=c&unit=3&at=50"


SCREENS = {  # by width, and by the colours that a person has chosen
    "wide-light": (1440, {"color_scheme": "light"}),
    "wide-forced-colours": (1440, {"forced_colors": "active"}),
    "tablet-dark": (768, {"color_scheme": "dark"}),
    "phone-light": (390, {"color_scheme": "light", "has_touch": True}),
}


def faults_of(page, part):
    """What axe-core finds in a part of the page, one line each."""
    found = page.evaluate("part => axe.run(part, {resultTypes: ['violations']})", part)
    nodes = [(fault["id"], node) for fault in found["violations"] for node in fault["nodes"]]
    return [f"{rule}: {node['html'][:120]} {node['failureSummary'][:200]}" for rule, node in nodes]


@pytest.mark.parametrize(("width", "settings"), SCREENS.values(), ids=SCREENS)
def test_everything_works_on_every_screen_and_axe_finds_nothing(visit, width, settings):
    """Tour, unit's page, list, match, hold and typed text, each used with its own controls, and then looked at by axe-core."""
    page = visit("", width=width, **settings)
    page.evaluate(AXE.read_text())
    faults = {}

    def look(name, part="#sheet"):
        # Nothing is wider than the window, and what is in the panel is not wider than the panel.
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        assert page.evaluate("$('panels').scrollWidth <= $('panels').clientWidth"), name
        faults[name] = faults_of(page, part)

    def open_panel(panel):
        page.locator(f"#tab-{panel}").click()
        expect(page.locator(f"#panel-{panel}")).to_be_visible()

    page.locator("#tour").get_by_role("button", name="Start here: 3 stops").click()
    expect(page.locator("#tour")).to_contain_text("Start here, 1 of 3")
    look("tour", "html")
    page.locator("#tour").get_by_role("button", name="Close").click()
    open_panel("here")
    until(page, "[...document.querySelectorAll('#diagram .value')].every(({textContent}) => textContent)")
    page.locator("#diagram [data-quantity=f]").click()
    expect(page.locator("#diagram-note")).to_contain_text("forget gate")
    page.locator("#diagram [data-quantity=c]").click()
    look("here")
    open_panel("list")
    page.locator("#feature").select_option("inside quotes (AUC)")
    page.locator("#ranked-table button").first.click()
    assert page.evaluate("unitName(view)") == "lstm-2-8/2/c/3"
    look("list")
    open_panel("unit")
    expect(page.locator("#lines-plot polyline")).to_have_count(6)
    expect(page.locator("#ablated")).to_contain_text("changes by +0.023 nats")
    page.locator("#highest button").first.click()
    look("unit")
    open_panel("match")
    until(page, "drawnUnit === unitName(view) && !Number.isNaN(valueAt(view.at))")
    page.evaluate("document.activeElement.blur()")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.get_by_role("button", name="Find the units").click()
    expect(page.locator("#match-note")).to_contain_text("off just outside")
    look("match")
    open_panel("hold")
    expect(page.locator("#held .drawn")).to_have_count(2)
    look("hold")
    open_panel("keys")
    look("keys")
    if width < 900:
        page.locator("#handle").click()
    page.locator("#source").select_option("my text")
    page.locator("#own").fill("the old man")
    until(page, "ownText.ids.length === 11 && ownText.values.every(value => !Number.isNaN(value))")
    page.locator("#draw").click()
    expect(page.locator("#write-note")).to_contain_text("400 characters drawn after 11")
    page.get_by_label("predictions").check()
    look("own text", "#reading")
    assert not any(faults.values()), faults


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


def test_on_a_phone_the_sheet_leaves_lines_of_the_text_in_view(visit):
    """On a first visit too: the tour makes room for the sheet, and the sheet for the tour."""
    page = visit("", width=390)
    tour, text, sheet = page.locator("#tour"), page.locator("#text"), page.locator("#sheet")
    expect(tour).to_be_visible()
    page.locator("#handle").click()
    expect(tour).to_be_hidden()
    lines = page.evaluate("layout.lineHeight") * 2
    assert sheet.bounding_box()["y"] - text.bounding_box()["y"] >= lines
    page.locator("#tab-keys").click()
    page.get_by_role("button", name="Start here: the tour").click()
    expect(page.locator("#panels")).to_be_hidden()
    expect(tour).to_contain_text("Start here, 1 of 3")
    box = tour.bounding_box()
    assert box["y"] + box["height"] <= text.bounding_box()["y"] + 1
    assert text.bounding_box()["y"] + lines <= sheet.bounding_box()["y"]


@pytest.mark.parametrize("view", [VIEW, "#model=gru-1-8&layer=1&quantity=h&unit=2"], ids=["lstm", "gru"])
def test_on_a_phone_the_words_of_the_choices_and_the_status_are_not_cut(visit, view):
    page = visit(view, width=390)
    # The width that a list would take by itself if the chosen words were all that it has.
    script = """(name) => {
      const list = $(name), only = list.cloneNode();
      only.append(new Option(list.selectedOptions[0].text));
      only.style.cssText = "position: absolute; width: max-content; min-width: max-content";
      list.after(only);
      const needed = only.getBoundingClientRect().width;
      only.remove();
      return [needed, list.getBoundingClientRect().width];
    }"""
    for name in ("model", "layer", "quantity", "scale", "source"):
        needed, width = page.evaluate(script, name)
        assert needed <= width + 0.5, name
    page.evaluate("say(`${describeUnit()} ${describeUnit()}`)")
    status = page.locator("#status")
    assert status.evaluate("line => line.scrollWidth <= line.clientWidth && line.scrollHeight <= line.clientHeight")


@pytest.mark.parametrize("width", [390, 1100])
def test_the_values_of_a_cell_are_inside_its_frames(visit, width):
    page = visit("#model=gru-1-8&layer=1&quantity=h&unit=2", width=width)
    if width == 390:
        page.locator("#handle").click()
    until(page, "[...document.querySelectorAll('#diagram .value')].every(({textContent}) => textContent)")
    script = """() => [...document.querySelectorAll("#diagram .part")].map((part) => {
      const value = part.querySelector(".value"), name = part.querySelector("b");
      value.textContent = "−0.99"; // the widest
      const [inner, outer, beside] = [value, part, name].map((node) => node.getBoundingClientRect());
      return [part.dataset.quantity, outer.right - inner.right, part.clientWidth - part.scrollWidth,
              inner.top >= beside.bottom - 1 ? 1 : inner.left - beside.right];
    })"""
    found = page.evaluate(script)
    assert "candidate" in [name for name, *_ in found]
    for name, *rooms in found:
        assert min(rooms) >= 0, name


def test_print_keeps_the_colours_and_leaves_out_the_controls(visit, corpus):
    page = visit(VIEW.replace("at=50", "at=1000"), color_scheme="dark")
    drawn(page)
    page.emulate_media(media="print", color_scheme="light")
    until(page, "marks && palette.paper === 'rgb(255 255 255)'")
    for name in ("#sheet", ".choice"):
        expect(page.locator(name)).to_be_hidden()
    for name in ("#text", "#overview", "#legend", "#status", "h1"):
        expect(page.locator(name)).to_be_visible()
    expect_in_window(page, 1000)
    # The signs beside the colours are painted over some of them; the colours themselves are those of the screen.
    page.evaluate("marks = false, drawColours()")
    check_unit(page, corpus, "lstm-2-8", 2, "c", 3)
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
