"""An opened page of the explorer: what it shows, and what it should show."""

import re
import shutil
from urllib.parse import parse_qs

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.small_corpus import CHARACTERS
from playwright.sync_api import expect

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_BROWSER = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: the explorer's page cannot be opened"),
    pytest.mark.xdist_group("browser"),
]

ZERO, LOW, HIGH = np.array([247, 247, 247]), np.array([234, 106, 53]), np.array([58, 149, 221])
# Half a step of one byte, and what rounding to whole red, green and blue can add.
TOLERANCE = 1 / 254 + 0.005

expect.set_options(timeout=30_000)  # a bound for a busy machine; normally nothing takes long


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
    column = f"{quantity}_{unit}"
    table = pq.read_table(corpus.folder / f"activations/{model}/layer-{layer}.parquet", columns=[column])
    values = table[column].to_numpy()[:CHARACTERS].astype(float)
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
