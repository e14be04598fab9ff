"""The explorer: one HTML file on which a person walks through units and text, with no server and no network.

    python -m rnnscope.explorer.page --split DIR --models-folder DIR --activations-folder DIR --models NAME ...
        --cells FILE.csv --characters 5000 --title TITLE --out FILE.html

All numbers are in the file in base64: deflate would save 5 % of a page of real activations and cost a wait at every
choice. The text is among them, as bytes, so that nothing in it can be taken for HTML.
"""

import argparse
import base64
import hashlib
import html
import json
import logging
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnscope.activations.reader import row_groups
from rnnscope.cli import run
from rnnscope.corpus.split import read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.explorer.page_budget import PREDICTIONS, Contents, Units, choose_contents, note
from rnnscope.explorer.quantise import GATES, most_likely, quantise, quantise_probabilities
from rnnscope.explorer.ranked_units import read_listed
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.models.recurrences import CELLS
from rnnscope.storage.files import whole_file

SCRIPTS = ("data.js", "view.js", "draw.js", "events.js")  # one after the other they are the page's script

MEANINGS = {
    "c": "cell, as tanh(c)",
    "h": "hidden state",
    "i": "input gate",
    "f": "forget gate",
    "o": "output gate",
    "g": "what the input gate lets in",
    "r": "reset gate",
    "z": "update gate",
    "candidate": "what the update gate mixes in",
}

log = logging.getLogger(__name__)


def read_prefix(path: Path, test: np.ndarray, characters: int, quantities: list[str], width: int) -> dict[str, np.ndarray]:
    """The first rows of a dump: each quantity float (characters, width). Memory is bounded by these rows.

    `test` is uint8 ids (streams, steps + 1). Raises InputError naming the file when it is damaged, too short, of
    another width or of another text.
    """
    groups: list[dict[str, np.ndarray]] = []
    rows = 0
    for group in row_groups(path, quantities):
        groups.append(group)
        rows += len(group["character"])
        if rows >= characters:
            break
    if rows < characters:
        raise InputError(f"{path}: found {rows:,} rows, expected a row for each of {test[:, 1:].size:,} test characters")
    found = np.concatenate([group["character"] for group in groups])[:characters]
    if not np.array_equal(found, first_characters(test, characters)):
        raise InputError(f"{path}: its characters are not those of the test part; expected a dump of this split")
    values = {name: np.concatenate([group[name] for group in groups])[:characters] for name in quantities}
    for name, array in values.items():
        if array.shape[1] != width:
            raise InputError(f"{path}: found {array.shape[1]} units of {name!r}, expected the {width} of the checkpoint")
    return values


def first_characters(test: np.ndarray, characters: int) -> np.ndarray:
    """The first test characters, stream after stream: uint8 ids (characters,) of uint8 (streams, steps + 1)."""
    steps = test.shape[1] - 1
    whole = test[: -(-characters // steps), :-1].ravel()
    return whole[:characters]


def streams_of(test: np.ndarray, characters: int, vocabulary: np.ndarray) -> list[dict[str, int]]:
    """For each stream on the page: its number, where it starts, and the byte that follows its last character there."""
    steps = test.shape[1] - 1
    result = []
    for stream, start in enumerate(range(0, characters, steps)):
        following = test[stream, min(characters - start, steps)]
        result.append({"stream": stream, "start": start, "following": int(vocabulary[following])})
    return result


def model_blocks(
    name: str, network: Network, folder: Path, test: np.ndarray, contents: Contents, vocabulary: np.ndarray
) -> dict[str, bytes]:
    """The numbers of one model: `<model>/<layer>/<quantity>`, unit after unit; and its predictions.

    `<model>/predictions` holds for every character the bytes of the most likely next ones, then their probabilities.
    """
    shape, blocks = network.shape, {}
    for layer in range(1, shape.layers + 1):
        units = {quantity: contents.units[name, layer, quantity] for quantity in CELLS[shape.cell].activations}
        path = folder / name / f"layer-{layer}.parquet"
        values = read_prefix(path, test, contents.characters, list(units), shape.hidden_width)
        for quantity, array in values.items():
            blocks[f"{name}/{layer}/{quantity}"] = quantise(quantity, array[:, units[quantity]].T).tobytes()
    weight, bias = network.softmax.weight.detach().numpy(), network.softmax.bias.detach().numpy()
    ids, probabilities = most_likely(values["h"], weight, bias, PREDICTIONS)
    blocks[f"{name}/predictions"] = np.hstack([vocabulary[ids], quantise_probabilities(probabilities)]).tobytes()
    return blocks


def description(
    networks: dict[str, Network], units: Units, listed: pd.DataFrame, streams: list[dict[str, int]], words: str
) -> dict[str, Any]:
    """All that the page's script knows beside the numbers."""
    models = []
    for name, network in networks.items():
        layers: list[dict[str, list[int]]] = [{} for _ in range(network.shape.layers)]
        for (model, layer, quantity), members in units.items():
            if model == name and members:  # a quantity of which the page has no unit is not offered
                layers[layer - 1][quantity] = members
        models.append({"name": name, "layers": layers})
    return {
        "note": words,
        "streams": streams,
        "predictions": min(PREDICTIONS, next(iter(networks.values())).shape.vocabulary),
        "quantities": {name: {"meaning": meaning, "gate": name in GATES} for name, meaning in MEANINGS.items()},
        "models": models,
        "listed": listed.to_dict("records"),
    }


def render(title: str, described: dict[str, Any], blocks: dict[str, bytes]) -> str:
    """The page: page.html with its style, its script and its numbers put in.

    Its content security policy lets it run that script and that style, and load nothing.
    """
    template, style, *scripts = (source(name) for name in ("page.html", "page.css", *SCRIPTS))
    script = "\n".join(scripts)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": style,
        "SCRIPT": script,
        "STYLE_HASH": source_hash(style),
        "SCRIPT_HASH": source_hash(script),
        # Inside a script element only "<" could end it; in JSON it can be written by number.
        "DESCRIPTION": json.dumps(described, allow_nan=False).replace("<", "\\u003c"),
        "BLOCKS": "\n".join(
            f'<script type="text/plain" id="block/{html.escape(name)}">{base64.b64encode(block).decode()}</script>'
            for name, block in blocks.items()
        ),
    }
    head, *rest = template.split("{{")
    for piece in rest:
        name, _, text = piece.partition("}}")
        head += parts[name] + text
    return head


def source(name: str) -> str:
    """A file of the page's source, which lies beside this module."""
    return (files("rnnscope.explorer") / name).read_text(encoding="utf-8")


def source_hash(source: str) -> str:
    """A style or script as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def build(
    split: Path, models_folder: Path, activations_folder: Path, models: list[str], cells: Path, characters: int, title: str
) -> str:
    """The page of one corpus, from the folder of its split, those of its models and their activations, and the table of cells.

    It shows the first `characters` test characters, or as many as fit. Raises InputError when a file is missing or
    damaged, or the files do not belong together.
    """
    vocabulary = read_vocabulary(split)
    test = read_characters(split, "test", len(vocabulary))
    networks = {}
    for name in models:
        path = models_folder / name / "checkpoint.safetensors"
        networks[name], stored = load_checkpoint(path)
        check_vocabulary(path, stored, vocabulary)
    shapes = {name: network.shape for name, network in networks.items()}
    listed = read_listed(cells, shapes)
    contents = choose_contents(shapes, listed, min(characters, test[:, 1:].size))
    words = note(contents, characters, test[:, 1:].size)
    log.info(words)
    blocks = {"text": vocabulary[first_characters(test, contents.characters)].tobytes()}
    for name, network in networks.items():
        log.info("%s: activations and predictions", name)
        blocks |= model_blocks(name, network, activations_folder, test, contents, vocabulary)
    streams = streams_of(test, contents.characters, vocabulary)
    return render(title, description(networks, contents.units, listed, streams, words), blocks)


def main() -> None:
    """Write the page of one corpus."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--models-folder", type=Path, required=True, help="folder of <model>/checkpoint.safetensors")
    parser.add_argument("--activations-folder", type=Path, required=True, help="folder of <model>/layer-<l>.parquet")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODEL", help="those to choose from on the page")
    parser.add_argument("--cells", type=Path, required=True, help="CSV of units ranked by feature")
    parser.add_argument("--characters", type=int, required=True, help="how many test characters, from the first on")
    parser.add_argument("--title", required=True, help="how the corpus is called")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    words = vars(parser.parse_args())
    out = words.pop("out")
    if words["characters"] < 1:
        raise InputError(f"characters: found {words['characters']}, expected a positive number")
    page = build(**words)
    with whole_file(out) as partial:
        partial.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
