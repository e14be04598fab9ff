import re
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.small_corpus import CELLS, CHARACTERS, SHAPES, write_cells

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.explorer import page, page_budget
from rnnscope.explorer.template import source


def test_main_writes_what_build_returns(tmp_path, monkeypatch, words):
    out = tmp_path / "explorer.html"
    flags = [word for name, value in words.items() if name != "models" for word in (f"--{name.replace('_', '-')}", str(value))]
    monkeypatch.setattr("sys.argv", ["page", *flags, "--models", *words["models"], "--out", str(out)])
    run(page.main)
    assert out.read_text(encoding="utf-8") == page.build(**words)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == [out]


def test_a_page_keeps_to_its_bound(monkeypatch, words):
    """Style, script, list and the rest take far less than the megabyte reserved for them."""
    complete = len(page.build(**words).encode())
    monkeypatch.setattr(page_budget, "BLOCK_BYTES", 30_000)
    small = page.build(**words)
    numbers = re.findall(r'<script type="text/plain" id="block/[^"]+">([A-Za-z0-9+/=]*)</script>', small)
    assert 29_000 < sum(map(len, numbers)) < 30_100
    assert len(small.encode()) - sum(map(len, numbers)) < 100_000
    assert len(small.encode()) < complete
    assert "were requested; no more than these fit" in small


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
    write_cells(path, [("rnn-1-8", *row[1:]) for row in CELLS])
    assert '"ranked": []' in page.build(**words | {"cells": path})


def test_damaged_or_foreign_dumps_are_refused(tmp_path, words):
    folder = words["activations_folder"]
    for name in SHAPES:
        (tmp_path / name).mkdir()
        for layer in sorted((folder / name).glob("*.parquet")):
            (tmp_path / name / layer.name).write_bytes(layer.read_bytes())
    changed = words | {"activations_folder": tmp_path}
    path = tmp_path / "lstm-2-8/layer-2.parquet"
    table = pq.read_table(path)

    pq.write_table(table.slice(0, CHARACTERS - 1), path)
    with pytest.raises(InputError, match=r"layer-2\.parquet: found 999 rows, expected a row for each of 1,200 test characters"):
        page.build(**changed)
    pq.write_table(table.slice(1), path)
    with pytest.raises(InputError, match=r"layer-2\.parquet: its characters are not those of the test part"):
        page.build(**changed)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"layer-2\.parquet: not readable as parquet"):
        page.build(**changed)
    path.unlink()
    with pytest.raises(InputError, match=r"layer-2\.parquet: no such file"):
        page.build(**changed)
    shutil.copyfile(folder / "gru-1-8/layer-1.parquet", path)
    with pytest.raises(InputError, match=r"layer-2\.parquet: no gate or state 'i', found r, z, candidate, h"):
        page.build(**changed)


def test_a_dump_of_another_width_is_refused(tmp_path, words):
    (tmp_path / "gru-1-8").mkdir()
    table = pq.read_table(words["activations_folder"] / "lstm-2-8/layer-1.parquet")
    others = {"i": "r", "o": "z", "f": "candidate"}
    pairs = (name.split("_") for name in table.column_names)
    names = ["_".join([others.get(quantity, quantity), *unit]) for quantity, *unit in pairs]
    pq.write_table(table.rename_columns(names), tmp_path / "gru-1-8/layer-1.parquet")
    with pytest.raises(InputError, match=r"layer-1\.parquet: found 7 units of 'r', expected the 5 of the checkpoint"):
        page.build(**words | {"activations_folder": tmp_path, "models": ["gru-1-8"]})


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


def test_the_colours_are_for_every_colour_vision():
    """Both ends are equally light, black is readable on all of the scale, and they differ with each colour-vision deficiency.

    Reference: WCAG 2.1 for contrast; CIELAB; Machado, Oliveira, Fernandes (2009) for the deficiencies at full severity.
    """
    colours = {
        name: np.array([int(word) for word in numbers.split()]) / 255
        for name, numbers in re.findall(r"--(low|zero|high): (\d+ \d+ \d+)", source("page.css"))
    }
    linear = {name: np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) for name, rgb in colours.items()}
    luminance = {name: rgb @ [0.2126, 0.7152, 0.0722] for name, rgb in linear.items()}
    lightness = {name: 116 * np.cbrt(value) - 16 for name, value in luminance.items()}
    assert abs(lightness["low"] - lightness["high"]) < 1
    ink = 0.01  # luminance of #14181d, rounded up
    assert min(luminance["low"], luminance["high"]) + 0.05 > 4.5 * (ink + 0.05)
    for matrix in DEFICIENCIES.values():
        low, zero, high = (lab(np.clip(np.array(matrix) @ linear[name], 0, 1)) for name in ("low", "zero", "high"))
        for one, other in ((low, zero), (zero, high), (low, high)):
            assert np.linalg.norm(one - other) > 40  # a difference of 2 is just noticeable


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
