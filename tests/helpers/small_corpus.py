"""The parts of the small corpus of the explorer's tests."""

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
HEADER = "model,cell,layer,quantity,unit,feature,measure,selection_score,held_out_score,sign,rank"


def write_cells(path, rows):
    _write(path, HEADER, rows)


def write_baseline(path, rows):
    _write(path, "model,cell,feature,measure,held_out_percentile_95", rows)


def _write(path, header, rows):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
