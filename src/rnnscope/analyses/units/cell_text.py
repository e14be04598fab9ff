"""Snippets of the test text with the value of one unit at every character (paper section 4, F2).

Nothing is picked by hand, and the values of a unit are not used to choose its snippet. Each feature is shown by its best
unit: of all models, the one of the highest selection score, among the displayed states of the cells (AUC for a yes/no
feature, Spearman's correlation for a count). Its snippet is the one, of those that begin a line in the streams that were not
used to choose the unit, in which the feature switches most often (yes/no) or has the largest variance (count); of equals the
first. The unit of the largest margin over chance comes first. After these come units drawn at random from all layers and
models, on a snippet drawn at random: what most units look like.

A state without bounds, such as the LSTM's c, is shown through tanh. Where c counts to 70, tanh(c) would be 1 nearly
everywhere and show nothing of it. Such a unit is first divided by its own scale.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.activations.reader import row_groups
from rnnscope.analyses.units.features import POSITION, read_features
from rnnscope.analyses.units.margins import CHANCE, GROUP, with_margins
from rnnscope.analyses.units.scoring import PEARSON
from rnnscope.analyses.units.snippet_layout import candidate_snippets, layout, most_varying
from rnnscope.analyses.units.units import UNIT, UNIT_COLUMNS, cell_of, display_values, layers_and_states
from rnnscope.cli import run
from rnnscope.corpus.letters import INVISIBLE, LETTER, are_wide
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS, Activation
from rnnscope.settings.units import CellText, Units
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table, read_csv

CHOSEN = [*UNIT, "feature", "measure", "selection_score", "held_out_score", "sign"]
CELL_TEXT = Table(
    "analyses/cell_text.csv",
    "Figure F2: one row a character of the snippets. After the best unit of each feature come units drawn at random.",
    (
        Column("panel", "integer", "one a unit, from 1"),
        *UNIT_COLUMNS,
        Column("feature", "text", "as in `cells.csv`; `random` for a unit drawn at random"),
        Column("measure", "text", "`auc` or `spearman`; `random` for a unit drawn at random"),
        Column("sign", "integer", "as in `cells.csv`: -1 for a unit that is low where its feature is on or high; else 1"),
        Column("held_out_score", "number", "as in `cells.csv`; empty for a unit drawn at random"),
        Column(
            "margin",
            "number",
            "share of what is possible above chance: (`held_out_score` - chance) / (1 - chance), where chance is "
            "`held_out_percentile_95` of `cells_baseline.csv`; empty for a unit drawn at random. Panels are in its order",
        ),
        Column("stream", "integer", "row s of `test.npy`"),
        Column("step", "integer", "t: the character is column t"),
        Column("line", "integer", "line of the panel, from 0: lines end where those of the text do, or when they are full"),
        Column("column", "integer", "characters before it in this line"),
        Column("character", "integer", "byte or code point of the character, not its id"),
        Column("letter", "text", LETTER),
        Column("on", "yes/no", "whether the feature is on; empty for a count and for a unit drawn at random"),
        Column("state", "number", "stored value of the unit after reading it"),
        Column(
            "scale",
            "number",
            "of a state without bounds the median of the unit's magnitude over the test part, if that is above 1; else 1",
        ),
        Column("value", "number", "what is displayed, -1 to 1: of a state without bounds tanh(`state` / `scale`), else `state`"),
    ),
)

RANDOM = "random"

log = logging.getLogger(__name__)


def best_units(cells: pd.DataFrame, baseline: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the unit to show for each feature, that of the largest margin over chance first.

    Parameters
    ----------
    cells
        The columns `CHOSEN`.
    baseline, path
        cells_baseline.csv, and where it was read from.
    """
    displayed = cells["quantity"] == cells["cell"].map({name: cell.displayed_state for name, cell in CELLS.items()})
    able = cells[displayed & (cells["measure"] != PEARSON)]
    best = able.sort_values("selection_score", ascending=False, kind="stable").drop_duplicates("feature")
    return with_margins(best[CHOSEN], baseline, path).sort_values("margin", ascending=False, kind="stable")


def random_units(folders: list[Path], count: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw units without repetition from the displayed states of all layers and models; columns `UNIT`."""
    every = []
    for folder in folders:
        cell = cell_of(folder)
        for layer, path, state in layers_and_states(folder):
            if state.name == cell.displayed_state:
                width = next(row_groups(path, [state.name]))[state.name].shape[1]
                every += [(folder.name, cell.name, layer, state.name, unit) for unit in range(width)]
    drawn = random.choice(len(every), size=min(count, len(every)), replace=False)
    return pd.DataFrame([every[index] for index in sorted(drawn)], columns=UNIT)


def display_scale(activation: Activation, stored: np.ndarray) -> float:
    """Return what the values of a unit, (characters,), are divided by before they are displayed.

    At a scale of the median magnitude, half of the characters are within tanh(1) = 0.76 and so can be told apart.
    """
    return max(float(np.median(np.abs(stored.astype(np.float32)))), 1.0) if activation.saturating else 1.0


def read_values(folder: Path, panels: pd.DataFrame) -> dict[int, dict[str, np.ndarray | float]]:
    """Read the values of the units of one model in their panels.

    Parameters
    ----------
    folder
        Activations of the model. Each layer is read once; memory holds one row group, and all values of the units.
    panels
        `UNIT`, `panel`, `stream`, `start` and `length`.

    Returns
    -------
    dict of int to dict
        By panel `state` and `value`, float32 (characters of the snippet,), and `scale`.

    Raises
    ------
    InputError
        If the activations do not hold a snippet.
    """
    values: dict[int, dict[str, np.ndarray | float]] = {}
    for layer, path, state in layers_and_states(folder):
        here = panels[(panels["layer"] == layer) & (panels["quantity"] == state.name)].to_dict("records")
        every: dict[int, list[np.ndarray]] = {panel["panel"]: [] for panel in here}
        shown: dict[int, list[np.ndarray]] = {panel["panel"]: [] for panel in here}
        for group in row_groups(path, [state.name]) if here else ():
            for panel in here:
                stored, step = group[state.name][:, panel["unit"]], group["step"] - panel["start"]
                every[panel["panel"]].append(stored)
                shown[panel["panel"]].append(
                    stored[(group["stream"] == panel["stream"]) & (step >= 0) & (step < panel["length"])]
                )
        for panel in here:
            stored = np.concatenate(shown[panel["panel"]]).astype(np.float32)
            if len(stored) != panel["length"]:
                raise InputError(
                    f"{folder}: found {len(stored)} characters of a snippet, expected {panel['length']}; the dump is stale"
                )
            scale = display_scale(state, np.concatenate(every[panel["panel"]]))
            value = display_values(state, stored / np.float32(scale))
            values[panel["panel"]] = {"state": stored, "scale": scale, "value": value}
    return values


def plan(
    units: pd.DataFrame, text: np.ndarray, features: dict[str, np.ndarray], size: tuple[int, int], random: np.random.Generator
) -> pd.DataFrame:
    """Give each unit its panel and its snippet: the one of its feature, or one drawn at random if it has none.

    Parameters
    ----------
    units
        `UNIT`, `feature` (`RANDOM` for none) and more.
    text
        Uint8 bytes (streams, steps).
    features
        By name, of the same shape.
    size
        Lines and columns of a snippet.
    random
        What draws.

    Returns
    -------
    DataFrame
        The units with `panel`, `stream`, `start` and `length`.
    """
    snippets = candidate_snippets(text, *size)
    of_feature = {name: most_varying(features[name], snippets) for name in units["feature"].unique() if name != RANDOM}
    of_feature[RANDOM] = snippets[random.integers(len(snippets))]
    chosen = pd.DataFrame([of_feature[name] for name in units["feature"]], columns=["stream", "start", "length"])
    return pd.concat([units.reset_index(drop=True), chosen], axis=1).assign(panel=np.arange(1, len(units) + 1))


def panel_rows(
    panel: dict,
    text: np.ndarray,
    feature: np.ndarray | None,
    values: dict[str, np.ndarray | float],
    size: tuple[int, int],
    split: Split,
) -> pd.DataFrame:
    """Return the characters of a panel, one row each.

    `feature` has its values at all characters, if the panel is that of a yes/no feature; `values` as from `read_values`,
    and `split` has the letters.
    """
    steps = np.arange(panel["start"], panel["start"] + panel["length"])
    characters = text[panel["stream"], steps]
    line, column = layout(characters, *size)
    letters = split.test_letters(panel["stream"], steps, INVISIBLE)
    of_character = {"step": steps, "line": line, "column": column, "character": characters, "letter": letters}
    of_character["on"] = None if feature is None else feature[panel["stream"], steps]
    return pd.DataFrame(panel | of_character | values)[CELL_TEXT.names]


def read_characters(split: Split, characters: int) -> np.ndarray:
    """Return the first steps of every stream of the test part, at most `characters` in all: (streams, steps).

    They are bytes, uint8, or code points, uint32.
    """
    ids = split.part("test")[:, :-1]
    return split.vocabulary[ids[:, : max(characters // len(ids), 1)]]


def main(
    features: Path,
    activations: list[Path],
    cells: Path,
    baseline: Path,
    split: Path,
    units: Units,
    cell_text: CellText,
    out: Path,
) -> None:
    """Write the snippets of the best and of some random units.

    Parameters
    ----------
    features
        features.parquet.
    activations
        Folders of activations, each named like its model.
    cells
        cells.csv of the same models.
    baseline
        cells_baseline.csv of the same models.
    split
        Folder that rnnscope.corpus.split wrote.
    units
        Which characters are read.
    cell_text
        Settings of the snippets.
    out
        CSV file to write.
    """
    size, random = (cell_text.lines, cell_text.columns), np.random.default_rng(cell_text.seed)
    opened = read_split(split)
    text = read_characters(opened, units.characters)
    if are_wide(text):
        size = cell_text.lines, cell_text.columns // 2
    best = best_units(read_csv(cells, CHOSEN), read_csv(baseline, [*GROUP, CHANCE]), baseline)
    drawn = random_units(activations, cell_text.random_units, random).assign(feature=RANDOM, measure=RANDOM, sign=1)
    by_name = {
        name: values.reshape(len(text), -1)[:, : text.shape[1]]
        for name, values in read_features(features).items()
        if name not in POSITION
    }
    yes_no = {name: values for name, values in by_name.items() if values.dtype == bool}
    panels = plan(pd.concat([best, drawn]), text, by_name, size, random)
    tables = []
    for folder in activations:
        log.info("%s: snippets", folder.name)
        of_model = panels[panels["model"] == folder.name]
        values = read_values(folder, of_model)
        tables += [
            panel_rows(panel, text, yes_no.get(panel["feature"]), values[panel["panel"]], size, opened)
            for panel in of_model.to_dict("records")
        ]
    CELL_TEXT.write(pd.concat(tables).sort_values(["panel", "step"]), out)


if __name__ == "__main__":
    run(main)
