"""The explorer's page at the size of the default configuration: 5,000 characters of lstm-3-512 and gru-3-512.

Its size and the seconds to build it; then, in Chromium, milliseconds until it is open and until the frame after a change is
drawn. The networks are untrained ones with larger weights: neither their size nor their speed depends on what they know.
"""

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from playwright.sync_api import sync_playwright

from rnnscope.activations.dump import write_dump
from rnnscope.explorer.page import build
from rnnscope.models.cells import ModelName
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width

MODELS = ("lstm-3-512", "gru-3-512")
STREAMS, STEPS, CHARACTERS, VOCABULARY = 2, 3300, 5000, 87
FEATURES, CHANGES = 16, 30

# From the key to the first moment after the frame that shows it.
TIMED = """async ([key, count]) => {
  const drawn = () => new Promise(resolve => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  }));
  const times = [];
  for (let change = 0; change < count; change++) {
    await drawn();
    const start = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    await drawn();
    times.push(performance.now() - start);
  }
  return times;
}"""


def write_inputs(folder):
    """Write a split, checkpoints, dumps and a ranked list; returns what a page is built from."""
    random = np.random.default_rng(1)
    test = random.integers(1, VOCABULARY, size=(STREAMS, STEPS + 1)).astype(np.uint8)
    test[:, ::70] = 0  # line ends
    vocabulary = [10, *range(32, 32 + VOCABULARY - 1)]
    folder.joinpath("split").mkdir()
    np.save(folder / "split/test.npy", test)
    (folder / "split/vocabulary.json").write_text(json.dumps({"bytes": vocabulary}))
    rows = []
    for model in MODELS:
        name = ModelName.parse(model)
        width = matched_hidden_width(name.kind, name.layers, name.size, VOCABULARY)
        shape = Shape(name.kind, name.layers, width, VOCABULARY)
        network = Network(shape, generator=torch.Generator().manual_seed(1)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter *= 5
        description = Description(model, shape, 0.0, 1, vocabulary)
        save_checkpoint(folder / "models" / model / "checkpoint.safetensors", network.state_dict(), description)
        write_dump(network, test, 100, "float16", torch.device("cpu"), folder / "activations" / model)
        for feature in range(FEATURES):
            for rank in range(1, 21):
                layer, unit = random.integers(1, name.layers + 1), random.integers(shape.hidden_width)
                rows.append((model, name.kind, layer, "h", unit, f"feature_{feature}", "auc", 0.9, 0.8, 1, rank))
    columns = ["model", "cell", "layer", "quantity", "unit", "feature", "measure"]
    scores = ["selection_score", "held_out_score", "sign", "rank"]
    pd.DataFrame(rows, columns=columns + scores).to_csv(folder / "cells.csv", index=False)
    return {
        "split": folder / "split",
        "models_folder": folder / "models",
        "activations_folder": folder / "activations",
        "models": list(MODELS),
        "cells": folder / "cells.csv",
        "characters": CHARACTERS,
        "title": "Benchmark",
    }


def measure_page():
    """Print the page's size and all times; of repeated changes the median and the largest."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        inputs = write_inputs(folder)
        start = time.perf_counter()
        path = folder / "explorer.html"
        path.write_text(build(**inputs))
        print(f"explorer: page built, s            {time.perf_counter() - start:8.1f}")
        print(f"explorer: page, MB                 {path.stat().st_size / 1e6:8.1f}", flush=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 850})
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector(".here")
        print(f"explorer: page opened, ms          {1000 * (time.perf_counter() - start):8.0f}")
        for what, key, count in (
            ("unit change", "j", CHANGES),
            ("predictions shown, hidden", "t", 2),
            ("position change", "ArrowRight", CHANGES),
        ):
            times = page.evaluate(TIMED, [key, count])
            print(f"explorer: {what + ', ms':27}{statistics.median(times):6.0f}, largest {max(times):.0f}", flush=True)
        browser.close()


if __name__ == "__main__":
    measure_page()
