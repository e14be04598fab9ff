"""Evaluation of a checkpoint: its losses, and its probability of every character of the test part.

python -m rnnscope.training.evaluate --split DIR --checkpoint FILE --predictions FILE.parquet --losses FILE.json
"""

import argparse
from pathlib import Path

import numpy as np

from rnnscope.cli import run
from rnnscope.corpus.split import PARTS, read_part, read_steps, read_vocabulary
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.storage.files import write_json
from rnnscope.storage.predictions import write_predictions
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.segments import to_device


def main() -> None:
    """Evaluate one checkpoint on all three parts of its split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True, help="parquet file to write: a row a test character")
    parser.add_argument("--losses", type=Path, required=True, help="JSON file to write: nats per character of each part")
    add_device_flags(parser)
    arguments = parser.parse_args()
    device = prepare_device(arguments.device, arguments.threads)
    network, description = load_checkpoint(arguments.checkpoint, device)
    check_vocabulary(arguments.checkpoint, description, read_vocabulary(arguments.split))
    steps = read_steps(arguments.split)
    losses = {}
    for name in PARTS:
        part = read_part(arguments.split, name)
        log_probability = correct_log_probabilities(network, to_device(part, device), steps).cpu().numpy().T
        losses[f"{name}_loss"] = -float(np.mean(log_probability, dtype=np.float64))
        if name == "test":
            write_predictions(arguments.predictions, part, log_probability)
    write_json(arguments.losses, losses)


if __name__ == "__main__":
    run(main)
