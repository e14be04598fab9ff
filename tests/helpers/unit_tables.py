"""The tables of units that the tests of figures draw."""

import numpy as np
import pandas as pd

GATES = {"lstm": ("input", "forget", "output"), "gru": ("reset", "update")}
YES_NO = ("inside_quotes", "inside_if_condition", "sentence_start")
COUNTS = ("line_position", "brace_depth")


def make_saturation(models=("gru-2-64", "lstm-3-512"), units=40):
    random = np.random.default_rng(1)
    rows = []
    for model in models:
        cell, layers, _ = model.split("-")
        for layer in range(1, int(layers) + 1):
            for gate in GATES[cell]:
                for unit, (right, left, _) in enumerate(random.dirichlet([0.4, 0.4, 1], units)):
                    rows.append([model, cell, layer, gate, unit, right, left])
    return pd.DataFrame(rows, columns=["model", "cell", "layer", "gate", "unit", "right_fraction", "left_fraction"])


def make_saturation_counts(models=("gru-2-64", "lstm-3-512"), units=40):
    """Of every panel different counts."""
    table = make_saturation(models, units)[["model", "cell", "layer", "gate"]].drop_duplicates().reset_index(drop=True)
    return table.assign(units=units, mostly_right=table.index % 7, mostly_left=table.index % 5)


def make_cells(models=("gru-2-64", "lstm-3-512", "lstm-1-64"), best=3, seed=2):
    random = np.random.default_rng(seed)
    targets = [(feature, "auc") for feature in YES_NO]
    targets += [(feature, measure) for feature in COUNTS for measure in ("spearman", "pearson")]
    rows = []
    for model in models:
        for feature, measure in targets:
            scores = sorted(random.uniform(0.5, 1, best), reverse=True)
            for rank, score in enumerate(scores, start=1):
                unit = [model, model.split("-")[0], int(random.integers(1, 4)), "h", int(random.integers(0, 500))]
                rows.append([*unit, feature, measure, score, score - random.uniform(0, 0.1), 1, rank])
    unit = ["model", "cell", "layer", "quantity", "unit"]
    return pd.DataFrame(rows, columns=[*unit, "feature", "measure", "selection_score", "held_out_score", "sign", "rank"])


def make_baseline():
    first = make_cells()[["model", "cell", "feature", "measure"]].drop_duplicates().reset_index(drop=True)
    chance = np.where(first["measure"] == "auc", 0.5, 0)
    return first.assign(held_out_percentile_95=chance + 0.002 * (first.index + 1))


def make_probes(models=("gru-2-64", "lstm-3-512"), seed=3):
    random = np.random.default_rng(seed)
    rows = []
    for model in models:
        cell, layers, _ = model.split("-")
        for feature in (*YES_NO, *COUNTS):
            best_unit = random.uniform(0.5, 0.7)
            for layer in range(1, int(layers) + 1):
                for quantity in "ch" if cell == "lstm" else "h":
                    measure = "auc" if feature in YES_NO else "pearson"
                    scores = [*random.uniform(0.6, 1, 2), best_unit, random.uniform(0.5, 1)]
                    rows.append([model, cell, layer, quantity, feature, measure, *scores])
    scores = ["selection_score", "held_out_score", "best_unit_score", "control_score"]
    return pd.DataFrame(rows, columns=["model", "cell", "layer", "quantity", "feature", "measure", *scores])


def make_memory(
    models=("lstm-3-512", "gru-3-512"), features=(*YES_NO, "capital", "inside_word", "inside_string", "inside_comment")
):
    """The curves of `memory_span.csv` and the rows of its summary; the features last longer and longer."""
    curves, units = [], []
    for model in models:
        for number, feature in enumerate(features):
            longest = 10 * 2**number
            unit = {
                "model": model,
                "cell": model.split("-")[0],
                "layer": 2,
                "quantity": "h",
                "unit": 10 + number,
                "feature": feature,
            }
            found = {
                "off_right_share": 0.07,
                "longest_span": longest,
                "restart_steps": 25,
                "restarted_off_right_share": 0.21,
                "difference": 0.02 * number if longest > 25 else np.nan,
                "difference_low": -0.01 if longest > 40 else np.nan,
                "difference_high": 0.2 if longest > 40 else np.nan,
            }
            units.append(unit | {"steps": 100} | found)
            for distance in (1, 2, 4, 8, longest):
                share = 0.9 - 0.001 * distance
                restarted = share - 0.1 if distance > 25 else np.nan
                at = {"distance": distance, "last_distance": distance, "right_share": share}
                curves.append(unit | at | {"restarted_right_share": restarted})
    return pd.DataFrame(curves), pd.DataFrame(units)


def make_feature_changes():
    return pd.DataFrame({"feature": ["inside_quotes", "capital"], "mean": [0.2, 0.0], "changes": [True, False]})


def make_cell_text(features=("inside_quotes", "brace_depth", "random"), columns=30):
    random = np.random.default_rng(4)
    rows = []
    for panel, feature in enumerate(features, start=1):
        drawn = feature == "random"
        measure = "random" if drawn else "spearman" if feature in COUNTS else "auc"
        unit = ["lstm-3-512", 1, "c", 10 + panel, feature, measure, np.nan if drawn else 0.87, -1 if measure == "spearman" else 1]
        for line, length in enumerate((columns, 12, columns - 3)):
            for column in range(length):
                character = random.choice([*b'aB"_ \t\r', 200]) if column < length - 1 else ord("\n")
                on = feature == "inside_quotes" and 3 <= column < 9
                rows.append([panel, *unit, line, column, character, 1 if panel > 1 else 12.34, random.uniform(-1, 1), on])
    unit = ["panel", "model", "layer", "quantity", "unit", "feature", "measure", "held_out_score", "sign"]
    table = pd.DataFrame(rows, columns=[*unit, "line", "column", "character", "scale", "value", "on"])
    letters = {**{byte: chr(byte) for byte in range(32, 127)}, 200: "\N{WHITE VERTICAL RECTANGLE}"}
    return table.assign(letter=table["character"].map(letters).fillna(""))
