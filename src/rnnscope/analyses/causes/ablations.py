"""What every unit of a network causes: the rise of the loss when it is held, where a feature concerns it and elsewhere.

That a unit goes along with a feature does not show that the network uses it for the feature. Holding the unit does: at its mean,
at zero, or at the values that it has in another stream at the same place (Vig et al. 2020, "Investigating gender bias in language
models using causal mediation analysis"). It is compared with units of like variance: holding what varies more changes more.

Units are ranked by their scores on the streams of even number; effects are of the streams of odd number (`units`). So the effect
of the unit of the best score has no selection bias.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.causes.effects import EFFECTS, closest_in_variance, draw_controls, effect_columns, rank_down
from rnnscope.analyses.causes.groups import ALL, ends_of_lines, membership
from rnnscope.analyses.causes.held_losses import Baseline, Case, Unit, group_rises, read_window
from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.units.features import read_shaped, varies_in_both_halves
from rnnscope.analyses.units.scoring import PEARSON, effects, score, targets
from rnnscope.analyses.units.units import UNIT_COLUMNS, display_values
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network
from rnnscope.progress import progress
from rnnscope.settings.context import Ablations
from rnnscope.settings.predictions import Resampling
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table
from rnnscope.training.segments import to_device

FEATURE = Column("feature", "text", f"as in `cells.csv`; `{ALL}` for all characters, without a feature")
ABLATIONS = Table(
    "analyses/ablations.csv",
    "What happens when one unit is held: one row a model, unit, kind of hold and feature. Scores are of the streams of even "
    "number, rises and effects of those of odd number, in a window of the test part of `ablations: characters`. Intervals are "
    "from a bootstrap of whole streams, one for each unit, without a correction for their number. A row without a feature "
    "has no values about spans, one with a count none about their inside.",
    (
        *UNIT_COLUMNS,
        Column("hold", "text", "where: `mean`, its mean over the window; `zero`; `elsewhere`, its values in another stream"),
        FEATURE,
        Column("measure", "text", "`auc` of a yes/no feature, `spearman` of a count; empty without a feature"),
        Column("score", "number", "of the unit, on the even streams, in its better direction; empty without a feature"),
        Column("score_rank", "integer", "1 is the best score of the model's units; empty without a feature"),
        *EFFECTS,
        Column(
            "effect_rank", "integer", "1 is the largest `end_effect` of the model's units, without a feature the largest `rise`"
        ),
        Column("control", "number", "mean `end_effect`, or `rise`, of the `ablations: controls` units of the closest variance"),
        CLUSTERS,
    ),
)
ABLATION_GROUPS = Table(
    "analyses/ablation_groups.csv",
    "What happens when the best units of a feature are held together, all at their means: one row a model, feature and number of "
    "units. A control group is as many other units, all different: for each of the best, in their order, one is drawn from the "
    "`ablations: controls` units of the closest variance that are neither held nor drawn before, or fewer where fewer are left. "
    "Of a group of more than half of all units there is none: its `control_groups` is 0, and the columns of controls are empty.",
    (
        Column("model", "text", "`<cell>-<layers>-<size>`"),
        FEATURE,
        Column("units", "integer", "how many are held: those of the best scores on the even streams, of all layers and states"),
        *EFFECTS,
        Column("control_end_effect", "number", "mean `end_effect` of the control groups"),
        Column("control_inside_effect", "number", "mean of their `inside_effect`"),
        Column("control_rise", "number", "mean of their `rise`"),
        Column("control_groups", "integer", "how many control groups there are"),
        CLUSTERS,
    ),
)


def window_of(streams: int, steps: int, sequence_length: int, characters: int) -> tuple[int, int]:
    """Return the first step and the number of steps of the window: after a segment if the streams are long enough for it."""
    length = min(max(characters // streams, 1), steps)
    return min(sequence_length, steps - length), length


def units_of(network: Network) -> list[Unit]:
    """Return every state unit of a network, the displayed state of each layer first."""
    states, width = CELLS[network.shape.cell].analysed_states, network.shape.hidden_width
    layers = range(1, network.shape.layers + 1)
    return [Unit(layer, state, index) for layer in layers for state in states for index in range(width)]


def unit_values(baseline: Baseline, unit: Unit) -> np.ndarray:
    """Return what a unit does in the window, float32 (steps, streams)."""
    return baseline.values[unit.layer - 1][unit.state][:, :, unit.index].cpu().numpy()


def held_at(baseline: Baseline, unit: Unit, hold: str) -> float | np.ndarray:
    """Return where a unit is held: a number, or the values of the stream before, (steps, streams)."""
    if hold == "zero":
        return 0.0
    values = unit_values(baseline, unit)
    return float(values.mean(dtype=np.float64)) if hold == "mean" else np.roll(values, 1, axis=1)


def unit_scores(cell: str, baseline: Baseline, features: dict[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Return the score of every unit for every feature on the even streams, (units, features), and the measure of each feature.

    `features` are (streams, steps) by name, of the window, and vary on these streams.
    """
    compared = targets({name: values[::2].ravel() for name, values in features.items()})
    chosen = [index for index, (_, measure) in enumerate(compared.names) if measure != PEARSON]
    facts, found = CELLS[cell], []
    for states in baseline.values:
        for state in facts.analysed_states:
            stored = states[state][:, ::2].permute(2, 1, 0).flatten(1).cpu().numpy()
            shown = display_values(facts.by_name[state], stored)
            found.append(np.abs(effects(stored, shown, compared)[0][:, chosen]))
    measures = [compared.names[index][1] for index in chosen]
    scores = np.concatenate(found)
    return np.stack([score(scores[:, column], measure) for column, measure in enumerate(measures)], axis=1), measures


class ModelAblations:
    """The ablations of one model.

    Parameters
    ----------
    name
        Of the model.
    network
        In evaluation mode.
    baseline
        Its window, with no unit held.
    features
        By name, (streams, steps + 1): those that vary in both halves.
    line_ends
        Of `ends_of_lines`, (streams, steps).
    settings, intervals
        Holds and controls, and the bootstrap.
    """

    def __init__(
        self,
        name: str,
        network: Network,
        baseline: Baseline,
        features: dict[str, np.ndarray],
        line_ends: np.ndarray,
        settings: Ablations,
        intervals: Resampling,
    ) -> None:
        self.name, self.network, self.baseline = name, network, baseline
        self.features, self.settings, self.intervals = features, settings, intervals
        self.units = units_of(network)
        self.groups = membership(features, line_ends)
        self.counts = self.groups[1::2].sum(axis=1, dtype=np.float64)
        window = {feature: values[:, :-1] for feature, values in features.items()}
        self.scores, self.measures = unit_scores(network.shape.cell, baseline, window)
        variances = np.array([unit_values(baseline, unit).var(dtype=np.float64) for unit in self.units])
        # As many more as may be in a group or drawn before.
        skipped = 2 * (max(settings.group_sizes) - 1)
        self.nearest = closest_in_variance(variances, settings.controls + skipped)
        self.closest = self.nearest[:, : settings.controls]

    @property
    def clusters(self) -> str:
        """What the bootstrap draws."""
        return f"{len(self.counts)} streams"

    def effects_of(self, cases: list[Case]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the effects of some cases on the streams of odd number, as `effect_columns` does."""
        rises = group_rises(self.network, self.baseline, cases, self.groups)
        return effect_columns(rises[1::2], self.counts, self.intervals)

    def unit_table(self, hold: str) -> pd.DataFrame:
        """Return the rows of `ABLATIONS` of one kind of hold."""
        rise, found = self.effects_of([[(unit, held_at(self.baseline, unit, hold))] for unit in self.units])
        identity = pd.DataFrame(
            {
                "model": self.name,
                "cell": self.network.shape.cell,
                "layer": [unit.layer for unit in self.units],
                "quantity": [unit.state for unit in self.units],
                "unit": [unit.index for unit in self.units],
                "hold": hold,
            }
        ).assign(**rise)
        ranks = {"effect_rank": rank_down(rise["rise"]), "control": rise["rise"][self.closest].mean(axis=1)}
        tables = [identity.assign(feature=ALL, **ranks)]
        for index, (feature, measure) in enumerate(zip(self.features, self.measures, strict=True)):
            columns = {name: values[index] for name, values in found.items()}
            effect, scores = columns["end_effect"], self.scores[:, index]
            columns |= {"effect_rank": rank_down(effect), "control": effect[self.closest].mean(axis=1)}
            columns |= {"score_rank": rank_down(scores), "score": scores}
            tables.append(identity.assign(feature=feature, measure=measure, **columns))
        return pd.concat(tables).reindex(columns=ABLATIONS.names).assign(clusters=self.clusters)

    def group_table(self) -> pd.DataFrame:
        """Return the rows of `ABLATION_GROUPS`."""
        random, draws = np.random.default_rng(self.settings.choice_seed), self.settings.control_groups
        sizes = [size for size in sorted(self.settings.group_sizes) if size <= len(self.units)]
        means = [held_at(self.baseline, unit, "mean") for unit in self.units]
        groups: list[np.ndarray] = []
        places = []  # of each row: its feature, the place of its group in `groups`, and how many controls follow it there
        for index in range(len(self.features)):
            best = np.argsort(-self.scores[:, index], kind="stable")
            for size in sizes:
                count = draws if 2 * size <= len(self.units) else 0
                places.append((index, len(groups), count))
                group, controls = best[:size], self.settings.controls
                groups += [group, *(draw_controls(self.nearest, group, controls, random) for _ in range(count))]
        rise, found = self.effects_of([[(self.units[unit], means[unit]) for unit in group] for group in groups])
        rows = []
        for index, position, count in places:
            columns = rise | {name: values[index] for name, values in found.items()}
            row = {name: values[position] for name, values in columns.items()}
            for name in ("end_effect", "inside_effect", "rise"):
                controls_of = columns[name][position + 1 : position + 1 + count]
                row[f"control_{name}"] = controls_of.mean() if count else np.nan
            row |= {"control_groups": count, "units": len(groups[position])}
            rows.append({"model": self.name, "feature": list(self.features)[index], **row})
        return pd.DataFrame(rows).assign(clusters=self.clusters)


def read_window_features(path: Path, split_path: Path, shape: tuple[int, int], window: slice) -> dict[str, np.ndarray]:
    """Return the features in a window that take two values on the streams of either half, (streams, steps of the window) by name.

    Raises
    ------
    InputError
        If the features are of another number of test characters, or none varies.
    """
    found = {name: values[:, window] for name, values in read_shaped(path, split_path, shape).items()}
    varying = {name: values for name, values in found.items() if varies_in_both_halves(values[:, :-1])}
    if not varying or shape[0] < 2:
        raise InputError(
            f"{path}: found no feature that takes two values in {shape[0]} streams, expected one in both halves of them"
        )
    return varying


def main(
    split: Path,
    models_folder: Path,
    features: Path,
    ablations: Ablations,
    intervals: Resampling,
    computing: Computing,
    out: Path,
    out_groups: Path,
) -> None:
    """Write what the units of some networks cause.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    models_folder
        Folder that holds <model>/checkpoint.safetensors.
    features
        features.parquet.
    ablations
        Networks, holds, and how much text is read.
    intervals
        The bootstrap of whole streams.
    computing
        Device and threads.
    out
        CSV file to write: a row a unit, hold and feature.
    out_groups
        CSV file to write: a row a feature and number of units that are held together.
    """
    device, opened = prepare_device(computing), read_split(split)
    ids = opened.part("test")
    shape = (len(ids), ids.shape[1] - 1)
    # A feature is known after a character was read: that of the last target of the test part is not.
    start, length = window_of(shape[0], shape[1] - 1, opened.sequence_length, ablations.characters)
    window = slice(start, start + length + 1)
    chosen = read_window_features(features, opened.path("test"), shape, window)
    line_ends = ends_of_lines(ids[:, start + 1 : window.stop], opened.vocabulary)
    tables, groups = [], []
    with progress("ablations", len(ablations.models) * (len(ablations.holds) + 1), "passes") as advance:
        for model in ablations.models:
            checkpoint = models_folder / model / "checkpoint.safetensors"
            network, description = load_checkpoint(checkpoint, device)
            check_vocabulary(checkpoint, description, opened.vocabulary)
            baseline = read_window(network, to_device(ids[:, : window.stop], device), start)
            found = ModelAblations(model, network, baseline, chosen, line_ends, ablations, intervals)
            for hold in ablations.holds:
                tables.append(found.unit_table(hold))
                advance(1)
            groups.append(found.group_table())
            advance(1)
    ABLATIONS.write(pd.concat(tables).astype({"score_rank": "Int64", "inside": "Int64", "ends": "Int64"}), out)
    ABLATION_GROUPS.write(pd.concat(groups), out_groups)


if __name__ == "__main__":
    run(main)
