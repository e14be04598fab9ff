"""An opened page of the explorer: what it shows, and what it should show."""

import re
import shutil
import time
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream
from playwright.sync_api import expect

from rnnscope.explorer.weights import rounded

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_BROWSER = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: the explorer's page cannot be opened"),
    pytest.mark.xdist_group("browser"),
]

ZERO, LOW, HIGH = np.array([247, 247, 247]), np.array([234, 106, 53]), np.array([58, 149, 221])
# The page computes in single precision with weights of 16 bits; the reference has the same weights, in float64.
TOLERANCE = 1e-3
COLOUR_TOLERANCE = 1 / 128 + 0.01  # half a step of the scale, and what rounding to whole red, green and blue can add

expect.set_options(timeout=30_000)  # a bound for a busy machine; normally nothing takes long

PATIENCE = 60  # seconds: a bound for a busy machine


def until(page, script, argument=None):
    """Evaluate a function in the page until it returns something; returns that.

    Playwright's own waiting compiles its predicate in the page, which the page's policy does not allow.
    """
    end = time.monotonic() + PATIENCE
    while True:
        found = page.evaluate(script, argument)
        if found:
            return found
        assert time.monotonic() < end, f"never came true: {script}"
        page.wait_for_timeout(20)


# The values of the rows in the window, as soon as all are known and nothing waits for the next frame, and the colours painted
# there, a little below their top.
DRAWN = """() => {
  const text = textOf(view), rows = layout.drawn.filter(({first, last}) => last > first);
  const positions = rows.flatMap(({first, last}) => Array.from({length: last - first}, (_, index) => first + index));
  if (waiting.size || drawnUnit !== unitName(view)) return null;
  if (positions.some(position => Number.isNaN(text.values[position]))) return null;
  const canvas = $("colours"), ratio = canvas.width / layout.width, copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const colours = rows.flatMap((row) => boxesOf(row).map(([left, width]) => {
    const x = Math.floor((left + width / 2) * ratio), above = row.index - layout.drawn[0].index;
    const y = above * layout.rowHeight + layout.cellTop + 3;
    const index = 4 * (Math.floor(y * ratio) * canvas.width + x);
    return [...pixels.data.slice(index, index + 3)];
  }));
  return {positions, values: positions.map(position => text.values[position]), colours};
}"""


def drawn(page):
    """The positions of the rows that exist, the values there, and the painted colours."""
    found = until(page, DRAWN)
    return {name: np.array(numbers) for name, numbers in found.items()}


def all_values(page):
    """The values of the unit in view over the whole test text; the streams are visited one after the other."""
    values = []
    for stream in range(page.evaluate("testText.streams")):
        page.evaluate(f"show({{text: 'test', at: {stream} * testText.steps}}, true)")
        part = f"testText.values.slice({stream} * testText.steps, ({stream} + 1) * testText.steps)"
        until(page, f"drawnUnit === unitName(view) && {part}.every(value => !Number.isNaN(value))")
        values += page.evaluate(f"Array.from({part})")
    return np.array(values)


def shares(colours):
    """The share of the scale, from -1 to 1, of each colour (n, 3); NaN of a colour that is not on it."""
    offset, values = colours - ZERO, []
    for end in (LOW, HIGH):
        arm = end - ZERO
        share = offset @ arm / (arm @ arm)
        away = np.abs(offset - share[:, np.newaxis] * arm).max(axis=1)
        values.append(np.where(away <= 1, share, np.nan))
    low, high = values
    return np.where(np.isnan(high), -low, high)


def reference(corpus, model):
    """What a network does on the test text, from the equations in float64 with the page's weights.

    Returns the probabilities of the next characters (characters, K), and by layer (from 1 on) and activation (characters, H).
    """
    if model not in corpus.references:
        network = rounded(corpus.networks[model])
        layers, softmax = plain_weights(network)
        probabilities, activations = [], []
        with torch.no_grad():
            for ids in corpus.test:
                log_probabilities, steps, _ = run_stream(network.shape.cell, layers, softmax, ids[:-1].tolist())
                probabilities.append(log_probabilities.exp().numpy())
                activations += steps
        by_place = {
            (layer + 1, name): np.array([step[layer][name].numpy() for step in activations])
            for layer in range(network.shape.layers)
            for name in activations[0][layer]
        }
        corpus.references[model] = np.concatenate(probabilities), by_place
    return corpus.references[model]


def expected_values(corpus, model, layer, quantity, unit):
    return reference(corpus, model)[1][layer, quantity][:, unit]


def check_unit(page, corpus, model, layer, quantity, unit):
    """The page shows this unit: its values in the window, and their colours on the fixed scale."""
    until(page, f"drawnUnit === {'/'.join(map(str, (model, layer, quantity, unit)))!r}")
    found, expected = drawn(page), expected_values(corpus, model, layer, quantity, unit)
    there = expected[found["positions"]]
    np.testing.assert_allclose(found["values"], there, rtol=0, atol=TOLERANCE)
    shown = np.tanh(there) if quantity == "c" else there
    # The selected character and the frame around it are painted over.
    clear = np.abs(found["positions"] - page.evaluate("view.at")) > 1
    np.testing.assert_allclose(shares(found["colours"])[clear], shown[clear], rtol=0, atol=COLOUR_TOLERANCE)


def selected(page):
    """The selected position."""
    return page.evaluate("view.at")


def expect_in_window(page, position):
    """The row of a position is in the window."""
    until(
        page,
        """position => {
          const pane = $("text"), top = rowOf(layout.rows, position) * layout.rowHeight - pane.scrollTop;
          return top >= 0 && top + layout.lineHeight <= pane.clientHeight;
        }""",
        position,
    )


def number_in(words, pattern):
    """A number of the page, whose minus is the typographic one."""
    return float(re.search(pattern, words)[1].replace("\N{MINUS SIGN}", "-"))


def address_of(page):
    return {name: value for name, (value,) in parse_qs(page.url.partition("#")[2]).items()}


def expect_address(page, **view):
    """Wait until the address names the view."""
    for name, value in view.items():
        expect(page).to_have_url(re.compile(rf"[#&]{name}={re.escape(str(value))}(&|$)"))
