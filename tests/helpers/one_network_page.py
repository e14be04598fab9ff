"""The page of a text with one small network, without cells."""

import json

import numpy as np
import torch
from helpers.small_corpus import write_baseline, write_cells

from rnnscope.explorer import page
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape

MODEL = "gru-1-8"


def write_page(folder, words, parts, vocabulary, **described):
    """Write the page and what it is made of to a folder, and return its path.

    `words` are those of the fixture, `parts` the ids of each part of the split by name, `vocabulary` the content of its file,
    and `described` what the checkpoint says of the characters beside their codes.
    """
    (folder / "split").mkdir()
    for name, ids in parts.items():
        np.save(folder / f"split/{name}.npy", ids)
    (folder / "split/vocabulary.json").write_text(json.dumps(vocabulary))
    codes = next(iter(vocabulary.values()))
    shape = Shape("gru", 1, 5, len(codes))
    network = Network(shape, generator=torch.Generator().manual_seed(1)).eval()
    description = Description(MODEL, shape, 0.0, 1, codes, **described)
    save_checkpoint(folder / f"models/{MODEL}/checkpoint.safetensors", network.state_dict(), description)
    write_cells(folder / "cells.csv", [])
    write_baseline(folder / "baseline.csv", [])
    changed = {"split": folder / "split", "models_folder": folder / "models", "models": [MODEL]}
    tables = {"cells": folder / "cells.csv", "baseline": folder / "baseline.csv"}
    path = folder / "page.html"
    path.write_text(page.build(**words | changed | tables))
    return path
