"""Compare a small experiment with the numbers that commit 38316ba gave, with the compiled recurrences and without them.

`equal_bits/` keeps them. reference.json has SHA-256 digests, for every kind of processor that they were taken on: of the
tensors of every checkpoint, of the text of every history, of the log-probabilities of all predictions. On these processors
digests must be equal. reference.npz has the losses and log-probabilities themselves, as compiled: on every processor, compiled
or not, numbers must be within TOLERANCE of them, for sums in another order differ in their last digits. The n-grams, whose
float64 is stored as float32, must have equal digests everywhere.

The digests hold for the versions in requirements.lock. With other versions of torch, or on a processor to be added,

    PYTHONPATH=tests python -c "from test_equal_bits import record; record()"

runs the experiment and writes the digests for this processor, if the numbers are within TOLERANCE.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from helpers.fork_server import PreloadedPython
from helpers.workspace import EXPERIMENT, Workspace
from safetensors.numpy import load_file

from rnnscope.models import library

REFERENCE = Path(__file__).with_name("equal_bits")
KINDS = ("compiled", "plain")
# Nats, for a loss and for the log-probability of one character. After 3 epochs in float32 the largest differences that were
# seen between the two kinds, and with instructions switched off in torch, MKL and numpy, were 1.3e-7 and 1.9e-5.
TOLERANCE = {".csv": 2e-6, ".parquet": 1e-4}

NETWORKS = [f"{cell}-{layers}-20" for cell in ("lstm", "rnn", "gru") for layers in (1, 2)]
PREDICTIONS = [*NETWORKS, "nnn-1", "nnn-2", "ngram-1", "ngram-2", "ngram-3", "ngram-4"]
# All that a number depends on, beside the text and its parts, is here, so that another default changes none.
SMALL = {
    "split": {"streams": 4, "sequence_length": 10},
    "grid": {"cells": ["lstm", "rnn", "gru"], "layers": [1, 2], "sizes": [20], "additional": []},
    "training": {
        "epochs": 3,
        "learning_rate": 0.002,
        "rmsprop_alpha": 0.95,
        "learning_rate_decay": 0.95,
        "learning_rate_decay_after": 1,
        "gradient_clip": 5.0,
        "precision": "float32",
        "dropout": [0.0, 0.5],
        "seed": 1,
        "device": "cpu",
        "threads": 1,
    },
    "ngrams": {"longest_context": 4},
    "nnn": {"longest_context": 2, "hidden_widths": [8, 12], "sequence_length": 5},
    # What no number here depends on, but which has to name models that there are.
    "dynamics": {"model": "lstm-1-20", "epochs": 1, "snapshots": 3},
    "activations": {"models": []},
    "errors": {"candidates": ["lstm-1-20"]},
    "size_breakdown": {"smaller": "rnn-1-20", "larger": "lstm-1-20"},
    "context": {"models": ["lstm-1-20"]},
    "ablations": {"models": ["lstm-1-20"]},
    "seeds": {"models": ["lstm-1-20"], "values": [2]},
    "comparisons": {"ngram": 4},
}


def run_experiment(folder, kind):
    """Run the small experiment in a new folder and return the folder of its results."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RNNSCOPE_PLAIN", raising=False)
        if kind == "plain":
            patch.setenv("RNNSCOPE_PLAIN", "1")
        workspace = Workspace(folder / "workspace")
        workspace.configure(EXPERIMENT | SMALL)
        with PreloadedPython(folder / "preloaded_python") as workspace.preloaded_python:
            done = workspace.snakemake(*(f"results/tale/predictions/{name}.parquet" for name in PREDICTIONS))
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace.folder / "results/tale"


def files_of(results):
    """The files that hold numbers, by their path in the folder of results."""
    paths = [path for pattern in ("*.safetensors", "history.csv", "predictions/*.parquet") for path in results.rglob(pattern)]
    return {path.relative_to(results).as_posix(): path for path in sorted(paths) if not path.name.startswith(".")}


def log_prob_of(path):
    return pq.read_table(path, columns=["log_prob"])["log_prob"].to_numpy()


def digest_of(path):
    """SHA-256 of the numbers in a file, and of what they are called, but not of anything else in the file."""
    digest = hashlib.sha256()
    if path.suffix == ".safetensors":
        for name, tensor in sorted(load_file(path).items()):
            digest.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
            digest.update(tensor.tobytes())
    elif path.suffix == ".parquet":
        digest.update(log_prob_of(path).astype("<f4", casting="no").tobytes())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def digests_of(results):
    """The digest of every file of a folder of results that holds numbers."""
    return {name: digest_of(path) for name, path in files_of(results).items()}


def values_of(results):
    """The histories and log-probabilities in a folder of results, by file."""
    values = {}
    for name, path in files_of(results).items():
        if path.suffix == ".parquet":
            values[name] = log_prob_of(path)
        elif path.suffix == ".csv":
            values[name] = np.loadtxt(path, delimiter=",", skiprows=1)
    return values


def processor():
    """The kind of this processor, and what torch makes use of in it."""
    lines = Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    vendor, family, model = (facts.get(name, "unknown") for name in ("vendor_id", "cpu family", "model"))
    return f"{vendor} family {family} model {model} {torch.backends.cpu.get_cpu_capability()}"


def of_ngrams(digests):
    return {name: digest for name, digest in digests.items() if name.startswith("predictions/ngram-")}


def read_reference():
    return json.loads((REFERENCE / "reference.json").read_text())


def check_values(results):
    """Compare values with the stored ones, and the n-grams with their digests."""
    values = values_of(results)
    with np.load(REFERENCE / "reference.npz") as reference:
        assert set(values) == set(reference)
        for name in reference:
            np.testing.assert_allclose(values[name], reference[name], rtol=0, atol=TOLERANCE[Path(name).suffix], err_msg=name)
    for digests in read_reference().values():
        assert of_ngrams(digests_of(results)) == of_ngrams(digests["plain"])


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_the_reference(tmp_path, kind):
    if kind == "compiled" and library.functions("float32") is None:
        pytest.skip("no compiled recurrences here")
    results = run_experiment(tmp_path, kind)
    check_values(results)
    reference = read_reference()
    if processor() in reference:
        assert digests_of(results) == reference[processor()][kind]


def record():
    """Add the digests of this processor to the reference.

    Not as a program of its own: the processes of the run would import that again.
    """
    assert library.functions("float32") is not None, "no compiled recurrences here"
    digests = {}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            results = run_experiment(Path(folder), kind)
            check_values(results)
            digests[kind] = digests_of(results)
    reference = read_reference() | {processor(): digests}
    (REFERENCE / "reference.json").write_text(json.dumps(reference, indent=1, sort_keys=True) + "\n")
