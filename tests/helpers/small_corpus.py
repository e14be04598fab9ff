"""The parts of the small corpus of the explorer's tests."""

import pandas as pd

from rnnscope.analyses.causes.ablations import ABLATIONS as ABLATIONS_TABLE

TITLE = 'A <b>tale</b> & </title></script><script>document.title = "taken over"</script>'
# Everything that could be mistaken for HTML, for a placeholder of the template, or for something else than a byte.
PASSAGE = (
    '"Well," said the old man, "you have come (at last)?"\r\n\tif (a < b && c) { return <script>alert(1)</script>; }\r\n'
    "<!-- {{ script }} {% raw %} --> </script><img src=x onerror=alert(2)> &lt;&amp; café naïve \x00\x7f\\u003c %d\n\n"
).encode()
STREAMS, STEPS = 3, 400
CHARACTERS = STREAMS * STEPS
SHAPES = {"lstm-2-8": ("lstm", 2, 7), "gru-1-8": ("gru", 1, 5)}
CELLS = [
    # model, cell, layer, quantity, unit, feature, measure, selection_score, held_out_score, sign, rank
    ("lstm-2-8", "lstm", 2, "c", 3, "inside_quotes", "auc", 0.91, 0.875, 1, 1),
    ("lstm-2-8", "lstm", 1, "h", 6, "inside_quotes", "auc", 0.9, 0.855, -1, 2),
    ("lstm-2-8", "lstm", 1, "c", 0, "inside_quotes", "auc", 0.8, 0.75, -1, 3),
    ("gru-1-8", "gru", 1, "h", 4, "inside_quotes", "auc", 0.7, 0.65, 1, 1),
    ("lstm-2-8", "lstm", 1, "c", 5, "line_position", "pearson", 0.6, 0.55, -1, 1),
    ("lstm-2-8", "lstm", 1, "c", 6, "line_position", "pearson", 0.5, 0.45, -1, 11),
]
BASELINE = [
    # model, cell, feature, measure, held_out_percentile_95
    ("lstm-2-8", "lstm", "inside_quotes", "auc", 0.8),
    ("gru-1-8", "gru", "inside_quotes", "auc", 0.7),
    ("lstm-2-8", "lstm", "line_position", "pearson", 0.2),
]
# What holding units at their means, or at their values in another stream, does: unit, hold, feature, effect_rank, control, then
# rise, end effect and inside effect, each with its interval, and how many characters are ends and inside.
NONE = (None, None, None)
RISES = {(2, "c", 3): (0.0234, 0.0111, 0.0378), (2, "h", 3): (0.0005, 0.0001, 0.0009), (1, "c", 2): (0.1, 0.05, 0.15)}
ELSEWHERE = (0.0389, None, None)
END, INSIDE = (3.3074, 2.7651, 3.6614), (0.0718, -0.041, 0.107)
ABLATIONS = [
    ((2, "c", 3), "mean", "all", 4, 0.0021, RISES[2, "c", 3], NONE, NONE, 0, 0),
    ((2, "c", 3), "mean", "inside_quotes", 1, 0.0126, RISES[2, "c", 3], END, INSIDE, 26, 217),
    ((2, "c", 3), "mean", "line_position", 11, 0.01, RISES[2, "c", 3], (0.5, 0.4, 0.6), NONE, 9, 0),
    ((2, "c", 3), "elsewhere", "all", 4, -0.0112, ELSEWHERE, NONE, NONE, 0, 0),
    ((2, "c", 3), "elsewhere", "inside_quotes", 1, 0.0137, ELSEWHERE, (-0.25, None, None), NONE, 1, 0),
    ((2, "h", 3), "mean", "all", 9, 0.001, RISES[2, "h", 3], NONE, NONE, 0, 0),
    ((2, "h", 3), "mean", "inside_quotes", 50, 0.001, RISES[2, "h", 3], (0.7, 0.6, 0.8), (0.1, 0.0, 0.2), 26, 217),
    ((1, "c", 2), "mean", "all", 2, 0.002, RISES[1, "c", 2], NONE, NONE, 0, 0),
    ((1, "c", 2), "mean", "capital", 10, 0.003, RISES[1, "c", 2], (0.2, 0.1, 0.3), NONE, 12, 0),
    ((1, "c", 2), "mean", "inside_quotes", 12, 0.003, RISES[1, "c", 2], (0.1, 0.0, 0.2), NONE, 12, 0),
]
HEADER = "model,cell,layer,quantity,unit,feature,measure,selection_score,held_out_score,sign,rank"


def write_cells(path, rows):
    _write(path, HEADER, rows)


def write_baseline(path, rows):
    _write(path, "model,cell,feature,measure,held_out_percentile_95", rows)


def write_ablations(path, model="lstm-2-8"):
    rows = []
    for (layer, quantity, unit), hold, feature, rank, control, rise, end, inside, ends, within in ABLATIONS:
        counts = {"ends": ends, "inside": within} if feature != "all" else {}
        row = {"model": model, "cell": "lstm", "layer": layer, "quantity": quantity, "unit": unit, "hold": hold}
        row |= {"feature": feature, "effect_rank": rank, "control": control, "clusters": "50 streams", **counts}
        for name, values in (("rise", rise), ("end_effect", end), ("inside_effect", inside)):
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
        rows.append(row)
    ABLATIONS_TABLE.write(pd.DataFrame(rows).reindex(columns=ABLATIONS_TABLE.names), path)


def _write(path, header, rows):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
