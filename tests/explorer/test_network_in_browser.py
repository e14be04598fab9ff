"""The networks that run in the page agree with the equations, for every cell; typed text and sampling."""

import math

import numpy as np
import pytest
import torch
from helpers.one_network_page import write_page
from helpers.opened_page import IN_BROWSER, TOLERANCE, all_values, drawn, expected_values, reference, until
from helpers.plain_network import plain_weights, run_stream
from playwright.sync_api import expect

from rnnscope.explorer import page as explorer_page
from rnnscope.explorer.weights import rounded
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape

pytestmark = IN_BROWSER
NAMES = {f"{cell}-2-8": cell for cell in CELLS}


@pytest.fixture(scope="module")
def every_cell(corpus, words):
    """A page with a network of two layers of every cell."""
    for seed, (name, cell) in enumerate(NAMES.items()):
        if name in corpus.networks:
            continue
        shape = Shape(cell, 2, 6, len(corpus.vocabulary))
        network = Network(shape, generator=torch.Generator().manual_seed(seed)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter *= 20
        description = Description(name, shape, 0.0, 1, corpus.vocabulary.tolist())
        save_checkpoint(corpus.folder / f"models/{name}/checkpoint.safetensors", network.state_dict(), description)
        corpus.networks[name] = network
    path = corpus.folder / "every_cell.html"
    path.write_text(explorer_page.build(**words | {"models": list(NAMES)}))
    return path


# Everything that the page knows of a network on the test text: states, gates and predictions, from the worker.
READ = """async (model) => {
  const { network } = models.get(model), whole = {};
  const ask = (kind, question) => new Promise((resolve) => {
    const parts = [];
    engine.ask("unit", kind, { model, source: "test", ...question }, (answer) => {
      parts.push(answer);
      if (answer.done) resolve(parts);
    });
  });
  for (let layer = 0; layer < network.layers; layer++) for (let unit = 0; unit < network.width; unit++) {
    const [{ lines }] = await ask("trace", { layer, unit, first: 0, last: testText.ids.length });
    for (const name in lines) whole[`${layer + 1}/${name}/${unit}`] = Array.from(lines[name]);
  }
  const answers = await ask("look", { layer: 0, activation: "h", unit: 0, first: 0, last: testText.ids.length });
  const ordered = answers.flatMap(({ parts }) => parts).sort((one, other) => one.first - other.first);
  const joined = (name) => ordered.flatMap((part) => Array.from(part[name]));
  return { whole, ids: joined("ids"), probabilities: joined("probabilities"), surprise: joined("surprise") };
}"""


@pytest.mark.parametrize("model", NAMES)
def test_states_and_predictions_are_those_of_the_equations(visit, corpus, every_cell, model):
    page = visit(path=every_cell)
    found = page.evaluate(READ, model)
    probabilities, activations = reference(corpus, model)
    assert len(found["whole"]) == sum(array.shape[1] for array in activations.values())
    for place, values in found["whole"].items():
        layer, name, unit = place.split("/")
        np.testing.assert_allclose(values, activations[int(layer), name][:, int(unit)], rtol=0, atol=TOLERANCE, err_msg=place)
    ids = np.array(found["ids"]).reshape(-1, 5)
    best = np.sort(probabilities, axis=1)[:, :-6:-1]
    np.testing.assert_allclose(np.array(found["probabilities"]).reshape(-1, 5), best, rtol=0, atol=TOLERANCE)
    assert np.mean(ids[:, 0] == probabilities.argmax(axis=1)) >= 0.999
    own = np.take_along_axis(probabilities, ids, axis=1)
    np.testing.assert_allclose(own, best, rtol=0, atol=TOLERANCE)
    targets = corpus.test[:, 1:].ravel()
    came = probabilities[np.arange(len(targets)), targets]
    np.testing.assert_allclose(np.exp(-np.array(found["surprise"])), came, rtol=0, atol=TOLERANCE)


def test_any_place_is_reached_from_kept_states(visit, corpus):
    """In whatever order places are looked at, and after their records were dropped, the values are the same."""
    page = visit("#model=lstm-2-8&layer=2&quantity=h&unit=1&at=1199")
    expected = expected_values(corpus, "lstm-2-8", 2, "h", 1)
    for at in (1199, 3, 620, 1190, 410):
        page.evaluate(f"show({{at: {at}}}, true)")
        found = drawn(page)
        assert at in found["positions"]
        np.testing.assert_allclose(found["values"], expected[found["positions"]], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(all_values(page), expected, rtol=0, atol=TOLERANCE)


def plain_run(corpus, model, ids):
    network = rounded(corpus.networks[model])
    layers, softmax = plain_weights(network)
    with torch.no_grad():
        log_probabilities, steps, _ = run_stream(network.shape.cell, layers, softmax, ids)
    return log_probabilities.exp().numpy(), steps


def ids_of(corpus, text):
    return [corpus.vocabulary.tolist().index(byte) for byte in text.encode()]


def test_typed_text_is_read_as_it_is_typed(visit, corpus):
    page = visit("#model=gru-1-8&layer=1&quantity=z&unit=3")
    page.locator("#source").select_option("my text")
    field = page.get_by_label("Type or paste a text")
    field.fill('"Well, a café')
    field.press_sequentially(" at last?\n")
    # This text ends its lines with a carriage return and a line feed, and so does what is typed.
    ids = ids_of(corpus, '"Well, a café at last?\r\n')
    until(page, f"ownText.ids.length === {len(ids)} && ownText.values.every(value => !Number.isNaN(value))")
    probabilities, steps = plain_run(corpus, "gru-1-8", ids)
    assert page.evaluate("Array.from(ownText.ids)") == ids
    np.testing.assert_allclose(
        page.evaluate("Array.from(ownText.values)"), [float(step[0]["z"][3]) for step in steps], rtol=0, atol=TOLERANCE
    )
    guesses = page.evaluate("predictionsAt(ownText, ownText.ids.length - 1)")
    assert guesses[0]["probability"] == pytest.approx(probabilities[-1].max(), abs=TOLERANCE)
    # The character before the caret is the selected one: its cell, and what is expected next.
    assert page.evaluate("view.at") == len(ids) - 1
    until(page, "[...document.querySelectorAll('#diagram .value')].every(({textContent}) => textContent)")
    shown = page.locator("#predictions meter").evaluate_all("bars => bars.map(bar => bar.value)")
    np.testing.assert_allclose(shown, np.sort(probabilities[-1])[:-6:-1], rtol=0, atol=TOLERANCE)
    # A change in the middle: what is before it stays, what is after it is read again.
    field.fill('"Well, b café at last?\n')
    ids = ids_of(corpus, '"Well, b café at last?\r\n')
    until(page, f"ownText.ids[7] === {ids[7]} && ownText.values.every(value => !Number.isNaN(value))")
    _, steps = plain_run(corpus, "gru-1-8", ids)
    np.testing.assert_allclose(
        page.evaluate("Array.from(ownText.values)"), [float(step[0]["z"][3]) for step in steps], rtol=0, atol=TOLERANCE
    )
    field.fill("a☃b€")
    expect(page.locator("#write-note")).to_have_text("The network does not know “☃”, “€”; left out.")
    assert page.evaluate("Array.from(ownText.ids)") == ids_of(corpus, "ab")


@pytest.mark.parametrize("panel", ["here", "hold"])
def test_a_field_that_is_cleared_leaves_no_text(visit, panel):
    page = visit(f"#model=gru-1-8&layer=1&quantity=z&unit=3&text=own&panel={panel}")
    for written, note in (("Well, a", "7 characters."), ("", ""), ("☃", "The network does not know “☃”; left out.")):
        page.locator("#own").fill(written)
        expect(page.locator("#write-note")).to_have_text(note)
        shown = written if "7" in note else ""
        assert page.evaluate("[ownText.ids.length, view.at]") == [len(shown), max(len(shown) - 1, 0)]
        expect(page.locator("#lines")).to_have_text(shown)
        assert page.locator("#handle-words").text_content().startswith("no character") == (not shown)


def sampled(page):
    page.get_by_role("button", name="Let the network continue").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    expect(page.locator("#write-note")).to_contain_text("characters drawn after")
    return page.evaluate("Array.from(ownText.ids)")


def test_sampling_follows_temperature_top_stop_and_seed(visit, corpus):
    page = visit("#model=lstm-2-8&text=own")
    prime = ids_of(corpus, '"Well')

    def draw(**fields):
        page.get_by_label("Type or paste a text").fill('"Well')
        for name, value in fields.items():
            page.locator(f"#{name}").fill(str(value))
        return sampled(page)[len(prime) :]

    greedy = draw(temperature=0, length=40)
    read = list(prime)
    for _ in range(40):
        probabilities, _ = plain_run(corpus, "lstm-2-8", read)
        read.append(int(probabilities[-1].argmax()))
    assert greedy == read[len(prime) :]
    assert draw(temperature=1, top=1) == greedy, "only the most likely one is left"
    one, again, other = draw(top=0, seed=5), draw(seed=5), draw(seed=6)
    assert one == again != other
    among = draw(top=3, seed=7)
    read = list(prime)
    for drawn_id in among:
        probabilities, _ = plain_run(corpus, "lstm-2-8", read)
        assert probabilities[-1][drawn_id] >= np.sort(probabilities[-1])[-3] - TOLERANCE
        read.append(drawn_id)
    stopped = draw(top=0, seed=5, length=4000, stop="e")
    letter = ids_of(corpus, "e")[0]
    assert stopped[-1] == letter
    assert letter not in stopped[:-1]


@pytest.mark.parametrize("change", ["type", "clear", "take", "stop"])
def test_what_a_person_does_ends_the_writing(visit, change):
    """Whatever the worker still sends of it, the field and the text are what the person left there."""
    page = visit("#model=lstm-2-8&text=own")
    page.locator("#own").fill("Well")
    # The answers to the question are given here, in a known order; the worker never sees it.
    page.evaluate(
        "() => { const post = engine.worker.postMessage; "
        "engine.worker.postMessage = function (message) { if (message.kind !== 'sample') post.call(this, message); }; }"
    )
    page.get_by_role("button", name="Let the network continue").click()
    number, letter = page.evaluate("[engine.questions.get('write').number, idOf.get(97)]")
    answer = "([number, ids, done]) => engine.worker.onmessage({data: {channel: 'write', number, ids, done}})"
    page.evaluate(answer, [number, [letter] * 3, False])
    expect(page.locator("#own")).to_have_value("Wellaaa")
    if change == "type":
        page.locator("#own").press_sequentially("d")
    else:
        name = {"clear": "Clear", "take": "Take the passage", "stop": "Stop"}[change]
        page.get_by_role("button", name=name, exact=True).click()
    left = page.locator("#own").input_value()
    assert (len(left) > 0) == (change != "clear")
    assert ("Wellaaa" in left) == (change in ("type", "stop"))
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    ids = page.evaluate("Array.from(ownText.ids)")
    assert page.evaluate("idsOf($('own').value).ids") == ids
    for done in (False, True):
        page.evaluate(answer, [number, [letter] * 9, done])
    assert page.locator("#own").input_value() == left
    assert page.evaluate("Array.from(ownText.ids)") == ids


def test_samples_have_the_odds_of_the_temperature(visit, corpus):
    """1,000 first characters against their probabilities: a chi-squared statistic below its bound of one in a million."""
    page = visit("#model=gru-1-8&text=own")
    page.get_by_label("Type or paste a text").fill('"Well')
    probabilities, _ = plain_run(corpus, "gru-1-8", ids_of(corpus, '"Well'))
    odds = probabilities[-1] ** (1 / 0.5)
    expected = 1000 * odds / odds.sum()
    script = """async (seeds) => {
      const drawn = [];
      for (let seed = 0; seed < seeds; seed++) drawn.push(await new Promise((resolve) => {
        const question = {model: view.model, source: "own", at: 4, length: 1, stop: [], seed, temperature: 0.5, top: 0};
        engine.ask("write", "sample", question, ({ids, done}) => done && resolve(ids[0]));
      }));
      return drawn;
    }"""
    counts = np.bincount(page.evaluate(script, 1000), minlength=len(expected))
    common = expected >= 5
    rest_expected, rest = expected[~common].sum(), counts[~common].sum()
    statistic = ((counts - expected) ** 2 / expected)[common].sum() + (rest - rest_expected) ** 2 / max(rest_expected, 1e-9)
    freedom = common.sum()
    assert statistic < freedom + 5 * math.sqrt(2 * freedom) + 25


def test_a_text_of_code_points(visit, words, tmp_path):
    """Letters of any script are one character each, wide ones in a cell of two columns; what is typed has their ids."""
    letters = "你好，世界。Привет é 🙂 a\n" * 40
    codes, ids = np.unique([ord(letter) for letter in letters], return_inverse=True)
    test = ids.astype(np.uint8)[np.newaxis]
    path = write_page(tmp_path, words, {"test": test}, {"code_points": codes.tolist()}, characters="unicode")
    page = visit("#at=0", path)
    assert page.locator(".line").first.text_content() == letters.partition("\n")[0]
    assert page.locator(".cell").first.bounding_box()["width"] == pytest.approx(2 * page.evaluate("layout.columnWidth"), abs=0.6)
    page.locator("#source").select_option("my text")
    page.locator("#own").fill("世é🙂z")
    assert page.evaluate("Array.from(ownText.ids)") == [codes.tolist().index(ord(letter)) for letter in "世é🙂"]
    expect(page.locator("#write-note")).to_have_text("The network does not know “z”; left out.")
