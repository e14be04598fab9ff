"""Snippets of the test text with the value of one unit at every character (paper section 4, F2).

    python -m rnnscope.analyses.units.cell_text --features FILE --split DIR --activations FOLDER [--activations FOLDER ...]
        --cells cells.csv --lines 4 --columns 90 --random-units 4 --seed 1 --out FILE.csv

Nothing is picked by hand, and no unit has a say in its snippet. Each feature is shown by its best unit: of all models, that
of the highest selection score, among the cells c of LSTMs and the hidden states h of other networks (AUC for a yes/no
feature, Spearman's correlation for a count). Its snippet is the one, of those that begin a line in the streams that had no
say in choosing the unit, in which the feature switches most often (yes/no) or has the largest variance (count); of equals
the first. After these come units drawn at random from all layers and models, on a snippet drawn at random: what most units
look like.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.activations.reader import row_groups
from rnnscope.analyses.units.features import POSITION, read_features
from rnnscope.analyses.units.scoring import PEARSON
from rnnscope.analyses.units.units import QUANTITIES, add_unit_flags, display_values, layers_and_quantities
from rnnscope.cli import run
from rnnscope.corpus.split import read_characters, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.tables import read_csv, write_csv

UNIT = ["model", "cell", "layer", "quantity", "unit"]
CHOSEN = [*UNIT, "feature", "measure", "selection_score", "held_out_score", "sign"]
COLUMNS = ["panel", *UNIT, "feature", "measure", "held_out_score", "stream", "step", "line", "column", "character", "value"]

RANDOM = "random"

log = logging.getLogger(__name__)


def layout(text: np.ndarray, lines: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each character of a text stands that is set in lines of `columns`: line and column, int, of those that fit.

    text: uint8 (characters,), one stream's bytes from the snippet's beginning on. A line ends after its line feed, or when it
    is full.
    """
    line, column, places = 0, 0, []
    for character in text[: lines * columns]:
        places.append((line, column))
        column += 1
        if character == ord("\n") or column == columns:
            line, column = line + 1, 0
        if line == lines:
            break
    found = np.array(places, dtype=int).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def candidate_snippets(text: np.ndarray, lines: int, columns: int) -> list[tuple[int, int, int]]:
    """The snippets that could be shown: (stream, first step, characters), at the beginnings of lines in streams of odd number.

    text: uint8 bytes (streams, steps). Those that the end of the stream cuts off are left out, unless all are: then each
    odd stream's beginning is one.
    """
    whole, any_length = [], []
    for stream in range(1, len(text), 2):
        row = text[stream]
        any_length.append((stream, 0, len(layout(row, lines, columns)[0])))
        for start in np.flatnonzero(row[:-1] == ord("\n")) + 1:
            line, column = layout(row[start:], lines, columns)
            ended = row[start + len(line) - 1] == ord("\n") or column[-1] == columns - 1
            if line[-1] == lines - 1 and ended:
                whole.append((stream, int(start), len(line)))
    return whole or any_length


def most_varying(feature: np.ndarray, snippets: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """The snippet in which a feature, (streams, steps), switches most often (bool) or varies most (int); the first of equals."""

    def liveliness(snippet: tuple[int, int, int]) -> float:
        stream, start, length = snippet
        values = feature[stream, start : start + length]
        return float(np.count_nonzero(np.diff(values)) if feature.dtype == bool else values.var())

    return max(snippets, key=liveliness)


def best_units(cells: pd.DataFrame) -> pd.DataFrame:
    """The unit to show for each feature, in the order of the features in the table of cells."""
    shown_state = cells["quantity"] == cells["cell"].map(lambda cell: QUANTITIES[cell][0])
    able = cells[shown_state & (cells["measure"] != PEARSON)]
    best = able.sort_values("selection_score", ascending=False, kind="stable").drop_duplicates("feature")
    order = {name: place for place, name in enumerate(cells["feature"].drop_duplicates())}
    return best.sort_values("feature", key=lambda names: names.map(order))[CHOSEN]


def random_units(folders: list[Path], count: int, random: np.random.Generator) -> pd.DataFrame:
    """Units drawn without repetition from the layers of all models: c of LSTMs, h of other networks."""
    every = []
    for folder in folders:
        cell = folder.name.partition("-")[0]
        for layer, path, quantity in layers_and_quantities(folder):
            if quantity == QUANTITIES[cell][0]:
                width = next(row_groups(path, [quantity]))[quantity].shape[1]
                every += [(folder.name, cell, layer, quantity, unit) for unit in range(width)]
    drawn = random.choice(len(every), size=min(count, len(every)), replace=False)
    return pd.DataFrame([every[place] for place in sorted(drawn)], columns=UNIT)


def read_values(folder: Path, panels: pd.DataFrame) -> dict[int, np.ndarray]:
    """The values of the units of one model in their panels, by panel: float32 between -1 and 1, (characters of the snippet,).

    panels: `UNIT`, `panel`, `stream`, `start` and `length`. Each layer is read once; memory: one row group. Raises InputError
    when the activations do not hold a snippet.
    """
    found: dict[int, list[np.ndarray]] = {panel: [] for panel in panels["panel"]}
    for layer, path, quantity in layers_and_quantities(folder):
        here = panels[(panels["layer"] == layer) & (panels["quantity"] == quantity)].to_dict("records")
        for group in row_groups(path, [quantity]) if here else ():
            for panel in here:
                step = group["step"] - panel["start"]
                rows = (group["stream"] == panel["stream"]) & (step >= 0) & (step < panel["length"])
                found[panel["panel"]].append(display_values(quantity, group[quantity][rows, panel["unit"]]))
    values = {panel: np.concatenate(pieces) for panel, pieces in found.items()}
    for panel, length in zip(panels["panel"], panels["length"], strict=True):
        if len(values[panel]) != length:
            raise InputError(
                f"{folder}: found {len(values[panel])} characters of a snippet, expected {length}; the dump is stale"
            )
    return values


def plan(
    units: pd.DataFrame, text: np.ndarray, features: dict[str, np.ndarray], size: tuple[int, int], random: np.random.Generator
) -> pd.DataFrame:
    """Give each unit its panel and snippet: that of its feature, or for those without one (`RANDOM`) one drawn at random.

    text: uint8 bytes (streams, steps); features: of the same shape, by name; size: lines and columns.
    """
    snippets = candidate_snippets(text, *size)
    of_feature = {name: most_varying(features[name], snippets) for name in units["feature"].unique() if name != RANDOM}
    of_feature[RANDOM] = snippets[random.integers(len(snippets))]
    places = pd.DataFrame([of_feature[name] for name in units["feature"]], columns=["stream", "start", "length"])
    return pd.concat([units.reset_index(drop=True), places], axis=1).assign(panel=np.arange(1, len(units) + 1))


def panel_rows(panel: dict, text: np.ndarray, values: np.ndarray, size: tuple[int, int]) -> pd.DataFrame:
    """A panel's characters, a row each."""
    steps = np.arange(panel["start"], panel["start"] + panel["length"])
    characters = text[panel["stream"], steps]
    line, column = layout(characters, *size)
    places = {"step": steps, "line": line, "column": column, "character": characters, "value": values}
    return pd.DataFrame(panel | places)[COLUMNS]


def read_bytes(split: Path, characters: int) -> np.ndarray:
    """The first steps of every stream of the test part, at most `characters` in all: uint8 bytes (streams, steps)."""
    vocabulary = read_vocabulary(split)
    ids = read_characters(split, "test", len(vocabulary))[:, :-1]
    text: np.ndarray = vocabulary[ids[:, : max(characters // len(ids), 1)]]
    return text


def main() -> None:
    """Write the snippets of the best and of some random units."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_unit_flags(parser)
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--cells", type=Path, required=True, help="cells.csv of the same models")
    parser.add_argument("--lines", type=int, required=True, help="of a snippet")
    parser.add_argument("--columns", type=int, required=True, help="characters of a line, at most")
    parser.add_argument("--random-units", type=int, required=True, help="how many units to draw at random")
    parser.add_argument("--seed", type=int, required=True, help="of the units and the snippet drawn at random")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    size, random = (arguments.lines, arguments.columns), np.random.default_rng(arguments.seed)
    text = read_bytes(arguments.split, arguments.characters)
    best = best_units(read_csv(arguments.cells, [*CHOSEN]))
    drawn = random_units(arguments.activations, arguments.random_units, random).assign(feature=RANDOM, measure=RANDOM)
    features = {
        name: values.reshape(len(text), -1)[:, : text.shape[1]]
        for name, values in read_features(arguments.features).items()
        if name not in POSITION
    }
    panels = plan(pd.concat([best, drawn]), text, features, size, random)
    tables = []
    for folder in arguments.activations:
        log.info("%s: snippets", folder.name)
        of_model = panels[panels["model"] == folder.name]
        values = read_values(folder, of_model)
        tables += [panel_rows(panel, text, values[panel["panel"]], size) for panel in of_model.to_dict("records")]
    write_csv(pd.concat(tables).sort_values(["panel", "step"]), arguments.out)


if __name__ == "__main__":
    run(main)
