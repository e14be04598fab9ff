import base64
import hashlib
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.small_corpus import BASELINE, write_baseline, write_cells
from helpers.small_corpus import CELLS as ROWS

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.explorer import page
from rnnscope.explorer.browser.template import SCRIPTS, STYLES, source
from rnnscope.explorer.worker.program import cells_with_equations, program
from rnnscope.models.cells import CELLS


def test_main_writes_what_build_returns(tmp_path, monkeypatch, words):
    out = tmp_path / "explorer.html"
    flags = [word for name, value in words.items() if name != "models" for word in (f"--{name.replace('_', '-')}", str(value))]
    monkeypatch.setattr("sys.argv", ["page", *flags, "--models", *words["models"], "--out", str(out)])
    run(page.main)
    assert out.read_text(encoding="utf-8") == page.build(**words)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == [out]


def test_the_page_loads_nothing(explorer):
    """It has no address but those of its own parts."""
    for attribute in re.findall(r'\b(?:src|href|action)\s*=\s*"([^"]*)"', explorer.read_text()):
        assert attribute == "data:,"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((2, "c", 7), r"names c of unit 7 in layer 2 of lstm-2-8; expected h or c, a unit below 7 and a layer from 1 to 2"),
        ((3, "c", 1), r"names c of unit 1 in layer 3 of lstm-2-8;"),
        ((1, "f", 1), r"names f of unit 1 in layer 1 of lstm-2-8;"),
        ((1, "c", 1.5), r"column 'unit' holds 1\.5, expected whole numbers"),
        ((1, "c", ""), r"column 'unit' holds nan, expected whole numbers"),
        (("low", "c", 1), r"column 'layer' holds 'low', expected whole numbers"),
    ],
)
def test_ranked_units_that_do_not_exist_are_refused(tmp_path, words, row, message):
    layer, quantity, unit = row
    path = tmp_path / "cells.csv"
    write_cells(path, [("lstm-2-8", "lstm", layer, quantity, unit, "inside_quotes", "auc", 0.9, 0.8, 1, 1)])
    with pytest.raises(InputError, match=re.escape(str(path)) + ": " + message):
        page.build(**words | {"cells": path})


def test_a_table_without_these_models_gives_an_empty_list(tmp_path, words):
    path = tmp_path / "cells.csv"
    write_cells(path, [("rnn-1-8", *row[1:]) for row in ROWS])
    assert '"ranked": []' in page.build(**words | {"cells": path})


def test_what_does_not_belong_together_is_refused(tmp_path, words):
    path = tmp_path / "baseline.csv"
    write_baseline(path, BASELINE[1:])
    with pytest.raises(
        InputError, match=r"baseline\.csv: has no row of lstm-2-8, inside_quotes and auc; expected one for each in"
    ):
        page.build(**words | {"baseline": path})
    path = tmp_path / "features.parquet"
    features = pq.read_table(words["features"])
    pq.write_table(features.slice(1), path)
    with pytest.raises(
        InputError, match=r"features\.parquet: found 1,199 rows, expected one for each of the 1,200 test characters"
    ):
        page.build(**words | {"features": path})
    pq.write_table(features.drop_columns("line_position"), path)
    with pytest.raises(InputError, match=r"features\.parquet: no column 'line_position'"):
        page.build(**words | {"features": path})


def test_fewer_characters_are_whole_streams(words):
    for characters, shape in ((1199, (2, 400)), (400, (1, 400)), (399, (1, 399))):
        html = page.build(**words | {"characters": characters})
        text = json.loads(re.search(r'id="description">(.*?)</script>', html)[1])["text"]
        assert (text["streams"], text["steps"], text["testCharacters"]) == (*shape, 1200)


def test_the_policy_allows_this_script_this_style_and_its_own_worker(explorer):
    html = explorer.read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', html)[1].replace("&#39;", "'")
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert directives == {
        "default-src": "'none'",
        "img-src": "data:",
        "script-src": f"'sha256-{hashes[0]}'",
        "style-src": f"'sha256-{hashes[1]}'",
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_ends_the_scripts_early():
    """A script element ends at its end tag, wherever that stands, and a comment of HTML may hide it."""
    for text in (program(list(CELLS)), *(source(name) for name in (*SCRIPTS, *STYLES))):
        assert "</" not in text
        assert "<!--" not in text


def test_every_cell_has_its_equations_for_the_page():
    assert cells_with_equations() == sorted(CELLS)


def test_a_cell_without_them_is_refused():
    with pytest.raises(InputError, match=r"explorer: cell 'mgu' has no equations for the page; expected one of gru, "):
        program(["lstm", "mgu"])


def test_other_mistakes_are_reported(tmp_path, monkeypatch, words):
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing/vocabulary.json").write_text((words["split"] / "vocabulary.json").read_text())
    with pytest.raises(InputError, match=r"nothing/test\.npy: no such file"):
        page.build(**words | {"split": tmp_path / "nothing"})
    with pytest.raises(InputError, match=r"rnn-1-8/checkpoint\.safetensors: no such file"):
        page.build(**words | {"models": ["rnn-1-8"]})
    flags = [word for name, value in words.items() if name != "models" for word in (f"--{name.replace('_', '-')}", str(value))]
    out = tmp_path / "explorer.html"
    monkeypatch.setattr("sys.argv", ["page", *flags, "--models", "gru-1-8", "--out", str(out), "--characters", "0"])
    with pytest.raises(SystemExit, match="error: --characters: found 0"):
        run(page.main)
    assert not out.exists()


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_colours_are_for_every_colour_vision(scheme):
    """Both ends are equally light, the ink is readable on all of the scale, and they differ with each colour-vision deficiency.

    Reference: WCAG 2.1 for contrast; CIELAB; Machado, Oliveira, Fernandes (2009) for the deficiencies at full severity.
    """
    found = re.findall(r"--(low|zero|high|cell-ink|likely): (\d+ \d+ \d+)", source("page.css"))
    assert len(found) == 10
    colours = {name: np.array([int(word) for word in words.split()]) / 255 for name, words in found[5 * scheme : 5 * scheme + 5]}
    linear = {name: np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) for name, rgb in colours.items()}
    luminance = {name: rgb @ [0.2126, 0.7152, 0.0722] for name, rgb in linear.items()}
    lightness = {name: 116 * np.cbrt(value) - 16 for name, value in luminance.items()}
    assert abs(lightness["low"] - lightness["high"]) < 1
    ink = luminance.pop("cell-ink")
    for name, value in luminance.items():
        lighter, darker = max(value, ink), min(value, ink)
        assert lighter + 0.05 > 4.5 * (darker + 0.05), name
    for matrix in DEFICIENCIES.values():
        low, zero, high = (lab(np.clip(np.array(matrix) @ linear[name], 0, 1)) for name in ("low", "zero", "high"))
        for one, other in ((low, zero), (zero, high), (low, high)):
            assert np.linalg.norm(one - other) > 30  # a difference of 2 is just noticeable


DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(rgb):
    """CIELAB of linear sRGB."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    X, Y, Z = np.cbrt(np.maximum(np.array(matrix) @ rgb / [0.9505, 1, 1.089], 1e-6))
    return np.array([116 * Y - 16, 500 * (X - Y), 200 * (Y - Z)])
