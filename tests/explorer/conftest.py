"""A small corpus with two models, their ranked units and features: all inputs of the explorer's page."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from helpers.opened_page import BROWSER, until
from helpers.small_corpus import (
    BASELINE,
    CELLS,
    CHARACTERS,
    PASSAGE,
    SHAPES,
    STEPS,
    STREAMS,
    TITLE,
    write_ablations,
    write_baseline,
    write_cells,
)
from playwright.sync_api import sync_playwright

from rnnscope.explorer import page
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.storage.parquet import write_parquet


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
        networks[name] = network
    write_cells(folder / "cells.csv", CELLS)
    write_baseline(folder / "baseline.csv", BASELINE)
    write_ablations(folder / "ablations.csv")
    codes = vocabulary[test[:, :-1].ravel()]
    since_line_feed = np.zeros(CHARACTERS, np.int32)
    for position in range(1, CHARACTERS):
        since_line_feed[position] = 0 if codes[position] == 10 else since_line_feed[position - 1] + 1
    features = {"inside_quotes": np.cumsum(codes == ord('"')) % 2 == 1, "line_position": since_line_feed}
    write_parquet(pa.table(features), folder / "features.parquet")
    return SimpleNamespace(
        folder=folder, vocabulary=vocabulary, test=test, networks=networks, text=bytes(codes), features=features, references={}
    )


@pytest.fixture(scope="session")
def words(corpus):
    """The values that a page of this corpus is built from."""
    return {
        "split": corpus.folder / "split",
        "models_folder": corpus.folder / "models",
        "models": list(SHAPES),
        "cells": corpus.folder / "cells.csv",
        "baseline": corpus.folder / "baseline.csv",
        "features": corpus.folder / "features.parquet",
        "characters": CHARACTERS,
        "title": TITLE,
        "ablations": corpus.folder / "ablations.csv",
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

    def open_page(address="", path=explorer, width=1000, **settings):
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        own = (path.as_uri(), "blob:null")  # the page, and the worker that it makes from its own text
        page.on("request", lambda request: request.url.startswith(own) or faults.append(request.url))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.goto(path.as_uri() + address)
        until(page, "drawnUnit !== '' && layout.drawn.length > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
