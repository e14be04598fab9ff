"""Timings, as ratios of things run in turn on this machine: `make bench`.

Recurrent core: characters a second of training steps (forward, backward, RMSProp; 100 streams x 100 steps, one
thread), ours against torch.nn on one-hot input. n-grams: seconds and peak memory of the 20-horizon pass at three
lengths of text, and the exponent with which they grow.
"""

import itertools
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from rnnscope.models.network import Network, Shape

VOCABULARY, STREAMS, STEPS = 87, 100, 100
HORIZONS = "1-20"
TEXT_SIZES = (500_000, 2_000_000, 8_000_000)
HEADERS = {"installed": {"package": "torch", "members": ["include/**/*.h"], "shuffle_seed": 1}}


def ours(cell, width):
    """A training step of rnnscope's network."""
    network = Network(Shape(cell, 1, width, VOCABULARY)).train()
    optimizer = torch.optim.RMSprop(network.parameters(), alpha=0.95)

    def step(inputs, targets):
        logits, _ = network(inputs, network.zero_state(STREAMS))
        update(optimizer, logits, targets)

    return step


def theirs(cell, width):
    """The same step with torch.nn; its GRU resets after the recurrent product, which costs it one product less."""
    recurrent = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](VOCABULARY, width)
    softmax = torch.nn.Linear(width, VOCABULARY)
    optimizer = torch.optim.RMSprop([*recurrent.parameters(), *softmax.parameters()], alpha=0.95)

    def step(inputs, targets):
        update(optimizer, softmax(recurrent(F.one_hot(inputs, VOCABULARY).float())[0]), targets)

    return step


def update(optimizer, logits, targets):
    """Backward pass and RMSProp."""
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / STREAMS
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def compare_training():
    """Print characters a second of both, in turn, and the median ratio."""
    torch.set_num_threads(1)
    inputs, targets = torch.randint(VOCABULARY, (2, STEPS, STREAMS), generator=torch.Generator().manual_seed(1))
    print("cell  width   ours (characters/s)   torch.nn   ratio")
    for cell in ("lstm", "rnn", "gru"):
        for width in (64, 128, 256):
            steps = {"ours": ours(cell, width), "torch.nn": theirs(cell, width)}
            seconds = {name: [] for name in steps}
            for turn in range(8):
                for name, step in steps.items():
                    start = time.perf_counter()
                    step(inputs, targets)
                    if turn:
                        seconds[name].append(time.perf_counter() - start)
            rates = {name: STEPS * STREAMS / statistics.median(times) for name, times in seconds.items()}
            ratios = [b / a for a, b in zip(seconds["ours"], seconds["torch.nn"], strict=True)]
            ratio = statistics.median(ratios)
            print(f"{cell:5} {width:5} {rates['ours']:21,.0f} {rates['torch.nn']:10,.0f} {ratio:7.2f}", flush=True)


# A child counts the memory of the process that started it as its own peak, so a small process starts it.
STARTER = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL); \
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def stage(module, *words):
    """Run one stage; returns its seconds and its peak memory in MB."""
    start = time.perf_counter()
    command = [sys.executable, "-c", STARTER, sys.executable, "-m", f"rnnscope.{module}", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout) / 1024


def measure_ngrams():
    """Print seconds and peak memory of the n-gram pass at three lengths of real text, and the growth exponents."""
    print("\ncharacters   seconds   peak memory (MB)")
    measured = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in TEXT_SIZES:
            stage("corpus.fetch", "--source", json.dumps(HEADERS), "--bytes", size, "--out", folder)
            layout = ("--streams", 100, "--steps", 100, "--fractions", "0.8,0.1,0.1")
            stage("corpus.split", "--text", folder / "text.bin", *layout, "--out", folder)
            files = ("--losses", folder / "losses.csv", "--predictions", folder / "predictions")
            seconds, megabytes = stage("baselines.kneser_ney", "--split", folder, "--horizons", HORIZONS, *files)
            measured.append((size, seconds))
            print(f"{size:10,} {seconds:9.1f} {megabytes:13,.0f}", flush=True)
    for (size, seconds), (longer, more) in itertools.pairwise(measured):
        exponent = math.log(more / seconds) / math.log(longer / size)
        print(f"growth exponent of the seconds from {size:,} to {longer:,}: {exponent:.2f}")


if __name__ == "__main__":
    compare_training()
    measure_ngrams()
