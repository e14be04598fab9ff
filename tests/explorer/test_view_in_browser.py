"""The view of the explorer's page as a person changes it, in Chromium: choices, keys, links, history, pointer."""

import numpy as np
import pytest
from helpers.opened_page import (
    IN_BROWSER,
    address_of,
    check_unit,
    drawn,
    expect_address,
    expect_in_window,
    expected_values,
    number_in,
    selected,
    until,
)
from helpers.small_corpus import CHARACTERS
from playwright.sync_api import expect

pytestmark = IN_BROWSER


def unit_in_view(page):
    return page.evaluate("unitName(view)")


def test_choosing_changes_the_colours(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=0")
    page.locator("#unit").fill("5")
    page.locator("#unit").press("Enter")
    check_unit(page, corpus, "lstm-2-8", 1, "c", 5)
    page.locator("#layer").select_option("2 of 2")
    check_unit(page, corpus, "lstm-2-8", 2, "c", 5)
    page.locator("#quantity").select_option("o: output gate")
    check_unit(page, corpus, "lstm-2-8", 2, "o", 5)
    page.get_by_label("Next unit").click()
    check_unit(page, corpus, "lstm-2-8", 2, "o", 6)
    page.get_by_label("Next unit").click()
    check_unit(page, corpus, "lstm-2-8", 2, "o", 0)
    page.get_by_label("Previous unit").click()
    page.get_by_label("Previous unit").click()
    check_unit(page, corpus, "lstm-2-8", 2, "o", 5)
    page.locator("#model").select_option("GRU 1×8")
    check_unit(page, corpus, "gru-1-8", 1, "h", 4)
    assert page.locator("#status").text_content() == (
        "gru-1-8 has no layer 2; showing 1. gru-1-8 has no quantity o; showing h. gru-1-8 has no unit 5 in a layer; showing 4."
    )


def test_keys_step_through_units_and_positions(visit, corpus):
    page = visit("#model=lstm-2-8&layer=2&quantity=h&unit=5&at=0")
    for key, unit in (("j", 6), ("j", 0), ("k", 6), ("k", 5)):
        page.keyboard.press(key)
        assert page.locator("#unit").input_value() == str(unit)
        check_unit(page, corpus, "lstm-2-8", 2, "h", unit)
    for key, position in (("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert selected(page) == position
    page.keyboard.press("/")
    page.keyboard.type("jk")
    assert page.locator("#search").input_value() == "jk", "in the search box these keys are letters"
    assert page.locator("#unit").input_value() == "5"


def test_keys_and_lists_do_not_fight(visit):
    """After a choice with the pointer the keys are the page's; in a list that the keyboard opened they choose."""
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=2")
    page.mouse.click(5, 5)
    page.locator("#quantity").evaluate("list => { list.focus(); list.value = 'f'; list.dispatchEvent(new Event('change')); }")
    page.keyboard.press("j")
    assert unit_in_view(page) == "lstm-2-8/1/f/3"
    page.locator("#quantity").focus()
    page.keyboard.press("i")
    page.keyboard.press("j")
    assert unit_in_view(page) == "lstm-2-8/1/i/3", "the letter chooses in the list, and no key changes the unit"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert unit_in_view(page) == "lstm-2-8/1/i/4"


def test_nothing_jumps_on_a_key(visit):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=2&at=600")
    top = page.evaluate("$('text').scrollTop")
    assert top > 0
    for key in ("j", "k", "n", "p"):
        page.keyboard.press(key)
        assert page.evaluate("[$('text').scrollTop, view.at]") == [top, 600]
    # Rows become higher, or are broken elsewhere: the selected character stays where it is in the window.
    place = "rowOf(layout.rows, view.at) * layout.rowHeight - $('text').scrollTop"
    above, height = page.evaluate(f"[{place}, layout.rowHeight]")
    page.keyboard.press("t")
    assert page.evaluate("layout.rowHeight") > 2 * height
    assert page.evaluate(place) == pytest.approx(above, abs=1)
    page.set_viewport_size({"width": 700, "height": 800})
    until(page, f"layout.width < 700 && Math.abs({place} - {above}) <= 1")
    page.keyboard.press("t")
    assert page.evaluate(place) == pytest.approx(above, abs=1)


def test_a_visit_opens_on_the_largest_margin_at_its_clearest_passage(visit, corpus):
    page = visit()
    # Of the rows of rank 1: quotes (0.875 - 0.8) / 0.2, line position (0.55 - 0.2) / 0.8, quotes of the GRU below chance.
    assert unit_in_view(page) == "lstm-2-8/1/c/5"
    assert page.locator("#feature").input_value() == "line_position:pearson"
    values, feature = (
        array.reshape(3, 400)
        for array in (np.tanh(expected_values(corpus, "lstm-2-8", 1, "c", 5)), corpus.features["line_position"])
    )
    correlations = [abs(np.corrcoef(one, other)[0, 1]) for one, other in zip(values, feature, strict=True)]
    assert selected(page) // 400 == np.argmax(correlations)
    expect_in_window(page, selected(page))
    expect(page.locator("#loss")).to_contain_text("LSTM 2×8, 2,588 parameters: a loss of 4.3")


def test_the_tour_has_three_stops(visit):
    page = visit()
    tour = page.locator("#tour")
    expect(tour).to_contain_text("The unit that stands out most follows “line position”")
    tour.get_by_role("button", name="Start here: 3 stops").click()
    expect(tour).to_contain_text(
        "Start here, 1 of 3: a unit that follows “inside quotes”. It is high (blue) where that is so: AUC 0.875"
    )
    assert unit_in_view(page) == "lstm-2-8/2/c/3"
    tour.get_by_role("button", name="Next").click()
    expect(tour).to_contain_text("2 of 3: a unit that follows “line position”. It is low (orange) where that is large")
    assert unit_in_view(page) == "lstm-2-8/1/c/5"
    tour.get_by_role("button", name="Next").click()
    expect(tour).to_contain_text("3 of 3: a unit drawn at random")
    assert unit_in_view(page) not in ("lstm-2-8/1/c/5", "lstm-2-8/2/c/3")
    expect(tour.get_by_role("button", name="Done")).to_be_visible()
    tour.get_by_role("button", name="Back").click()
    assert unit_in_view(page) == "lstm-2-8/1/c/5"
    tour.get_by_role("button", name="Close").click()
    expect(tour).to_be_hidden()
    assert visit("#unit=3").locator("#tour").is_hidden(), "a link leads to its view, not to the tour"


def test_the_tour_closes_when_another_unit_is_in_view(visit):
    """What it says of a unit does not stand over another one; and the text stays where it is when the box goes."""
    page = visit()
    tour = page.locator("#tour")
    expect(tour).to_contain_text("The unit that stands out most follows “line position”")
    page.keyboard.press("ArrowRight")
    page.evaluate("show({feature: 'inside_quotes:auc', panel: 'keys'})")
    expect(tour).to_be_visible()
    page.evaluate("show({at: 600}, true)")
    place = "$('text').getBoundingClientRect().top + rowOf(layout.rows, view.at) * layout.rowHeight - $('text').scrollTop"
    before = page.evaluate(place)
    page.keyboard.press("j")
    expect(tour).to_be_hidden()
    assert page.evaluate(place) == pytest.approx(before, abs=1)
    for other in ("{quantity: 'h'}", "{layer: 1}", "{unit: 4}", "{model: 'gru-1-8'}", "{text: 'own'}"):
        page.get_by_role("button", name="Start here: the tour").click()
        expect(tour).to_contain_text("Start here, 1 of 3: a unit that follows “inside quotes”")
        assert unit_in_view(page) == "lstm-2-8/2/c/3"
        page.evaluate("show({panel: 'keys', next: 1})")
        expect(tour).to_be_visible()
        page.evaluate(f"show({other})")
        expect(tour).to_be_hidden()


def test_the_ranked_list_leads_to_its_units(visit, corpus):
    page = visit("#model=lstm-2-8&panel=list&feature=inside_quotes%3Aauc&layer=2&unit=3")
    rows = page.locator("#ranked-table tbody tr")
    assert [[cell.text_content() for cell in row.locator("td").all()] for row in rows.all()] == [
        ["1", "layer 2 · unit 3 · c", "0.910", "0.875"],
        ["2", "layer 1 · unit 6 · h", "0.900", "0.855"],
        ["3", "layer 1 · unit 0 · c", "0.800", "0.750, not above chance"],
    ]
    assert [row.get_attribute("class") for row in rows.all()] == ["current", None, "fails"]
    assert "finds 0.800 or more once in twenty times" in page.locator("#ranked-note").text_content()
    assert "Its rank in the lists: inside quotes (AUC) 1." in page.locator("#status").text_content()
    rows.nth(1).get_by_role("button").click()
    check_unit(page, corpus, "lstm-2-8", 1, "h", 6)
    buttons = page.locator("#ranked-table button")
    assert [button.get_attribute("aria-current") for button in buttons.all()] == ["false", "true", "false"]
    for key, unit in (("n", "1/c/0"), ("n", "2/c/3"), ("p", "1/c/0")):
        page.keyboard.press(key)
        assert unit_in_view(page) == f"lstm-2-8/{unit}"
    page.locator("#feature").select_option("line position (Pearson)")
    assert unit_in_view(page) == "lstm-2-8/1/c/5", "its best unit at once"
    expect_in_window(page, selected(page))
    assert buttons.all_text_contents() == ["layer 1 · unit 5 · c", "layer 1 · unit 6 · c"]
    page.locator("#feature").select_option("inside quotes (AUC)")
    page.locator("#model").select_option("GRU 1×8")
    assert buttons.all_text_contents() == ["layer 1 · unit 4 · h"]


def test_a_link_brings_back_the_view(visit, corpus):
    page = visit("#model=lstm-2-8&layer=2&quantity=c&unit=3")
    page.locator("#quantity").select_option("i: input gate")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.evaluate("show({at: 555}, true)")
    page.locator("#tab-list").click()
    view = {"model": "lstm-2-8", "layer": 2, "quantity": "i", "unit": 4, "at": 555, "next": 1, "panel": "list", "scale": "fixed"}
    expect_address(page, **view)
    again = visit("#" + page.url.partition("#")[2])
    check_unit(again, corpus, "lstm-2-8", 2, "i", 4)
    for name in ("model", "layer", "quantity", "unit", "feature"):
        assert again.locator(f"#{name}").input_value() == page.locator(f"#{name}").input_value()
    assert selected(again) == 555
    expect_in_window(again, 555)
    assert address_of(again) == address_of(page)
    again.keyboard.press("j")
    expect_address(again, unit=5)
    again.go_back()
    expect(again.locator("#unit")).to_have_value("4")


def test_a_link_to_a_model_opens_its_best_unit(visit):
    assert unit_in_view(visit("#model=gru-1-8")) == "gru-1-8/1/h/4"


def test_back_and_forward_walk_through_units(visit):
    page = visit("#model=lstm-2-8&layer=2&quantity=c&unit=3&at=5")
    expect_address(page, unit=3, panel="here")
    for unit in (4, 5):
        page.keyboard.press("j")
        expect_address(page, unit=unit)
        page.keyboard.press("ArrowRight")
        expect_address(page, unit=unit, at=2 + unit)
    page.go_back()
    expect(page.locator("#unit")).to_have_value("4")
    page.go_back()
    expect(page.locator("#unit")).to_have_value("3")
    page.go_forward()
    expect(page.locator("#unit")).to_have_value("4")
    assert selected(page) == 6


def test_an_address_changed_by_hand_changes_the_view(visit, corpus):
    page = visit()
    page.evaluate("location.hash = '#model=gru-1-8&layer=1&quantity=r&unit=2&at=10'")
    check_unit(page, corpus, "gru-1-8", 1, "r", 2)


def test_what_does_not_exist_in_an_address_is_reported(visit, corpus):
    page = visit("#model=lstm-9-9&layer=x&quantity=q&unit=99&at=123456&panel=none&scale=2")
    message = page.locator("#status").text_content()
    mistakes = (
        "no model lstm-9-9",
        "no layer of that number",
        "no quantity q",
        "no unit 99",
        "no character 123456",
        "no panel none",
        "no scale 2",
    )
    for mistake in mistakes:
        assert mistake in message
    check_unit(page, corpus, "lstm-2-8", 1, "c", 6)
    assert selected(page) == CHARACTERS - 1


def test_hovering_shows_the_value_and_the_position(visit, corpus):
    page = visit("#model=lstm-2-8&layer=1&quantity=h&unit=2&at=415")
    drawn(page)
    box = page.evaluate(
        """() => {
          const row = layout.drawn.find(({first, last}) => first <= 415 && 415 < last);
          const [left, width] = boxesOf(row)[415 - row.first];
          const lines = $("lines").getBoundingClientRect();
          return [lines.left + left + width / 2, lines.top + row.index * layout.rowHeight + 10];
        }"""
    )
    page.mouse.move(*box)
    tip = page.locator("#tip").text_content()
    assert number_in(tip, r"h = (\S?\d\.\d\d),") == pytest.approx(expected_values(corpus, "lstm-2-8", 1, "h", 2)[415], abs=0.007)
    assert tip.endswith("stream 1, step 15")
    page.locator("h1").hover()
    assert page.locator("#tip").is_hidden()


def test_the_strip_shows_the_stream_and_leads_to_a_position(visit):
    page = visit("#model=lstm-2-8&layer=1&quantity=c&unit=1&at=405")
    box = page.locator("#overview").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 5)
    assert selected(page) == pytest.approx(400 + 300, abs=3)
    expect_in_window(page, selected(page))
    page.locator("#stream").fill("2")
    page.locator("#stream").press("Enter")
    assert selected(page) == 800
    until(page, "!Number.isNaN(testText.values[800])")


def test_the_cell_is_a_diagram_whose_parts_choose(visit, corpus):
    page = visit("#model=lstm-2-8&layer=2&quantity=c&unit=3&at=50")
    parts = page.locator("#diagram button")
    assert [part.locator("b").text_content() for part in parts.all()] == ["i", "f", "o", "g", "c", "h"]
    until(page, "[...document.querySelectorAll('#diagram .value')].every(({textContent}) => textContent)")
    for part, name in zip(parts.all(), "ifogch", strict=True):
        shown = number_in(part.locator(".value").text_content(), r"(\S*)")
        value = expected_values(corpus, "lstm-2-8", 2, name, 3)[50]
        # Its words are "cell, as tanh(c)".
        assert shown == pytest.approx(np.tanh(value) if name == "c" else value, abs=0.007)
    parts.nth(1).click()
    check_unit(page, corpus, "lstm-2-8", 2, "f", 3)
    note = page.locator("#diagram-note").text_content()
    assert note == "f, forget gate. How much of its value the cell keeps: 0 nothing, 1 all of it."
    assert [part.get_attribute("aria-pressed") for part in parts.all()] == ["false", "true", "false", "false", "false", "false"]
