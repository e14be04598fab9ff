"""The example notebook, its code cells run in order with other parameters."""

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers.workspace import REPOSITORY
from sklearn.metrics import roc_auc_score

NOTEBOOK = REPOSITORY / "examples/quote_cell.ipynb"


def code_cells():
    """The source of every code cell with its tags."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def variables(finished):
    """What the notebook has computed at its end."""
    folder = finished.folder / "results/tale"
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: None)
        for source, tags in code_cells():
            if "parameters" in tags:
                found |= {"folder": folder, "model": "lstm-1-4"}
            else:
                exec(compile(source, str(NOTEBOOK), "exec"), found)
    yield found
    plt.close("all")


def test_the_cell_is_the_one_that_separates_best(variables, finished):
    """Chosen on the streams of even number: reference, the same from the files with pandas alone."""
    folder = finished.folder / "results/tale"
    c = np.tanh(pd.read_parquet(folder / "activations/lstm-1-4/layer-1.parquet").filter(regex="^c_").astype(np.float32))
    features = pd.read_parquet(folder / "analyses/features.parquet")
    even = features["stream"] % 2 == 0
    inside = features["inside_quotes"]
    apart = (c[even & inside].mean() - c[even & ~inside].mean()).abs() / (c[even].std(ddof=0) + 1e-6)
    assert f"c_{variables['unit']}" == apart.idxmax()
    np.testing.assert_array_equal(variables["cell"], c[apart.idxmax()])
    assert variables["layer"] == 1


def test_the_score_is_that_of_the_table(variables):
    """Of the unit that the notebook found; the table ranks the stored values."""
    rows = variables["cells"].query("model == 'lstm-1-4' and feature == 'inside_quotes' and quantity == 'c'")
    quotes, even, unit = (variables[name] for name in ("quotes", "even", "unit"))
    c = variables["results"].activations("lstm-1-4", layer=1, quantity="c", units=unit)
    score = roc_auc_score(quotes[~even], c[~even])
    (row,) = rows[rows["unit"] == variables["unit"]].to_dict("records")
    assert (score if row["sign"] > 0 else 1 - score) == pytest.approx(row["held_out_score"], abs=1e-4)


def test_the_drawing_shows_the_text(variables):
    shown = "".join(text.get_text() for text in variables["axes"].texts)
    assert shown == re.sub(r"\s", "\N{MIDDLE DOT}", variables["text"])
    assert variables["image"].get_array().shape == (variables["lines"], variables["columns"])


def test_ten_lines_find_it():
    (source,) = (source for source, _ in code_cells() if "rnnscope.open" in source)
    assert len(source.splitlines()) == 10
