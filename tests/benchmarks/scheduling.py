"""Threads of a training run: two runs of one thread at the same time against one run of two threads, twice as long.

The recurrent core's training step (100 streams x 100 steps) of 1-layer LSTMs, in turn; a ratio above 1 says that two runs
side by side get more done.
"""

import multiprocessing
import statistics
import time

import torch
from training import SEQUENCE_LENGTH, STREAMS, VOCABULARY, segment

from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.settings.sections import Computing, Optimisation
from rnnscope.training.backpropagation import Step
from rnnscope.training.optimisation import start_training

TURNS = 3


def work(threads, width, steps, ready, done):
    """Train for some steps once all runs are ready."""
    prepare_device(Computing(device="cpu", threads=threads))
    network = Network(Shape("lstm", 1, width, VOCABULARY), generator=torch.Generator().manual_seed(1))
    step = Step(start_training(network, Optimisation()), SEQUENCE_LENGTH, STREAMS, Optimisation().gradient_clip)
    inputs, targets = segment()
    step(inputs, targets)
    ready.wait()
    for _ in range(steps):
        step(inputs, targets)
    done.wait()


def rate(runs, threads, width, steps):
    """Characters a second of some runs side by side."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Barrier(runs + 1), context.Barrier(runs + 1)
    processes = [context.Process(target=work, args=(threads, width, steps, ready, done)) for _ in range(runs)]
    for process in processes:
        process.start()
    ready.wait()
    start = time.perf_counter()
    done.wait()
    seconds = time.perf_counter() - start
    for process in processes:
        process.join()
    return runs * steps * SEQUENCE_LENGTH * STREAMS / seconds


def compare_threads():
    """Print characters a second of both, and the median ratio."""
    print("width   2 runs x 1 thread (characters/s)   1 run x 2 threads   ratio")
    for width, steps in ((64, 300), (128, 120), (256, 40), (512, 12)):
        rates = [(rate(2, 1, width, steps), rate(1, 2, width, 2 * steps)) for _ in range(TURNS)]
        two, one = (statistics.median(column) for column in zip(*rates, strict=True))
        ratio = statistics.median(a / b for a, b in rates)
        print(f"{width:5} {two:34,.0f} {one:19,.0f} {ratio:7.2f}", flush=True)


if __name__ == "__main__":
    compare_threads()
