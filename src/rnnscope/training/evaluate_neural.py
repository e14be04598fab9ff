"""Evaluation of an n-NN: its losses, and its probability of every character of the test part.

python -m rnnscope.training.evaluate_neural --split DIR --checkpoint FILE --predictions FILE.parquet --losses FILE.json
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_vocabulary
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.feed_forward import correct_log_probabilities, load_checkpoint
from rnnscope.storage.files import write_json
from rnnscope.storage.predictions import write_predictions


def main() -> None:
    """Evaluate one n-NN on the validation and the test part of its split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True, help="parquet file to write: a row a test character")
    parser.add_argument("--losses", type=Path, required=True, help="JSON file to write: nats per character of both parts")
    add_device_flags(parser)
    arguments = parser.parse_args()
    device = prepare_device(arguments.device, arguments.threads)
    network = load_checkpoint(arguments.checkpoint, read_vocabulary(arguments.split), device)
    losses = {}
    for name in ("validation", "test"):
        part = np.array(read_part(arguments.split, name))
        log_probability = correct_log_probabilities(network, torch.from_numpy(part).to(device)).cpu().numpy()
        losses[f"{name}_loss"] = -float(np.mean(log_probability, dtype=np.float64))
    write_predictions(arguments.predictions, part, log_probability)
    write_json(arguments.losses, losses)


if __name__ == "__main__":
    run(main)
