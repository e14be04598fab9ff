"""The view of the explorer's page as a person changes it, in Chromium: choices, keys, links, pointer."""

import pytest
from helpers.opened_page import IN_BROWSER, TOLERANCE, address_of, check_colours, expect_address, number_in, stored_values
from helpers.small_corpus import CHARACTERS
from playwright.sync_api import expect

pytestmark = IN_BROWSER


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
