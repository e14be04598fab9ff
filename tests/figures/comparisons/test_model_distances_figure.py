import numpy as np
import pytest

from rnnscope.figures.comparisons import model_distances
from rnnscope.figures.comparisons.model_distances import brackets


@pytest.mark.parametrize("models", [None, ["lstm-1-4", "ngram-1"], ["lstm-1-4", "ngram-1", "nnn-1"]])
def test_matrix_and_names_are_the_table(distances, check_legible, models):
    table, merges = distances(models)
    figure = model_distances.draw(table, merges, "A tale")
    tree, matrix = figure.axes[:2]
    names = list(table["model"].unique())
    drawn = matrix.images[0].get_array()
    for row in table.itertuples():
        assert drawn[names.index(row.model), names.index(row.other)] == row.distance
    written = [label.get_text() for label in matrix.get_yticklabels()]
    expected = {"lstm-1-4": "LSTM 1×4", "ngram-1": "1-gram", "nnn-1": "1-NN", "gru-3-512": "GRU 3×512", "ngram-20": "20-gram"}
    assert all(written[names.index(name)] == text for name, text in expected.items() if name in names)
    assert len(tree.lines) == len(names) - 1
    assert tree.get_ylim() == matrix.get_ylim(), "the dendrogram's ends meet the rows"
    check_legible(figure)


def test_brackets_join_what_is_merged(distances):
    _, merges = distances(["a", "b", "c", "d"])
    found = brackets(merges, 4)
    heights = list(merges["distance"])
    assert found[0] == ([0, heights[0], heights[0], 0], [0, 0, 1, 1])
    assert found[1] == ([heights[0], heights[1], heights[1], 0], [0.5, 0.5, 2, 2])
    assert found[2] == ([heights[1], heights[2], heights[2], 0], [1.25, 1.25, 3, 3])
    assert np.diff(heights).min() > 0


def test_tables_of_different_models_are_refused(tmp_path, call, tables):
    words = tables["model_distances"]
    merges = words[3].read_text().splitlines()
    words[3].write_text("\n".join(merges[:-1]) + "\n")
    message = call(model_distances, *words, "--out-svg", tmp_path / "figure.svg", "--out-png", tmp_path / "figure.png")
    assert message.startswith(f"error: {words[1]}, {words[3]}: found")
