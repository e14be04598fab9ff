"""The explorer: one HTML file on which a person walks through units and text, without server and network connection.

The networks themselves are on the page, in 16 bits a weight, and run there: on the test text as it is scrolled to, and on what is
typed. All numbers are in the file in base64. The text is among them, so that nothing in it can be taken for HTML.
"""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from rnnscope.cli import run
from rnnscope.corpus.letters import letters_stand_alone
from rnnscope.corpus.split_reader import read_split
from rnnscope.explorer.browser.template import render
from rnnscope.explorer.held_units import held_units
from rnnscope.explorer.opening import add_passages, traced_units
from rnnscope.explorer.page_text import page_text, spelled_as_in
from rnnscope.explorer.ranked_units import read_ranked_units
from rnnscope.explorer.unit_statistics import Statistics, unit_statistics
from rnnscope.explorer.weights import describe, packed_parameters, rounded
from rnnscope.explorer.worker.program import program
from rnnscope.models.cells import CELLS, Cell, ModelName
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.settings.units import Explorer
from rnnscope.storage.declarations import declare
from rnnscope.storage.files import whole_file

declare("explorer.html", "The page for looking at units and text; described in the introduction.")

log = logging.getLogger(__name__)


def build(
    split: Path,
    models_folder: Path,
    models: list[str],
    cells: Path,
    baseline: Path,
    features: Path,
    characters: int,
    title: str,
    ablations: Path | None = None,
) -> str:
    """Build the page of one corpus.

    Parameters
    ----------
    split, models_folder, models, cells, baseline, features, title, ablations
        As of `main`.
    characters
        How many test characters to show at most, from the first on: whole streams, or the beginning of one.

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
    text = page_text(parts.part("test"), parts.vocabulary, characters)
    if not letters_stand_alone(parts.vocabulary, parts.encoding):
        text = spelled_as_in(text, parts.text)
    networks = {}
    for name in models:
        path = models_folder / name / "checkpoint.safetensors"
        networks[name], stored = load_checkpoint(path)
        check_vocabulary(path, stored, parts.vocabulary)
    worker = program([network.shape.cell for network in networks.values()])
    ranked = read_ranked_units(cells, baseline, {name: network.shape for name, network in networks.items()})
    held = held_units(ablations, models, ranked) if ablations else None
    blocks = {"text": text.ids.tobytes()}
    found: dict[str, Statistics] = {}
    for name, network in networks.items():
        packed = packed_parameters(network)
        log.info("%s: units over %s characters", name, f"{text.ids.size:,}")
        found[name] = unit_statistics(rounded(network), text, traced_units(ranked, name))
        numbers = packed | found[name].blocks()
        blocks |= {f"{name}/{block}": array for block, array in numbers.items()}
    ranked = add_passages(ranked, {name: statistics.traces for name, statistics in found.items()}, features, text)
    description = {
        "text": text.describe(),
        "models": [_describe(name, network, found[name].loss) for name, network in networks.items()],
        "ranked": _records(ranked),
        "held": held,
        "bins": found[models[0]].histograms.shape[-1],
        "places": found[models[0]].places.shape[-1] // 2,
    }
    return render(title, description, blocks, worker)


def _quantities_of(cell: Cell) -> dict[str, dict[str, Any]]:
    """Return what the page's script knows of the activations of a cell, by name: the states first, then the others."""
    others = [name for name in cell.activation_names if name not in cell.states]
    return {
        name: {
            "meaning": cell.by_name[name].meaning,
            "role": cell.by_name[name].role,
            "gate": cell.by_name[name].gate,
            "saturating": cell.by_name[name].saturating,
            "state": name in cell.states,
        }
        for name in (*cell.analysed_states, *others)
    }


def _describe(name: str, network: Network, loss: float) -> dict[str, Any]:
    """Return what the page knows of a model besides the numbers."""
    cell = CELLS[network.shape.cell]
    return {
        "name": name,
        "title": ModelName.parse(name).title,
        "loss": loss,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "network": describe(network),
        "quantities": _quantities_of(cell),
    }


def _records(ranked: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the list, with numbers rounded to what is shown and no number where there is none."""
    brief = ranked.round({"selection_score": 4, "held_out_score": 4, "chance": 4, "margin": 4, "clarity": 4})
    records = brief.astype(object).where(brief.notna(), None).to_dict("records")
    return [{str(column): value for column, value in record.items()} for record in records]


def main(
    split: Path,
    models_folder: Path,
    models: list[str],
    cells: Path,
    baseline: Path,
    features: Path,
    settings: Explorer,
    title: str,
    out: Path,
    ablations: Path | None = None,
) -> None:
    """Write the explorer's page of one corpus.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    models_folder
        Folder of <model>/checkpoint.safetensors.
    models
        Names of the models to choose from on the page.
    cells
        cells.csv, the units ranked by feature.
    baseline
        cells_baseline.csv, what chance reaches.
    features
        features.parquet, the features of the test text.
    settings
        Section `explorer`.
    title
        Name of the corpus.
    out
        Page to write.
    ablations
        ablations.csv; None where no unit is ablated.
    """
    page = build(split, models_folder, models, cells, baseline, features, settings.characters, title, ablations)
    with whole_file(out) as partial:
        partial.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
