"""What comes from elsewhere is data: nothing in it is run, and nothing is fetched that others on the way could have changed."""

import ast
import os
import pickle

import numpy as np
import pytest
import yaml
from helpers.workspace import REPOSITORY

from rnnscope.corpus.split_reader import read_part
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import load_checkpoint

# Functions and modules through which a file's content can run as a program.
RUNNING = {"eval", "exec", "compile", "pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mknod, (str(self.path),)


def test_a_pickle_in_place_of_a_checkpoint_is_refused_and_not_run(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(pickle.dumps(Payload(tmp_path / "run")))
    with pytest.raises(InputError, match="not readable as a checkpoint"):
        load_checkpoint(path)
    assert not (tmp_path / "run").exists()


def test_an_array_of_objects_is_refused_and_not_run(tmp_path):
    np.save(tmp_path / "train.npy", np.array([Payload(tmp_path / "run")], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"train\.npy: not readable as an array"):
        read_part(tmp_path, "train")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("path", sorted((REPOSITORY / "src").rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_can_run_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert RUNNING.isdisjoint(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in RUNNING
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in RUNNING | {"torch.load", "yaml.load", "np.fromregex"}
            assert "allow_pickle" not in {keyword.arg for keyword in node.keywords}


def test_the_configuration_fetches_over_https_alone():
    def addresses(value):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else []):
            if key == "url":
                yield inner
            yield from addresses(inner)

    found = list(addresses(yaml.safe_load((REPOSITORY / "config.yaml").read_text())))
    assert found
    assert all(url.startswith("https://") for url in found)
