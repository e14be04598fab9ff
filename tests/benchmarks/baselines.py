"""The models of finite context.

n-NN: characters a second of training steps (100 streams x 10 characters, one thread), ours, which adds up table rows,
compared with the same network on concatenated one-hot codes, run in turn. n-grams: seconds and peak memory of the pass for
contexts up to 20 at three lengths of text, and the exponent with which they grow; scoring a text with one model, ours compared
with KenLM's queries of the same model. KenLM's package has its queries alone: its estimation (lmplz) needs Boost.
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

import numpy as np
import torch
from processor import describe
from torch import nn
from torch.nn import functional as F

from rnnscope.corpus.split_reader import read_split
from rnnscope.models.feed_forward import FeedForwardNetwork, Shape
from rnnscope.ngrams.arpa import names_of, write_arpa
from rnnscope.ngrams.counts import count_ngrams
from rnnscope.ngrams.ngram_model import kneser_ney
from rnnscope.settings.sections import Optimisation
from rnnscope.training.optimisation import start_training
from rnnscope.training.windows import train_epoch

VOCABULARY, STREAMS, SEQUENCE_LENGTH, MINIBATCHES = 87, 100, 10, 30
LONGEST_CONTEXT = 20
TEXT_SIZES = (500_000, 2_000_000, 8_000_000)
HEADERS = {"installed": {"package": "torch", "members": ["include/**/*.h"], "shuffle_seed": 1}}


class OneHotNetwork(nn.Module):
    """The n-NN as its equation says it: a product with the concatenated one-hot codes."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.hidden = nn.Linear(shape.n * shape.vocabulary, shape.hidden_width)
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)

    def forward(self, contexts):
        return self.softmax(torch.tanh(self.hidden(F.one_hot(contexts, VOCABULARY).flatten(2).float())))


def measure_nnns():
    """Print characters a second of both, in turn, and the median ratio."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    print("n   hidden width   n-NN (characters/s)   one-hot   ratio")
    for n, width in itertools.product((1, 3, 6), (128, 512)):
        text = torch.randint(VOCABULARY, (STREAMS, n + SEQUENCE_LENGTH * MINIBATCHES), generator=generator).to(torch.uint8)
        shape = Shape(n, width, VOCABULARY)
        networks = {"table": FeedForwardNetwork(shape, generator), "one-hot": OneHotNetwork(shape)}
        trainings = {name: start_training(network, Optimisation()) for name, network in networks.items()}
        seconds = {name: [] for name in networks}
        for turn in range(6):
            for name, training in trainings.items():
                start = time.perf_counter()
                train_epoch(training, text, SEQUENCE_LENGTH, Optimisation().gradient_clip)
                if turn:
                    seconds[name].append(time.perf_counter() - start)
        characters = STREAMS * SEQUENCE_LENGTH * MINIBATCHES
        rates = {name: characters / statistics.median(times) for name, times in seconds.items()}
        ratio = statistics.median(b / a for a, b in zip(seconds["table"], seconds["one-hot"], strict=True))
        print(f"{n} {width:14} {rates['table']:21,.0f} {rates['one-hot']:9,.0f} {ratio:7.2f}", flush=True)


# A child counts the memory of the process that started it as its own peak, so a small process starts it.
STARTER = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); \
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def stage(module, *words):
    """Run one stage; returns its seconds and its peak memory in MB."""
    start = time.perf_counter()
    command = [sys.executable, "-c", STARTER, sys.executable, "-m", f"rnnscope.{module}", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - start, int(done.stdout) / 1024


def measure_ngrams():
    """Print seconds and peak memory of the n-gram pass at three lengths of real text, and the growth exponents."""
    print("\ncharacters   seconds   peak memory (MB)")
    measured = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in TEXT_SIZES:
            stage("corpus.fetch", "--sources", json.dumps(HEADERS), "--bytes", size, "--out", folder)
            layout = ("--streams", 100, "--sequence-length", 100, "--fractions", "0.8,0.1,0.1")
            stage("corpus.split", "--text", folder / "text.bin", *layout, "--out", folder)
            files = ("--counts", folder / "counts.csv", "--predictions-folder", folder / "predictions")
            words = ("--split", folder, "--longest-context", LONGEST_CONTEXT, "--ngram", LONGEST_CONTEXT, *files)
            seconds, megabytes = stage("ngrams.kneser_ney", *words)
            measured.append((size, seconds))
            print(f"{size:10,} {seconds:9.1f} {megabytes:13,.0f}", flush=True)
    for (size, seconds), (longer, more) in itertools.pairwise(measured):
        exponent = math.log(more / seconds) / math.log(longer / size)
        print(f"growth exponent of the seconds from {size:,} to {longer:,}: {exponent:.2f}")


def measure_queries():
    """Print characters a second that one model scores, ours and KenLM's, in turn, and the greatest difference of a character."""
    try:
        import kenlm
    except ImportError:
        print("\nno KenLM: its queries are not compared")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage("corpus.fetch", "--sources", json.dumps(HEADERS), "--bytes", TEXT_SIZES[0], "--out", folder)
        layout = ("--streams", 100, "--sequence-length", 100, "--fractions", "0.8,0.1,0.1")
        stage("corpus.split", "--text", folder / "text.bin", *layout, "--out", folder)
        split = read_split(folder)
        test = split.part("test")[:, 1:].ravel()
        text = names_of(split.vocabulary[test].tobytes())
        print("\n n   scored (characters/s): ours   KenLM   ratio   greatest difference (nats)")
        for n in (1, 2, 3, 4, 5):
            model = kneser_ney(count_ngrams(list(split.part("train")), len(split.vocabulary), n), split.vocabulary)
            write_arpa(folder / "model.arpa", model)
            theirs = kenlm.Model(str(folder / "model.arpa"))
            ways = {
                "ours": lambda model=model: model.log_probabilities(test),
                "KenLM": lambda theirs=theirs: [
                    math.log(10) * score for score, _, _ in theirs.full_scores(text, bos=False, eos=False)
                ],
            }
            seconds, found = {way: [] for way in ways}, {}
            for _ in range(3):
                for way, score in ways.items():
                    start = time.perf_counter()
                    found[way] = np.asarray(score())
                    seconds[way].append(time.perf_counter() - start)
            ours, kenlms = (len(test) / min(seconds[way]) for way in ways)
            difference = np.abs(found["ours"] - found["KenLM"]).max()
            print(f"{n:2} {ours:30,.0f} {kenlms:7,.0f} {ours / kenlms:7.2f} {difference:12.1e}", flush=True)


if __name__ == "__main__":
    describe()
    measure_nnns()
    measure_ngrams()
    measure_queries()
