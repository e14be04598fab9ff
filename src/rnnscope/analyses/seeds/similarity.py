"""What comes back from another seed: single units, the best units of features, whole layers.

Networks that differ in their seed alone start from other weights, so that their units are not in the same order and need not be
the same at all. Two questions: Is there for each unit of one network one of another that does the same (`unit_matches.csv`)? And
do two layers hold the same as a whole, whichever units hold it (linear CKA, `similarity.csv`)? Both for every two layers of every
two runs, so that another seed can be compared with another cell and another depth.

Of every state the mean over all streams at the same step is subtracted first (`states`). Units are matched on the streams of even
number; correlations are of those of odd number, so that the best of many does not look
better than it is. What chance gives is known from the same matching of units of which one reads another stream (`moments`).
"""

from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.seeds.moments import Covariances, match_units
from rnnscope.analyses.seeds.states import Layer, load_runs, moments_of_halves
from rnnscope.analyses.units.features import read_shaped, varies_in_both_halves
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.devices import prepare_device
from rnnscope.settings.seeds import FEWEST_STREAMS, Seeds
from rnnscope.settings.training import Computing
from rnnscope.settings.units import Units
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table
from rnnscope.training.segments import ids_to_device

LAYER_COLUMNS = (
    Column("model", "text", "`<cell>-<layers>-<size>`"),
    Column("seed", "integer", "of its training run"),
    Column("layer", "integer", "1 is the lowest"),
)
OTHER_COLUMNS = tuple(Column(f"other_{column.name}", column.kind, "the same of the other layer") for column in LAYER_COLUMNS)
SIMILARITY = Table(
    "analyses/similarity.csv",
    "How alike two layers are: one row for every two layers of the training runs of `seeds`. Of the displayed states (tanh of "
    "the LSTM's `c`) at the first `units: characters` of the test part, less their mean over all streams at the same step. "
    "Units are matched on the streams of even number, correlations are of those of odd number. The control: one of the two "
    "layers reads another stream, and units are matched again.",
    (
        *LAYER_COLUMNS,
        *OTHER_COLUMNS,
        Column("cka", "number", "linear CKA of the two layers, 0 to 1: 1 if one is a rotation of the other"),
        Column("cka_control", "number", "the same of the control"),
        Column("matched_units", "integer", "units of the narrower layer: each is matched with one of the other"),
        Column("matched", "number", "mean absolute correlation of matched units"),
        Column("matched_control", "number", "the same of the control"),
        Column("above_control", "number", "fraction of the matched units that correlate more than any does in the control"),
    ),
)
UNIT_MATCHES = Table(
    "analyses/unit_matches.csv",
    "Which unit does the same in another training run: one row a unit of a layer and another run's layer of the same depth, "
    "matched as in `similarity.csv`. Every two runs are there once.",
    (
        *LAYER_COLUMNS,
        Column("unit", "integer", "index in the activations, from 0"),
        *OTHER_COLUMNS[:2],
        Column("other_unit", "integer", "unit of the other layer that it is matched with; empty where the other has fewer units"),
        Column("correlation", "number", "of the two, -1 to 1: below 0 the unit came back with its sign turned round"),
        Column("control", "number", "absolute correlation of the unit with the one that it is matched with in the control"),
    ),
)
FEATURE_UNIT_MATCHES = Table(
    "analyses/feature_unit_matches.csv",
    "Whether the best unit of a feature comes back from another seed: one row a model, feature and two of its training runs, in "
    "both orders. Scores are correlations of a displayed state with the feature (Pearson), so that a best unit may be "
    "another than in `cells.csv`. Chosen and matched on the streams of even number, reported on those of odd number.",
    (
        *LAYER_COLUMNS[:2],
        Column("feature", "text", "a column of `features.parquet`"),
        Column("layer", "integer", "layer of the run's best unit for the feature"),
        Column("unit", "integer", "index of this unit, from 0"),
        Column("score", "number", "its score, in the direction that it has on the streams to choose by"),
        Column("other_seed", "integer", "seed of the other run"),
        Column("other_unit", "integer", "the unit of the other run, in the same layer, that it is matched with"),
        Column("correlation", "number", "of the two units, -1 to 1"),
        Column("control", "number", "absolute correlation of the unit with the one that it is matched with in the control"),
        Column("other_score", "number", "score of the other unit for the feature"),
        Column("other_best_score", "number", "score of the other run's own best unit for the feature"),
        Column("is_best", "yes/no", "whether the other unit is the other run's best one for the feature"),
    ),
)


class Comparison:
    """All layers compared with each other.

    Parameters
    ----------
    layers
        Of all runs.
    selection, held_out, together
        Covariances of all units: to choose by, to report on, and of both.
    """

    def __init__(self, layers: list[Layer], selection: Covariances, held_out: Covariances, together: Covariances) -> None:
        self.layers, self.selection, self.held_out, self.together = layers, selection, held_out, together

    def matched(self, first: Layer, second: Layer, shifted: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return for each unit of `first` its unit of `second`, -1 for none, and the correlation of the two, NaN for none."""
        found = match_units(self.selection.correlations(first.units, second.units, shifted))
        reported = self.held_out.correlations(first.units, second.units, shifted)
        return found, np.where(found < 0, np.nan, reported[np.arange(len(found)), found])

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the rows of `SIMILARITY` and of `UNIT_MATCHES`."""
        rows, matches = [], []
        for first, second in combinations(self.layers, 2):
            (units, found), (_, control) = self.matched(first, second), self.matched(first, second, shifted=True)
            alike, by_chance = np.abs(found[units >= 0]), np.abs(control)
            identity = {"model": first.model, "seed": first.seed, "layer": first.layer}
            identity |= {"other_model": second.model, "other_seed": second.seed}
            rows.append(
                identity
                | {
                    "other_layer": second.layer,
                    "cka": self.together.similarity(first.units, second.units),
                    "cka_control": self.together.similarity(first.units, second.units, shifted=True),
                    "matched_units": len(alike),
                    "matched": alike.mean(),
                    "matched_control": np.nanmean(by_chance),
                    "above_control": (alike > np.nanmax(by_chance)).mean(),
                }
            )
            if first.run != second.run and first.layer == second.layer:
                columns = {"unit": np.arange(len(units)), "other_unit": units, "correlation": found, "control": by_chance}
                matches.append(pd.DataFrame(identity | columns))
        table = pd.concat(matches)
        return pd.DataFrame(rows), table.assign(other_unit=table["other_unit"].astype("Int64").where(table["other_unit"] >= 0))

    def feature_matches(self, features: dict[str, slice]) -> pd.DataFrame:
        """Return the rows of `FEATURE_UNIT_MATCHES`.

        Parameters
        ----------
        features
            By name the column of each, behind those of the units.
        """
        rows = []
        for first, second in permutations(self.layers, 2):
            if (first.model, first.layer) != (second.model, second.layer):
                continue
            (units, correlations), (_, control) = self.matched(first, second), self.matched(first, second, shifted=True)
            for feature, column in features.items():
                layer, unit = self._best_unit(first, column)
                if layer != first:
                    continue
                other_layer, other_best = self._best_unit(second, column)
                rows.append(
                    {
                        "model": first.model,
                        "seed": first.seed,
                        "feature": feature,
                        "layer": first.layer,
                        "unit": unit,
                        "score": self._score(first, unit, column),
                        "other_seed": second.seed,
                        "other_unit": units[unit],
                        "correlation": correlations[unit],
                        "control": abs(control[unit]),
                        "other_score": self._score(second, units[unit], column),
                        "other_best_score": self._score(other_layer, other_best, column),
                        "is_best": (other_layer, other_best) == (second, units[unit]),
                    }
                )
        return pd.DataFrame(rows, columns=FEATURE_UNIT_MATCHES.names)

    def _best_unit(self, of_run: Layer, column: slice) -> tuple[Layer, int]:
        """The unit of a run with the largest correlation with a feature in the half to choose by, the first of equals."""
        layers = [layer for layer in self.layers if layer.run == of_run.run]
        scores = [np.abs(self.selection.correlations(layer.units, column)[:, 0]) for layer in layers]
        index = int(np.argmax([found.max() for found in scores]))
        return layers[index], int(scores[index].argmax())

    def _score(self, layer: Layer, unit: int, column: slice) -> float:
        """The score of a unit for a feature in the half to report on, in the direction that the other half has."""
        selection, held_out = (half.correlations(layer.units, column)[unit, 0] for half in (self.selection, self.held_out))
        return float(np.where(selection < 0, -held_out, held_out))


def main(
    split: Path,
    models_folder: Path,
    features: Path,
    seeds: Seeds,
    units: Units,
    computing: Computing,
    out: Path,
    out_matches: Path,
    out_feature_matches: Path,
) -> None:
    """Write how alike the units and layers of some training runs are.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    models_folder
        Folder that holds <model>/ of the chosen runs, and <model>/seed-<seed>/ of the others, each with checkpoint.safetensors
        and summary.json.
    features
        features.parquet.
    seeds
        Models and further seeds.
    units
        How many test characters are read.
    computing
        Device and threads.
    out
        CSV file to write: a row for every two layers.
    out_matches
        CSV file to write: a row a unit and other run.
    out_feature_matches
        CSV file to write: a row a feature and two runs.
    """
    device, opened = prepare_device(computing), read_split(split)
    ids = opened.part("test")
    streams, total_steps = len(ids), ids.shape[1] - 1
    if streams < FEWEST_STREAMS:
        raise InputError(f"{opened.path('test')}: found {streams} streams, expected at least {FEWEST_STREAMS}")
    steps = min(max(units.characters // streams, 1), total_steps)
    known = read_shaped(features, opened.path("test"), (streams, total_steps))
    known = {name: read for name, values in known.items() if varies_in_both_halves(read := values[:, :steps])}
    networks, layers = load_runs(models_folder, seeds, opened, device)
    characters = ids_to_device(np.ascontiguousarray(ids[:, :steps].T), device)
    selection, held_out = moments_of_halves(networks, characters, known)
    comparison = Comparison(layers, selection.covariances(), held_out.covariances(), selection.with_other(held_out))
    similarity, matches = comparison.tables()
    behind = layers[-1].units.stop
    columns = {name: slice(behind + index, behind + index + 1) for index, name in enumerate(known)}
    SIMILARITY.write(similarity, out)
    UNIT_MATCHES.write(matches, out_matches)
    FEATURE_UNIT_MATCHES.write(comparison.feature_matches(columns), out_feature_matches)


if __name__ == "__main__":
    run(main)
