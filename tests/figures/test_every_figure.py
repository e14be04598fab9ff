import importlib
import os
import subprocess
import sys

import pytest
from PIL import Image

from rnnscope.figures.catalogue import FIGURES


def module(name):
    return importlib.import_module(f"rnnscope.figures.{FIGURES[name].folder}.{name}")


def outputs(folder):
    return ["--out-svg", folder / "figure.svg", "--out-png", folder / "figure.png"]


@pytest.mark.parametrize("name", FIGURES)
def test_both_files_and_the_same_bytes_again(tmp_path, call, tables, name):
    written = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        assert call(module(name), *tables[name], "--title", "A tale", *outputs(folder)) is None
        written.append([(folder / f"figure.{suffix}").read_bytes() for suffix in ("svg", "png")])
    assert written[0] == written[1]
    assert b"<!-- A tale -->" in written[0][0]
    with Image.open(tmp_path / "first" / "figure.png") as image:
        image.load()
        assert image.width in (990, 2070)  # 3.3 or 6.9 inches at 300 dots


def test_another_process_with_settings_of_its_own_writes_the_same_bytes(tmp_path, call, tables):
    call(module("saturation"), *tables["saturation"], *outputs(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "matplotlibrc").write_text("font.size: 20\naxes.facecolor: red\n")
    words = [sys.executable, "-m", "rnnscope.figures.units.saturation", *tables["saturation"], *outputs(elsewhere)]
    subprocess.run(words, cwd=elsewhere, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True)
    for name in ("figure.svg", "figure.png"):
        assert (elsewhere / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_missing_table_ends_in_one_line_and_no_figure(tmp_path, call, tables, name):
    flag, path, *others = tables[name]
    path.unlink()
    message = call(module(name), flag, path, *others, *outputs(tmp_path))
    assert message.startswith(f"error: {path}: no such file")
    assert "\n" not in message
    assert not (tmp_path / "figure.svg").exists()
    assert not (tmp_path / "figure.png").exists()
