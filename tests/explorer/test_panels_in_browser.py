"""The panels of the explorer, in Chromium: a unit's page, select and match, hold; against the equations in float64."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch
from helpers.opened_page import IN_BROWSER, TOLERANCE, check_unit, drawn, expected_values, number_in, reference, selected, until
from helpers.plain_network import STEPS as CELL_STEPS
from helpers.plain_network import one_hot, plain_weights
from helpers.small_corpus import STEPS, STREAMS, write_ablations
from playwright.sync_api import expect

from rnnscope.explorer import page as explorer_page
from rnnscope.explorer.weights import rounded

pytestmark = IN_BROWSER
LSTM = "#model=lstm-2-8&layer=2&quantity=c&unit=3"


def test_the_page_of_a_unit(visit, corpus):
    page = visit(f"{LSTM}&at=50&panel=unit")
    assert page.locator("#unit-title").text_content() == "LSTM 2×8, layer 2, tanh(c) of unit 3"
    features = [cell.text_content() for cell in page.locator("#unit-features td").all()]
    assert features == ["inside quotes (AUC)", "c", "0.875", "0.800"]
    values = expected_values(corpus, "lstm-2-8", 2, "c", 3)
    bars = page.locator("#histogram rect").evaluate_all("bars => bars.map(bar => Number(bar.getAttribute('height')))")
    counts, _ = np.histogram(values, len(bars))
    assert abs(int(np.argmax(bars)) - int(np.argmax(counts))) <= 1
    assert np.corrcoef(bars, counts)[0, 1] > 0.99
    axis = page.locator("#histogram text").all_text_contents()
    assert {f"{values.min():.2f}".replace("-", "\N{MINUS SIGN}"), f"{values.max():.2f}"} <= set(axis)
    first = page.locator("#highest button").first
    first.click()
    assert values[selected(page)] == pytest.approx(values.max(), abs=TOLERANCE)
    page.locator("#lowest button").first.click()
    assert values[selected(page)] == pytest.approx(values.min(), abs=TOLERANCE)


def test_gates_and_states_are_lines_over_the_text_in_the_window(visit, corpus):
    page = visit(f"{LSTM}&at=50&panel=unit")
    script = """() => {
      const pane = document.querySelector(".lines-pane");
      if (!pane || lined.key !== [unitName(view), ...visiblePart()].join("/")) return null;
      const lines = [...pane.querySelectorAll("polyline")].map((line) => line.getAttribute("points").split(" ").map((point) => {
        return point.split(",").map(Number);
      }));
      const mark = pane.querySelector(".at"), letters = pane.querySelector(".letter").textContent;
      return {lines, letters, first: lined.first, last: visiblePart()[1], at: Number(mark.getAttribute("x")) / LINES.character};
    }"""
    names = page.evaluate("Object.keys(models.get('lstm-2-8').quantities)")
    assert names == ["c", "h", "i", "f", "o", "g"]
    for at in (50, 900):  # scrolling brings the lines of what is in the window then
        page.evaluate(f"show({{at: {at}}}, true)")
        there = f"found && found.first <= {at} && {at} < found.last && found"
        found = until(page, f"() => {{ const found = ({script})(); return {there}; }}")
        first, last = found["first"], found["last"]
        assert last - first == len(found["letters"]) > 200
        assert found["first"] + found["at"] == at
        for index, (name, line) in enumerate(zip(names, found["lines"], strict=True)):
            exact = expected_values(corpus, "lstm-2-8", 2, name, 3)[first:last]
            shown = np.tanh(exact) if name == "c" else exact
            low = 0 if name in "ifo" else -1
            assert len(line) == last - first
            heights = np.array(line)[:, 1] - 34 * index - 3  # a band of 34 px, 28 of them from 1 down to the lowest value
            np.testing.assert_allclose(1 - heights / 28 * (1 - low), shown, rtol=0, atol=0.01)
    visible = corpus.text[found["first"] : found["last"]].decode("latin-1")
    plain = [(one, other) for one, other in zip(visible, found["letters"], strict=True) if " " < one <= "~"]
    assert len(plain) > 100
    assert all(one == other for one, other in plain)
    offset = page.evaluate("document.querySelector('.lines-pane').scrollLeft")
    page.locator(".lines-pane").click(position={"x": 12, "y": 20})
    assert selected(page) == found["first"] + int((offset + 12) / 8)


def test_what_ablating_a_unit_does(visit):
    """The sentences and tables of the unit's page are the numbers of the table of ablations."""
    page = visit(f"{LSTM}&at=50&panel=unit")
    part = page.locator("#ablated")
    assert part.locator("h3").text_content() == "What ablating it does"
    minus = "\N{MINUS SIGN}"
    assert part.locator(".effect").all_text_contents() == [
        "When it is held at its mean, the loss changes by +0.023 nats per character (0.011 to 0.038); "
        "of units that vary as much, by +0.002 on average.",
        "When it is given the values that it has in another stream, the loss changes by +0.039 nats per character; "
        f"of units that vary as much, by {minus}0.011 on average.",
    ]
    rows = [[cell.inner_text().splitlines() for cell in row.locator("td").all()] for row in part.locator("tbody tr").all()]
    assert rows == [
        [["inside quotes"], ["+3.307", "(2.765 to 3.661)", "units alike: +0.013"], ["+0.072", f"({minus}0.041 to 0.107)"]],
        [["inside quotes"], [f"{minus}0.250", "no interval, n = 1", "units alike: +0.014"], ["–"]],
    ]
    assert "the 95 % interval (50 streams)" in part.text_content()
    # The other state of the unit has numbers of its own; a gate has none, nor has a model that the table lacks.
    page.evaluate("show({quantity: 'h'})")
    assert "changes by +0.001 nats per character (0.000 to 0.001)" in part.locator(".effect").text_content()
    page.evaluate("show({quantity: 'f'})")
    assert part.locator("p").all_text_contents() == ["Only states are ablated; choose one."]
    page.evaluate("show({model: 'gru-1-8'})")
    assert part.locator("p").all_text_contents() == ["The table of ablations does not have it."]


@pytest.mark.parametrize("ablated", [None, "lstm-1-8"], ids=["no-table", "a-model-that-the-page-lacks"])
def test_without_ablations_of_its_models_the_page_says_nothing_of_them(visit, words, tmp_path, ablated):
    path, table = tmp_path / "explorer.html", tmp_path / "ablations.csv"
    if ablated:
        write_ablations(table, ablated)
    path.write_text(explorer_page.build(**words | {"ablations": table if ablated else None}))
    page = visit(f"{LSTM}&panel=unit", path)
    expect(page.locator("#unit-features td").first).to_be_visible()
    assert page.locator("#ablated").text_content() == ""


def test_a_second_unit_is_a_band_under_the_text(visit, corpus):
    page = visit(f"{LSTM}&at=0&panel=unit")
    page.get_by_role("button", name="Keep this unit under the text").click()
    page.locator("#model").select_option("GRU 1×8")
    check_unit(page, corpus, "gru-1-8", 1, "h", 3)
    assert "c of unit 3, layer 2, LSTM 2×8" in page.locator("#pin-note").text_content()
    script = """() => {
      const positions = layout.drawn.flatMap(({first, last}) => Array.from({length: last - first}, (_, index) => first + index));
      return pinned.values && positions.every(position => !Number.isNaN(pinned.values[position]))
        && positions.map(position => [position, pinned.values[position]]);
    }"""
    exact = expected_values(corpus, "lstm-2-8", 2, "c", 3)
    for position, value in until(page, script):
        assert value == pytest.approx(exact[int(position)], abs=TOLERANCE)
    page.get_by_role("button", name="Take the band away").click()
    assert page.evaluate("[pinned, layout.bandHeight]") == [None, 0]


def test_the_picture_is_svg_with_the_text_and_its_colours(visit, corpus, tmp_path):
    page = visit(f"{LSTM}&at=0&panel=unit")
    drawn(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture as SVG").click()
    assert download.value.suggested_filename == "lstm-2-8-layer-2-c-3.svg"
    download.value.save_as(tmp_path / "picture.svg")
    picture = ElementTree.parse(tmp_path / "picture.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    letters = [text.text for text in picture.iter(f"{space}text")]
    assert "".join(letters[:10]) == '"Well,"sai'
    assert letters[-1].startswith("LSTM 2×8, layer 2, tanh(c) of unit 3.")
    fills = [rect.get("fill") for rect in picture.iter(f"{space}rect")][1:]
    expected = np.tanh(expected_values(corpus, "lstm-2-8", 2, "c", 3))
    assert fills[0] == page.evaluate("value => colour(value)", expected[0])


def sides(corpus, model, layer, name, threshold):
    """1, -1 or 0 of each unit at each character, (STREAMS, STEPS, H)."""
    values = reference(corpus, model)[1][layer, name]
    shown = np.tanh(values) if name == "c" else values
    side = np.where(shown > threshold, 1, np.where(shown < -threshold, -1, 0))
    return side.reshape(STREAMS, STEPS, -1)


def matching(stream, first, last):
    """The units that are on one side from first to last and not just outside: their sides, (H,)."""
    is_end = first < 3, last + 3 > len(stream)  # beyond the ends of the stream everything is off
    before, after = stream[max(first - 3, 0) : first], stream[last : last + 3]
    if last - first > 3:  # the first and the last character may be marks: they count as outside too
        before, after = stream[max(first - 3, 0) : first + 1], stream[last - 1 : last + 3]
        first, last = first + 1, last - 1
    part, side = stream[first:last], stream[first]
    on = (part == side).all(axis=0) & (side != 0)
    for near, beyond in zip((before, after), is_end, strict=True):
        on &= (near != side).any(axis=0) | beyond
    return np.where(on, side, 0)


@pytest.fixture(scope="module")
def stretch(corpus):
    """A stretch of stream 1, of at least three characters, that some units of the LSTM go along with."""
    streams = [sides(corpus, "lstm-2-8", layer, name, 0.5)[1] for layer in (1, 2) for name in "ch"]
    for first in range(100, 300):
        for last in range(first + 3, first + 12):
            if sum(np.count_nonzero(matching(stream, first, last)) for stream in streams) > 1:
                return first, last
    raise AssertionError("no two units go along with any stretch")


def test_select_and_match(visit, corpus, stretch):
    first, last = stretch
    page = visit(f"{LSTM}&at={STEPS + first}&panel=match")
    expect(page.get_by_role("button", name="Find the units")).to_be_disabled()
    page.locator("#text").focus()
    for _ in range(last - first - 1):
        page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate("[stretch.first, stretch.last]") == [STEPS + first, STEPS + last]
    page.get_by_role("button", name="Find the units").click()
    note = page.locator("#match-note")
    expect(note).to_contain_text("off just outside")
    expected, chances, random_counts = {}, {}, 0.0
    for layer in (1, 2):
        for name in "ch":
            stream = sides(corpus, "lstm-2-8", layer, name, 0.5)[1]
            found = matching(stream, first, last)
            places = [matching(stream, place, place + last - first) != 0 for place in range(1, STEPS - (last - first) - 1)]
            share = np.mean(places, axis=0)
            random_counts += share.sum()
            for unit in np.flatnonzero(found):
                expected[layer, name, int(unit)] = "high" if found[unit] > 0 else "low"
                chances[layer, name, int(unit)] = share[unit]
    pattern = r"layer (\d) · (\w) of unit (\d+): (high|low), (never|[\d.]+ %) at random"
    shown = {}
    for item in page.locator("#matched label").all_text_contents():
        layer, name, unit, side, chance = re.match(pattern, item).groups()
        shown[int(layer), name, int(unit)] = side
        share = 0 if chance == "never" else float(chance[:-2]) / 100
        exact = chances[int(layer), name, int(unit)]
        assert abs(share - exact) < 5 * np.sqrt(exact * (1 - exact) / 400) + 0.002
    assert shown == expected
    words = note.text_content()
    assert re.match(rf"{len(expected)} units? ", words)
    assert number_in(words, r"around it, ([\d.]+) are on average") == pytest.approx(random_counts, abs=0.5)


@pytest.mark.parametrize(("last", "has_room"), [(6, False), (3, True)], ids=["nearly-all", "a-part"])
def test_a_chance_level_is_stated_only_where_there_is_room_for_other_stretches(visit, last, has_room):
    page = visit(f"{LSTM}&text=own&panel=match")
    page.locator("#own").fill("the old")
    page.evaluate(f"stretch = {{source: 'own', first: 1, last: {last}}}; drawStretch()")
    page.get_by_role("button", name="Find the units").click()
    note = page.locator("#match-note")
    expect(note).to_contain_text("off just outside")
    assert ("nineteen of twenty" in note.text_content()) == has_room
    assert ("no room around it for a random stretch of this length" in note.text_content()) == (not has_room)


def test_a_stretch_is_selected_with_the_mouse(visit, corpus):
    page = visit(f"{LSTM}&at=0&panel=match")
    drawn(page)
    # Where the middles of two characters of the first rows are in the window.
    script = """(position) => {
      const row = layout.drawn.find(({first, last}) => first <= position && position < last);
      const [left, width] = boxesOf(row)[position - row.first], lines = $("lines").getBoundingClientRect();
      return [lines.left + left, lines.left + left + width, lines.top + row.index * layout.rowHeight + layout.lineHeight / 2];
    }"""
    (left, _, top), (_, right, bottom) = page.evaluate(script, 3), page.evaluate(script, 75)
    assert bottom > top
    page.mouse.move(left + 1, top)
    page.mouse.down()
    page.mouse.move(right - 1, bottom, steps=4)
    page.mouse.up()
    until(page, "stretch?.first === 3 && stretch.last === 76")  # it follows the pointer
    assert corpus.text[3:20].decode() in page.locator("#stretch").text_content()
    assert page.get_by_role("button", name="Find the units").is_enabled()


@pytest.mark.parametrize("chosen_units", [1, 2], ids=["one", "several"])
def test_other_places_are_found_in_the_whole_text(visit, corpus, stretch, chosen_units):
    first, last = stretch
    page = visit(f"{LSTM}&at={STEPS + first}&panel=match")
    page.evaluate(f"stretch = {{source: 'test', first: {STEPS + first}, last: {STEPS + last}}}; drawStretch()")
    page.get_by_role("button", name="Find the units").click()
    boxes = page.locator("#matched input")
    expect(boxes.nth(chosen_units - 1)).to_be_visible()
    for box in range(chosen_units):
        boxes.nth(box).check()
    chosen = page.evaluate("chosenUnits.map(({layer, activation, unit, sign}) => [layer + 1, activation, unit, sign])")
    page.locator("#least").fill("2")
    page.get_by_role("button", name="Find other places").click()
    expect(page.locator("#find-note")).to_contain_text("read the whole test text")
    on = np.ones((STREAMS, STEPS), bool)
    for layer, name, unit, sign in chosen:
        on &= sides(corpus, "lstm-2-8", layer, name, 0.5)[:, :, unit] == sign
    runs = []
    for stream in range(STREAMS):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], on[stream].astype(int), [0]))))
        runs += [(stream * STEPS + begin, stream * STEPS + end) for begin, end in edges.reshape(-1, 2) if end - begin >= 2]
    inner = (STEPS + first + 1, STEPS + last - 1) if last - first > 3 else (STEPS + first, STEPS + last)
    assert any(begin <= inner[0] and inner[1] <= end for begin, end in runs)
    assert re.match(rf"{len(runs):,} places? where", page.locator("#find-note").text_content())
    marks = page.locator("#places mark").all_text_contents()
    assert len(marks) == min(len(runs), 200)
    places = page.locator("#places button").evaluate_all("buttons => buttons.map(button => button.place.at)")
    assert places == [begin for begin, _ in runs][:200]
    page.locator("#places button").last.click()
    assert selected(page) == runs[:200][-1][0]


def held_run(corpus, model, ids, start, change):
    """The probabilities after each character when `change(layer, name, values)` acts from `start` on, (characters, K)."""
    network = rounded(corpus.networks[model])
    layers, softmax = plain_weights(network)
    cell = network.shape.cell
    step, maps, states = CELL_STEPS[cell]
    state = [tuple(torch.zeros(len(layer["b"]) // maps).double() for _ in range(states)) for layer in layers]
    probabilities = []
    with torch.no_grad():
        for position, character in enumerate(ids):
            below = one_hot(character, len(softmax[1]))
            for depth, layer in enumerate(layers):
                state[depth], computed = step(layer, below, state[depth])
                if position >= start:
                    if cell == "lstm":
                        c = change(depth + 1, "c", computed["c"].clone())
                        h = change(depth + 1, "h", computed["o"] * torch.tanh(c))
                        state[depth] = (h, c)
                    else:
                        h = change(depth + 1, "h", computed["h"].clone())
                        state[depth] = (h,)
                    below = h
                else:
                    below = computed["h"]
            logits = softmax[0] @ below + softmax[1]
            probabilities.append(logits.softmax(0).numpy())
    return np.array(probabilities)


@pytest.mark.parametrize(
    ("model", "layer", "name", "unit", "kind", "value"),
    [("lstm-2-8", 1, "c", 2, "set", -1.5), ("lstm-2-8", 2, "h", 3, "shift", 0.7), ("gru-1-8", 1, "h", 1, "set", 0.9)],
)
def test_a_held_unit_changes_what_follows(visit, corpus, model, layer, name, unit, kind, value):
    at = STEPS + 30
    page = visit(f"#model={model}&layer={layer}&quantity={name}&unit={unit}&at={at}")
    script = """([at, value, shift]) => new Promise((resolve) => {
      const choice = {length: 12, seed: 1, temperature: 0, top: 0};
      const question = {...unitQuestion(view, testText), at, value, shift, ahead: 25, ...choice};
      engine.ask("hold", "hold", question, resolve);
    })"""
    found = page.evaluate(script, [at, value, kind == "shift"])

    def change(of_layer, of_name, values):
        if (of_layer, of_name) == (layer, name):
            values[unit] = values[unit] + value if kind == "shift" else value
        return values

    stream = corpus.test[1].tolist()
    for which, act in (("free", lambda _, __, values: values), ("held", change)):
        probabilities = held_run(corpus, model, stream[:56], 30, act)
        np.testing.assert_allclose(found[which]["probabilities"], probabilities[30], rtol=0, atol=TOLERANCE)
        loss = -np.mean([np.log(probabilities[t, stream[t + 1]]) for t in range(30, 55)])
        assert found[which]["loss"] == pytest.approx(loss, abs=5e-3)
        read = stream[:31]
        for _ in range(12):
            read.append(int(held_run(corpus, model, read, 30, act)[-1].argmax()))
        assert found[which]["ids"] == read[31:]
    assert np.abs(np.subtract(found["free"]["probabilities"], found["held"]["probabilities"])).max() > 0.01


def test_the_slider_holds(visit, corpus):
    page = visit(f"{LSTM}&at=50&panel=hold")
    expect(page.locator("#held .drawn")).to_have_count(2)
    assert page.locator("#hold-value").get_attribute("min") == str(page.evaluate("rangeOf(view)[0]"))
    before = page.locator("#hold-note").text_content()
    assert "Over the 300 characters that follow in the text the loss is" in before
    page.locator("#hold-kind").select_option("shift it by")
    page.locator("#hold-value").evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    until(page, "/ by 0\\.000 nats/.test($('hold-note').textContent)")
    assert page.locator("#held .drawn").first.text_content() == page.locator("#held .drawn").last.text_content()
    # Even while an answer about the state is on its way: nobody waits for it any more.
    assert page.evaluate("askHold(), engine.questions.has('hold')")
    page.evaluate("show({quantity: 'f'})")
    expect(page.locator("#hold-value")).to_be_disabled()
    assert not page.evaluate("engine.questions.has('hold')")
    assert "Only a state can be held" in page.locator("#hold-note").text_content()
