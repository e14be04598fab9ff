"""A split of a few dozen characters, written as `rnnscope.corpus.split` does, as far as training reads it."""

import json

import numpy as np

VOCABULARY = [10, 97, 98, 99, 100]


def write_split(folder, part, vocabulary=VOCABULARY):
    """Write train, validation and test parts that overlap, of ids (streams, characters) below the vocabulary's length."""
    folder.mkdir()
    for name, ids in {"train": part, "validation": part[:, :16], "test": part[:, 10:]}.items():
        np.save(folder / f"{name}.npy", ids)
    (folder / "vocabulary.json").write_text(json.dumps({"bytes": vocabulary}))
    (folder / "split.json").write_text(json.dumps({"sequence_length": 7}))
    return folder
