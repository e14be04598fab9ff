from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

SMALLEST_FONT = 7  # points: what a printed column leaves legible
GATES = {"lstm": ("input", "forget", "output"), "gru": ("update", "reset")}


@pytest.fixture
def check_legible(monkeypatch):
    """Assert that no text of a figure is cut off at its edge, tiny, or on another text."""
    drawn = []
    draw_text = Text.draw

    def record(text, renderer):
        if text.get_text() and text.get_visible():
            drawn.append((text, text.get_window_extent(renderer)))
        draw_text(text, renderer)

    def check(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # lays it out; what is drawn next is what a reader sees
        drawn.clear()
        monkeypatch.setattr(Text, "draw", record)
        canvas.draw()
        monkeypatch.undo()
        assert drawn
        for number, (text, box) in enumerate(drawn):
            assert text.get_fontsize() >= SMALLEST_FONT
            assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, f"{text} is cut off"
            assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, f"{text} is cut off"
            for other, other_box in drawn[:number]:
                assert not box.overlaps(other_box), f"{text} lies on {other}"

    return check


def make_losses(sizes=(64, 128, 256, 512), layers=(1, 2, 3), missing=("rnn", 512), seed=0):
    random = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        for cell in ("gru", "lstm", "rnn"):  # not the order of the figures
            for depth in layers:
                if (cell, size) == missing:
                    continue
                loss = 2 / size**0.1 + random.uniform(-0.1, 0.1)
                rows.append(
                    {
                        "model": f"{cell}-{depth}-{size}",
                        "cell": cell,
                        "layers": depth,
                        "size": size,
                        "parameters": int(size**1.6 * 60 * random.uniform(0.97, 1.03)),
                        "validation_loss": loss + random.uniform(-0.1, 0.1),
                        "test_loss": loss,
                        "test_loss_standard_deviation": random.uniform(0.001, 0.003),
                    }
                )
    return pd.DataFrame(rows)


def make_horizons(last_ngram=20, last_nnn=6):
    rows = []
    for kind, last, distance, base in (("n-gram", last_ngram, 1.2, 90), ("n-NN", last_nnn, 1.25, 40_000)):
        for n in range(1, last + 1):
            cost = base * n**3 if kind == "n-gram" else base * n
            rows.append([kind, n, 1.19 + distance * 0.6**n, 0.002 + 0.0001 * n, cost])
    return pd.DataFrame(rows, columns=["kind", "n", "test_loss", "test_loss_standard_deviation", "cost"])


def make_histories(epochs=50):
    rows = []
    for _, model in make_losses().iterrows():
        for epoch in range(1, epochs + 1):
            overfit = 0.01 * max(0, epoch - 20) if model["size"] == 512 else 0
            loss = model["validation_loss"] + 2 / epoch + overfit
            rows.append(
                {"cell": model["cell"], "layers": model["layers"], "size": model["size"], "epoch": epoch, "validation_loss": loss}
            )
    return pd.DataFrame(rows)


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


def make_dynamics(snapshots=20, horizons=6):
    rows = []
    for snapshot in range(1, snapshots + 1):
        loss = 1.6 + 1.6 * 0.85**snapshot
        for n in range(1, horizons + 1):
            nnn_loss = 1.3 + 1.1 * 0.6 ** (n - 1)
            divergence = 0.1 + abs(loss - nnn_loss)
            rows.append(["lstm-3-512", snapshot, 3 * snapshot / snapshots, n, divergence, loss - nnn_loss])
    return pd.DataFrame(rows, columns=["model", "snapshot", "epoch", "n", "symmetric_divergence", "loss_difference"])


def make_error_breakdown(remaining=0.0):
    levels = {
        "n-gram": range(1, 10),
        "memory": (100, 500, 1000, 5000),
        "rare_words": range(6),
        "boost": (0.1, 0.2, 0.3, 0.4, 0.5),
    }
    shares = {"n-gram": 0.22, "memory": 0.1, "rare_words": 0.08, "word_model": 0.3, "punctuation": 0.05}
    shares |= {"boost": 0.25 - remaining, "remaining": remaining}
    rows = []
    for name, share in shares.items():
        steps = levels.get(name, [])
        alone = {"boost": 1.0, "remaining": share}.get(name, min(1, 1.4 * share))
        rows.append([name, "all", share, alone])
        rows += [[name, str(level), share / len(steps), alone * (rank + 1) / len(steps)] for rank, level in enumerate(steps)]
    table = pd.DataFrame(rows, columns=["class", "level", "removed_share", "alone_share"])
    table.insert(2, "removed", (100_000 * table["removed_share"]).round().astype(int))
    return table.assign(model="lstm-3-512", errors=100_000, characters=230_000)


def make_error_snippets():
    random = np.random.default_rng(2)
    classes = ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost", "remaining"]
    tables = []
    for name in classes:
        for snippet in (1, 2):
            positions = np.arange(-70, 45)
            if name == "memory":  # as long as one can get
                positions = np.concatenate([np.arange(-900, -850), np.arange(-40, 16)])
            columns = {
                "position": positions,
                "character": random.choice(list(b'and the Wmg\r\n$\\_^$"\xc3'), len(positions)),
                "removed_by": np.where(positions == 0, name, random.choice(["none", *classes], len(positions))),
                "repeated": (name == "memory") & ((abs(positions + 880) < 5) | (abs(positions) < 5)),
            }
            tables.append(pd.DataFrame({"model": "lstm-3-512", "class": name, "snippet": snippet, "level": "all", **columns}))
    return pd.concat(tables, ignore_index=True)


def make_error_changes(**columns):
    table = pd.DataFrame({"class": ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost", "remaining"]})
    table["errors_before"] = [86_000, 24_400, 12_414, 49_947, 8_813, 30_607, 0]
    table["removed"] = [49_656, 1_353, 337, 207, 22, 1_784, 0]
    table["added"] = [5_116, 202, 96, 37, 2, 380, 0]
    table["errors_after"] = table["errors_before"] - table["removed"] + table["added"]
    table["removed_share"] = table["removed"] / table["removed"].sum()
    return table.assign(**columns, test_loss_before=1.2708, test_loss_after=1.2647)


def make_saturation_counts(models=("gru-2-64", "lstm-3-512"), units=40):
    """Of every panel different counts."""
    table = make_saturation(models, units)[["model", "cell", "layer", "gate"]].drop_duplicates().reset_index(drop=True)
    return table.assign(units=units, mostly_right=table.index % 7, mostly_left=table.index % 5)


YES_NO = ("inside_quotes", "inside_if_condition", "sentence_start")
COUNTS = ("line_position", "brace_depth")


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
                    scores = [*random.uniform(0.6, 1, 2), best_unit]
                    rows.append([model, cell, layer, quantity, feature, measure, *scores])
    scores = ["selection_score", "held_out_score", "best_unit_score"]
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
            held = {
                "off_mean": -0.5,
                "off_right_share": 0.07,
                "longest_span": longest,
                "long_spans": number,
                "held_beyond": number // 2,
            }
            units.append(unit | {"steps": 100} | held)
            for distance in (1, 2, 4, 8, longest):
                mean = 0.9 - 0.001 * distance
                band = {"percentile_10": mean - 0.2, "percentile_90": mean + 0.1}
                curves.append(unit | {"distance": distance, "last_distance": distance, "mean": mean} | band)
    return pd.DataFrame(curves), pd.DataFrame(units)


def make_cell_text(features=("inside_quotes", "brace_depth", "random"), columns=30):
    random = np.random.default_rng(4)
    rows = []
    for panel, feature in enumerate(features, start=1):
        drawn = feature == "random"
        measure = "random" if drawn else "auc" if feature in YES_NO else "spearman"
        unit = ["lstm-3-512", 1, "c", 10 + panel, feature, measure, np.nan if drawn else 0.87]
        for line, length in enumerate((columns, 12, columns - 3)):
            for column in range(length):
                character = random.choice([*b'aB"_ \t\r', 200]) if column < length - 1 else ord("\n")
                rows.append([panel, *unit, line, column, character, random.uniform(-1, 1)])
    unit = ["panel", "model", "layer", "quantity", "unit", "feature", "measure", "held_out_score"]
    return pd.DataFrame(rows, columns=[*unit, "line", "column", "character", "value"])


def make_differences(separated=lambda model, other: True, losses=None):
    """Every two models of a table of losses, `separated` saying which the test part tells apart."""
    losses = make_losses() if losses is None else losses
    by_model = dict(zip(losses["model"], losses["test_loss"], strict=True))
    rows = []
    for model, other in combinations(by_model, 2):
        apart, half = by_model[model] - by_model[other], 0.001
        if not separated(model, other):
            half += abs(apart)
        rows.append([model, other, apart, apart - half, apart + half, separated(model, other)])
    return pd.DataFrame(rows, columns=["model", "other", "difference", "low", "high", "separated"])


def make_map(nnns=6):
    random = np.random.default_rng(4)
    horizons = [*(f"ngram-{n}" for n in (1, 2, 3, 4, 5, 6, 20)), *(f"nnn-{n}" for n in range(1, nnns + 1))]
    models = [*make_losses()["model"], *horizons]
    return pd.DataFrame({"model": models, "x": random.normal(size=len(models)), "y": random.normal(size=len(models))})


def make_distances(models=None):
    """The distances of points on a line, and the merges of neighbours from the left on."""
    models = list(make_map()["model"]) if models is None else models
    number = len(models)
    places = np.arange(number) ** 2.0
    apart = np.abs(places[:, np.newaxis] - places) / places[-1]
    pairs = {"model": np.repeat(models, number), "other": np.tile(models, number), "distance": apart.ravel()}
    merges = [[0 if row == 0 else number + row - 1, row + 1, apart[row, row + 1], row + 2] for row in range(number - 1)]
    return pd.DataFrame(pairs), pd.DataFrame(merges, columns=["first", "second", "distance", "models"])


def make_overlap(models=("lstm-3-512", "ngram-20", "nnn-6"), counts=None, seed=0):
    """A row for each set of models, with random counts or those given: none, the first, the second, both, the third, ..."""
    counts = np.random.default_rng(seed).integers(1000, 90_000, 2 ** len(models)) if counts is None else np.array(counts)
    sets = [[model for place, model in enumerate(models) if code >> place & 1] for code in range(2 ** len(models))]
    columns = {
        "compared": " ".join(models),
        "erring": [" ".join(erring) or "none" for erring in sets],
        "number": [len(erring) for erring in sets],
        "characters": counts,
        "fraction": counts / counts.sum(),
    }
    return pd.DataFrame(columns)


def make_gains(characters=87):
    random = np.random.default_rng(2)
    names = ["space", "CR", "LF", "TAB", *(chr(byte) for byte in range(33, 127)), "<C3>", "<A9>"][:characters]
    network, ngram = random.uniform(0.02, 0.98, (2, len(names)))
    columns = {"network_model": "lstm-3-512", "ngram_model": "ngram-20", "character": names, "count": 100}
    for name, values in (("network", network), ("ngram", ngram), ("difference", network - ngram)):
        columns |= {name: values, f"{name}_low": values - 0.02, f"{name}_high": values + 0.02}
    return pd.DataFrame(columns)


def make_closings(delimiters=("}", ")", "]", '"', "*/"), models=("lstm-3-512", "ngram-20", "nnn-6")):
    edges, rows = [1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 158, 251, 398, 631, 1000], []
    for rank, delimiter in enumerate(delimiters):
        for least, beyond in list(pairwise(edges))[rank:]:
            for model, level in zip(models, (0.8, 0.6, 0.3), strict=False):
                mean = level - 0.02 * edges.index(least)
                count = 4000 // least
                rows.append(
                    [delimiter, model, least, beyond - 1, (least + beyond - 1) / 2, count, mean, mean - 0.05, mean + 0.04]
                )
    columns = ["delimiter", "model", "least_distance", "most_distance", "mean_distance", "count"]
    return pd.DataFrame(rows, columns=[*columns, "mean_probability", "low", "high"])


@pytest.fixture
def tables(tmp_path):
    """The words that name the tables of each figure, with every table written."""
    written = {"losses": make_losses(), "histories": make_histories(), "horizons": make_horizons()}
    written |= {"error_breakdown": make_error_breakdown(), "error_snippets": make_error_snippets()}
    written["size_breakdown"] = make_error_changes(smaller="lstm-1-64", larger="lstm-3-512")
    written["dynamic_evaluation"] = make_error_changes(model="lstm-3-512")
    written |= {"saturation": make_saturation(), "saturation_counts": make_saturation_counts(), "dynamics": make_dynamics()}
    written |= {"cells": make_cells(), "cells_baseline": make_baseline(), "probes": make_probes(), "cell_text": make_cell_text()}
    written["memory_span"], written["memory_span_summary"] = make_memory()
    written |= {"differences": make_differences(), "map": make_map()}
    written |= dict(zip(("distances", "merges"), make_distances(), strict=True))
    written |= {"overlap": make_overlap(), "gains": make_gains(), "closings": make_closings()}
    written["intersections"] = make_overlap(("lstm-3-512", "gru-3-512", "rnn-3-256", "ngram-20", "nnn-6"))
    paths = {}
    for name, table in written.items():
        paths[name] = tmp_path / f"{name}.csv"
        table.to_csv(paths[name], index=False)
    return {
        "loss_table": ["--table", paths["losses"], "--differences", paths["differences"]],
        "loss_against_parameters": ["--table", paths["losses"]],
        "horizons": ["--table", paths["horizons"], "--losses", paths["losses"]],
        "learning_curves": ["--table", paths["histories"]],
        "saturation": ["--table", paths["saturation"], "--counts", paths["saturation_counts"]],
        "cells": ["--table", paths["cells"], "--baseline", paths["cells_baseline"]],
        "cell_text": ["--table", paths["cell_text"]],
        "probes": ["--table", paths["probes"]],
        "memory_span": ["--table", paths["memory_span"], "--summary", paths["memory_span_summary"]],
        "dynamics": ["--table", paths["dynamics"]],
        "error_breakdown": ["--table", paths["error_breakdown"]],
        "error_snippets": ["--table", paths["error_snippets"]],
        "size_breakdown": ["--table", paths["size_breakdown"]],
        "dynamic_evaluation": ["--table", paths["dynamic_evaluation"]],
        "model_map": ["--table", paths["map"]],
        "model_distances": ["--table", paths["distances"], "--merges", paths["merges"]],
        "paired_differences": ["--table", paths["differences"]],
        "error_overlap": ["--table", paths["overlap"]],
        "error_intersections": ["--table", paths["intersections"]],
        "character_gains": ["--table", paths["gains"]],
        "closing_delimiters": ["--table", paths["closings"]],
    }


@pytest.fixture
def losses():
    return make_losses


@pytest.fixture
def horizons():
    return make_horizons


@pytest.fixture
def histories():
    return make_histories


@pytest.fixture
def saturation_table():
    return make_saturation


@pytest.fixture
def saturation_counts():
    return make_saturation_counts


@pytest.fixture
def cells_table():
    return make_cells


@pytest.fixture
def baseline_table():
    return make_baseline()


@pytest.fixture
def probes_table():
    return make_probes


@pytest.fixture
def memory_tables():
    return make_memory


@pytest.fixture
def cell_text_table():
    return make_cell_text


@pytest.fixture
def dynamics_table():
    return make_dynamics


@pytest.fixture
def error_breakdown_table():
    return make_error_breakdown


@pytest.fixture
def error_snippets_table():
    return make_error_snippets


@pytest.fixture
def error_changes_table():
    return make_error_changes


@pytest.fixture
def differences():
    return make_differences


@pytest.fixture
def map_table():
    return make_map


@pytest.fixture
def distances():
    return make_distances


@pytest.fixture
def overlap():
    return make_overlap


@pytest.fixture
def gains():
    return make_gains


@pytest.fixture
def closings_table():
    return make_closings
