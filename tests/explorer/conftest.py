"""A small corpus with two models, their dumps and ranked units: all inputs of the explorer's page."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.opened_page import BROWSER
from helpers.small_corpus import CELLS, CHARACTERS, PASSAGE, SHAPES, STEPS, STREAMS, TITLE, write_cells
from playwright.sync_api import expect, sync_playwright

from rnnscope.activations import dump
from rnnscope.explorer import page
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """The files, and the text of the page as bytes."""
    folder = tmp_path_factory.mktemp("corpus")
    length = STREAMS * (STEPS + 1)
    letters = b"".join(PASSAGE.replace(b"%d", str(count).encode()) for count in range(20))[:length]
    codes = np.frombuffer(letters, dtype=np.uint8)
    vocabulary, ids = np.unique(codes, return_inverse=True)
    test = ids.astype(np.uint8).reshape(STREAMS, STEPS + 1)
    (folder / "split").mkdir()
    np.save(folder / "split/test.npy", test)
    (folder / "split/vocabulary.json").write_text(json.dumps({"bytes": vocabulary.tolist()}))
    networks = {}
    for seed, (name, (cell, layers, width)) in enumerate(SHAPES.items()):
        shape = Shape(cell, layers, width, len(vocabulary))
        network = Network(shape, generator=torch.Generator().manual_seed(seed)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter *= 20  # untrained weights are too small for visible activations
        save_checkpoint(
            folder / f"models/{name}/checkpoint.safetensors",
            network.state_dict(),
            Description(name, shape, 0.0, 1, vocabulary.tolist()),
        )
        dump.write_dump(network, test, 50, "float16", torch.device("cpu"), folder / "activations" / name)
        networks[name] = network
    write_cells(folder / "cells.csv", CELLS)
    codes = vocabulary[test[:, :-1].ravel()][:CHARACTERS]
    return SimpleNamespace(folder=folder, vocabulary=vocabulary, test=test, networks=networks, text=bytes(codes))


@pytest.fixture(scope="session")
def words(corpus):
    """The values that a page of this corpus is built from."""
    return {
        "split": corpus.folder / "split",
        "models_folder": corpus.folder / "models",
        "activations_folder": corpus.folder / "activations",
        "models": list(SHAPES),
        "cells": corpus.folder / "cells.csv",
        "characters": CHARACTERS,
        "title": TITLE,
    }


@pytest.fixture(scope="session")
def explorer(corpus, words):
    """The page's file."""
    path = corpus.folder / "explorer.html"
    path.write_text(page.build(**words))
    return path


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
