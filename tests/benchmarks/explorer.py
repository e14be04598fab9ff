"""The explorer's page at the size of the default configuration: lstm-3-512 and gru-3-512, and beside it one of lstm-3-128.

Its size and the seconds to build it; then, in Chromium, milliseconds until it is open and until the frame after a change is
drawn, also with a processor that is slowed down four times. The networks are untrained ones with larger weights: neither their
size nor their speed depends on what they know.
"""

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from playwright.sync_api import sync_playwright

from rnnscope.analyses.causes.ablations import ABLATIONS
from rnnscope.explorer.page import build
from rnnscope.models.cells import CELLS, ModelName
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width
from rnnscope.storage.parquet import write_parquet

PAGES = {"3x128": ("lstm-3-128",), "2 of 3x512": ("lstm-3-512", "gru-3-512")}
STREAMS, STEPS, VOCABULARY = 100, 3300, 87
FEATURES, CHANGES = 16, 30
SLOWDOWNS = (1, 4)

# From the key to the first moment after the frame that shows its effect: the values of the unit, where it changes the unit.
TIMED = """async ([key, count]) => {
  const drawn = () => new Promise(resolve => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  }));
  const times = [];
  for (let change = 0; change < count; change++) {
    await new Promise(resolve => setTimeout(resolve, 100));
    await drawn();
    const start = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    do await drawn(); while (drawnUnit !== unitName(view));
    times.push(performance.now() - start);
  }
  return times;
}"""
# Characters a second that the worker reads where nothing is known yet.
READ = """async () => {
  const first = (testText.streams > 40 ? 40 : 1) * testText.steps, last = first + 500, start = performance.now();
  const question = {...unitQuestion(view, testText), first, last};
  await new Promise(resolve => engine.ask("view", "look", question, ({done}) => done && resolve()));
  return (last - first) / (performance.now() - start) * 1000;
}"""


def write_ablations(path, models, widths, features):
    """Write the table of ablations: every state held in two ways, with effects on every feature."""
    random, tables = np.random.default_rng(2), []
    for model in models:
        name = ModelName.parse(model)
        units = [
            (layer, state, unit)
            for layer in range(1, name.layers + 1)
            for state in name.cell.states
            for unit in range(widths[model])
        ]
        units = pd.DataFrame(units, columns=["layer", "quantity", "unit"]).assign(
            model=model, cell=name.kind, clusters="50 streams"
        )
        for hold in ("mean", "elsewhere"):
            for feature in ("all", *features):
                tables.append(units.assign(hold=hold, feature=feature, effect_rank=random.permutation(len(units)) + 1))
    table = pd.concat(tables).reindex(columns=ABLATIONS.names)
    for column in ("rise", "end_effect", "inside_effect"):
        for end in ("", "_low", "_high"):
            table[column + end] = random.normal(0, 0.1, len(table))
    ABLATIONS.write(table.assign(control=random.normal(0, 0.1, len(table)), ends=100, inside=1000), path)


def write_inputs(folder, models):
    """Write a split, checkpoints, features, a ranked list and ablations; returns what a page is built from."""
    random = np.random.default_rng(1)
    test = random.integers(1, VOCABULARY, size=(STREAMS, STEPS + 1)).astype(np.uint8)
    test[:, ::70] = 0  # line ends
    vocabulary = [10, *range(32, 32 + VOCABULARY - 1)]
    folder.joinpath("split").mkdir(parents=True)
    np.save(folder / "split/test.npy", test)
    (folder / "split/vocabulary.json").write_text(json.dumps({"bytes": vocabulary}))
    names = [f"feature_{feature}" for feature in range(FEATURES)]
    write_parquet(pa.table({name: random.random(STREAMS * STEPS) < 0.3 for name in names}), folder / "features.parquet")
    rows, widths = [], {}
    for model in models:
        name = ModelName.parse(model)
        width = widths[model] = matched_hidden_width(name.kind, name.layers, name.size, VOCABULARY)
        shape = Shape(name.kind, name.layers, width, VOCABULARY)
        network = Network(shape, generator=torch.Generator().manual_seed(1)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter *= 5
        description = Description(model, shape, 0.0, 1, vocabulary)
        save_checkpoint(folder / "models" / model / "checkpoint.safetensors", network.state_dict(), description)
        state = CELLS[name.kind].displayed_state
        for feature in names:
            for rank in range(1, 21):
                layer, unit = random.integers(1, name.layers + 1), random.integers(shape.hidden_width)
                rows.append((model, name.kind, layer, state, unit, feature, "auc", 0.9, 0.8, 1, rank))
    columns = ["model", "cell", "layer", "quantity", "unit", "feature", "measure"]
    scores = ["selection_score", "held_out_score", "sign", "rank"]
    table = pd.DataFrame(rows, columns=columns + scores)
    table.to_csv(folder / "cells.csv", index=False)
    chance = table[["model", "cell", "feature", "measure"]].drop_duplicates().assign(held_out_percentile_95=0.6)
    chance.to_csv(folder / "baseline.csv", index=False)
    write_ablations(folder / "ablations.csv", models, widths, names)
    return {
        "split": folder / "split",
        "models_folder": folder / "models",
        "models": list(models),
        "cells": folder / "cells.csv",
        "baseline": folder / "baseline.csv",
        "features": folder / "features.parquet",
        "characters": STREAMS * STEPS,
        "title": "Benchmark",
        "ablations": folder / "ablations.csv",
    }


def processor_time(session):
    """Seconds of processor that the page's own thread has used: what other processes do does not count."""
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"]


def measure(name, models, folder, chromium):
    """Print the size of one page and all its times; of repeated changes the median and the largest."""

    def report(what, value):
        print(f"explorer, {name}: {what + ',':38}{value}", flush=True)

    inputs = write_inputs(folder, models)
    start = time.perf_counter()
    path = folder / "explorer.html"
    path.write_text(build(**inputs))
    report("page built, s", f"{time.perf_counter() - start:8.1f}")
    report("page, MB", f"{path.stat().st_size / 1e6:8.2f}")
    browser = chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1280, "height": 850})
    page.set_default_timeout(300_000)
    start = time.perf_counter()
    page.goto(path.as_uri())
    while not page.evaluate("layout.drawn.length > 0 && drawnUnit === unitName(view)"):
        page.wait_for_timeout(5)
    report("page opened, first colours, ms", f"{1000 * (time.perf_counter() - start):8.0f}")
    while not page.evaluate("textOf(view).values.slice(...stripOf(textOf(view))).every(value => !Number.isNaN(value))"):
        page.wait_for_timeout(50)
    report("worker, characters a second", f"{page.evaluate(READ):8.0f}")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    for slowdown in SLOWDOWNS:
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        for what, key, count in (
            ("unit change", "j", CHANGES),
            ("predictions shown, hidden", "t", 4),
            ("position change", "ArrowRight", CHANGES),
        ):
            before = processor_time(session)
            times = page.evaluate(TIMED, [key, count])
            each = 1000 * (processor_time(session) - before) / count
            waited = f"{statistics.median(times):8.0f}, largest {max(times):.0f}"
            report(f"{what} at {slowdown}x, ms", f"{waited}, of processor {each:.1f}")
    browser.close()


def measure_pages():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        for title, models in PAGES.items():
            measure(title, models, Path(name) / title.replace(" ", "-"), playwright.chromium)


if __name__ == "__main__":
    measure_pages()
