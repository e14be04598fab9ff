"""The explorer: one HTML file on which a person walks through units and text, without server and network.

All numbers are in the file in base64: deflate would make a page of real activations 5 % smaller and add a delay to every
choice. The text is among them, as bytes, so that nothing in it can be taken for HTML.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.explorer.blocks import first_characters, model_blocks
from rnnscope.explorer.page_budget import PREDICTIONS, Units, choose_contents, note
from rnnscope.explorer.ranked_units import read_ranked_units
from rnnscope.explorer.template import render
from rnnscope.models.cells import CELLS, Cell
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.settings.units import Explorer
from rnnscope.storage.declarations import declare
from rnnscope.storage.files import whole_file

declare("explorer.html", "The page for looking at units and text; described in the introduction.")

log = logging.getLogger(__name__)


def build(
    split: Path, models_folder: Path, activations_folder: Path, models: list[str], cells: Path, characters: int, title: str
) -> str:
    """Build the page of one corpus.

    Parameters
    ----------
    split, models_folder, activations_folder, models, cells, title
        As of `main`.
    characters
        How many test characters to show, from the first on; fewer if they do not fit.

    Returns
    -------
    str
        The HTML.

    Raises
    ------
    InputError
        If a file is missing or corrupt, or the files do not belong together.
    """
    parts = read_split(split)
    vocabulary, test = parts.vocabulary, parts.part("test")
    networks = {}
    for name in models:
        path = models_folder / name / "checkpoint.safetensors"
        networks[name], stored = load_checkpoint(path)
        check_vocabulary(path, stored, vocabulary)
    shapes = {name: network.shape for name, network in networks.items()}
    ranked = read_ranked_units(cells, shapes)
    contents = choose_contents(shapes, ranked, min(characters, test[:, 1:].size))
    text = note(contents, characters, test[:, 1:].size)
    log.info(text)
    blocks = {"text": vocabulary[first_characters(test, contents.characters)].tobytes()}
    for name, network in networks.items():
        log.info("%s: activations and predictions", name)
        blocks |= model_blocks(name, network, activations_folder, test, contents, vocabulary)
    streams = _streams_of(test, contents.characters, vocabulary)
    return render(title, _describe(networks, contents.units, ranked, streams, text), blocks)


def _streams_of(test: np.ndarray, characters: int, vocabulary: np.ndarray) -> list[dict[str, int]]:
    """Return of each stream on the page its index, its start, and the byte that follows its last character there."""
    steps = test.shape[1] - 1
    streams = []
    for stream, start in enumerate(range(0, characters, steps)):
        following = test[stream, min(characters - start, steps)]
        streams.append({"stream": stream, "start": start, "following": int(vocabulary[following])})
    return streams


def _quantities_of(cell: Cell) -> dict[str, dict[str, Any]]:
    """Return what the page's script knows of the activations of a cell, by name: the states first, then the others."""
    others = [name for name in cell.activation_names if name not in cell.states]
    return {
        name: {
            "meaning": cell.by_name[name].meaning,
            "gate": bool(cell.by_name[name].gate),
            "saturating": cell.by_name[name].saturating,
        }
        for name in (*cell.analysed_states, *others)
    }


def _describe(
    networks: dict[str, Network], units: Units, ranked: pd.DataFrame, streams: list[dict[str, int]], text: str
) -> dict[str, Any]:
    """Return everything that the page's script knows besides the numbers."""
    models = []
    for name, network in networks.items():
        layers: list[dict[str, list[int]]] = [{} for _ in range(network.shape.layers)]
        for (model, layer, quantity), members in units.items():
            if model == name and members:  # a quantity without any unit on the page is not offered
                layers[layer - 1][quantity] = members
        models.append({"name": name, "quantities": _quantities_of(CELLS[network.shape.cell]), "layers": layers})
    return {
        "note": text,
        "streams": streams,
        "predictions": min(PREDICTIONS, next(iter(networks.values())).shape.vocabulary),
        "models": models,
        "ranked": ranked.to_dict("records"),
    }


def main(
    split: Path,
    models_folder: Path,
    activations_folder: Path,
    models: list[str],
    cells: Path,
    settings: Explorer,
    title: str,
    out: Path,
) -> None:
    """Write the explorer's page of one corpus.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    models_folder
        Folder of <model>/checkpoint.safetensors.
    activations_folder
        Folder of <model>/layer-<l>.parquet.
    models
        Names of the models to choose from on the page.
    cells
        cells.csv, the units ranked by feature.
    settings
        Section `explorer`.
    title
        Name of the corpus.
    out
        Page to write.
    """
    page = build(split, models_folder, activations_folder, models, cells, settings.characters, title)
    with whole_file(out) as partial:
        partial.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
