"""The recurrent core on one thread: training steps (forward, cross-entropy, backward, clipping, RMSProp; 100 streams x 100
steps, 87 characters) compared with torch.nn on one-hot input, and with themselves in bfloat16 where the processor has it;
evaluation compared with training, dumps with evaluation.

Each side runs in processes of its own, as a user of it would have it, in turn; a figure is the best of many steps. Seconds
are those of the processor, so that other work on the machine does not count. The rate of products counts only those that the
model needs (a one-hot input needs none) and is compared with that of large square matrices in torch.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from processor import compare_with_stored, describe, peak
from torch.nn import functional as F

from rnnscope.activations.dump import write_dump
from rnnscope.models import compiled, library
from rnnscope.models.backends import cross_entropy, products_in
from rnnscope.models.cells import CELLS
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.models.sizes import matched_hidden_width
from rnnscope.settings.sections import Computing, Optimisation
from rnnscope.storage.files import sha256_of
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.optimisation import optimizer_step, start_training

VOCABULARY, STREAMS, SEQUENCE_LENGTH = 87, 100, 100
CHARACTERS = STREAMS * SEQUENCE_LENGTH
COUNTERPARTS = {"lstm": torch.nn.LSTM, "rnn": torch.nn.RNN, "gru": torch.nn.GRU}  # of torch's GRU see `theirs`
GOALS = {64: 3.0, 128: 2.0, 256: 1.5, 512: 1.2}
BFLOAT16_GOALS = {128: 1.0, 256: 1.6, 512: 1.6}  # times the steps of float32
TURNS, SECONDS = 2, 1.0
SEGMENTS = 16  # of every stream, for dumps


def fastest(step):
    """The least processor seconds of a step, over `SECONDS` of them."""
    end, best = time.process_time() + SECONDS, float("inf")
    while time.process_time() < end:
        start = time.process_time()
        step()
        best = min(best, time.process_time() - start)
    return best


def segment():
    """Inputs and targets of one segment."""
    return torch.randint(VOCABULARY, (2, SEQUENCE_LENGTH, STREAMS), generator=torch.Generator().manual_seed(1))


def ours(cell, width, precision="float32"):
    """Seconds of a training step with products of this precision, and of an evaluated segment."""
    prepare_device(Computing(device="cpu"))
    network = Network(Shape(cell, 1, width, VOCABULARY), generator=torch.Generator().manual_seed(1))
    training, state, (inputs, targets) = start_training(network, Optimisation()), network.zero_state(STREAMS), segment()

    def step():
        with products_in(precision):
            logits, _ = network(inputs, state)
            optimizer_step(training, cross_entropy(logits, targets).sum() / STREAMS, 5.0)

    text = torch.cat((inputs, targets[-1:])).to(torch.uint8)
    return fastest(step), fastest(lambda: correct_log_probabilities(network, text, SEQUENCE_LENGTH))


def theirs(cell, width):
    """Seconds of the same training step with torch.nn, whose GRU resets after the product and is another, cheaper one."""
    torch.set_num_threads(1)
    recurrent = COUNTERPARTS[cell](VOCABULARY, width)
    softmax = torch.nn.Linear(width, VOCABULARY)
    parameters = [*recurrent.parameters(), *softmax.parameters()]
    optimizer, (inputs, targets) = torch.optim.RMSprop(parameters, lr=2e-3, alpha=0.95), segment()

    def step():
        logits = softmax(recurrent(F.one_hot(inputs, VOCABULARY).float())[0])
        optimizer.zero_grad()
        (F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / STREAMS).backward()
        torch.nn.utils.clip_grad_value_(parameters, 5.0)
        optimizer.step()

    return (fastest(step),)


def products():
    """Multiplications and additions a second, 1e9: of torch, and of ours."""
    torch.set_num_threads(1)
    left, right = torch.randn(2, 1024, 1024)
    out = torch.empty_like(left)
    seconds = [fastest(lambda: torch.mm(left, right, out=out))]
    if library.is_available_for(left):
        seconds.append(fastest(lambda: compiled.multiply(left, right)))
    return [2 * 1024**3 / second / 1e9 for second in seconds]


def dumps():
    """Of lstm-3-256 hidden width, seconds of evaluation, of a dump of all gates, and of writing and of hashing as many bytes."""
    width = matched_hidden_width("lstm", 3, 256, VOCABULARY)
    device = prepare_device(Computing(device="cpu"))
    network = Network(Shape("lstm", 3, width, VOCABULARY), generator=torch.Generator().manual_seed(1)).eval()
    test = np.random.default_rng(1).integers(VOCABULARY, size=(STREAMS, SEGMENTS * SEQUENCE_LENGTH + 1)).astype(np.uint8)
    evaluated = fastest(lambda: correct_log_probabilities(network, torch.from_numpy(test.T.copy()), SEQUENCE_LENGTH))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        dumped = fastest(lambda: write_dump(network, test, SEQUENCE_LENGTH, "float16", device, out))
        megabytes = sum(path.stat().st_size for path in out.iterdir()) // 2**20
        written = fastest(lambda: write_plainly(out / "bytes", megabytes))
        hashed = fastest(lambda: sha256_of(out / "bytes"))
    return width, evaluated, dumped, written, hashed


def write_plainly(path, megabytes):
    """What the disk, and the system's memory before it, take for that many bytes."""
    megabyte = os.urandom(2**20)
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(megabyte)
        file.flush()
        os.fsync(file.fileno())


def apart(function, *words):
    """What a function of this file returns in a process of its own."""
    command = [sys.executable, __file__, function, *map(str, words)]
    return [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def main(store=False):
    describe()
    limit, rates, ratios = peak(), apart("products"), {}
    print(f"clock and vector units allow {limit:.0f} GFLOP/s" if limit else "what clock and vector units allow is not known")
    print("product of 1024 x 1024 matrices, GFLOP/s: torch", *(f"{rate:.0f}" for rate in rates[:1]), end="")
    print("".join(f", ours {rate:.0f}" for rate in rates[1:]) or "; plain torch computes the recurrences")
    print("\n             training, characters/s          products: of torch's   evaluation")
    print("cell width      ours  torch.nn  ratio (goal)  GFLOP/s  rate  of peak  characters/s  x training")
    for cell in COUNTERPARTS:
        for width, goal in GOALS.items():
            turns = [(apart("ours", cell, width), apart("theirs", cell, width)) for _ in range(TURNS)]
            training, evaluation = (min(times[part] for times, _ in turns) for part in (0, 1))
            torch_nn = min(times[0] for _, times in turns)
            gates = len(CELLS[cell].gate_order)
            rate = 3 * 2 * (gates * width**2 + width * VOCABULARY) * CHARACTERS / training / 1e9
            of_peak = f"{rate / limit:8.0%}" if limit else "       -"
            ratios[f"{cell} {width}: training"] = torch_nn / training
            print(
                f"{cell:4} {width:5} {CHARACTERS / training:9,.0f} {CHARACTERS / torch_nn:9,.0f} {torch_nn / training:6.2f} "
                f"({goal:.1f}) {rate:8.0f} {rate / rates[0]:5.0%} {of_peak}",
                f"{CHARACTERS / evaluation:13,.0f} {training / evaluation:11.2f}",
                flush=True,
            )
    if not library.obstacle_to_bfloat16():
        print("\n             training in bfloat16, characters/s   x float32 (goal)")
        for cell in COUNTERPARTS:
            for width, goal in BFLOAT16_GOALS.items():
                turns = [[apart("ours", cell, width, each)[0] for each in ("bfloat16", "float32")] for _ in range(TURNS)]
                rounded, single = map(min, zip(*turns, strict=True))
                ratios[f"{cell} {width}: bfloat16"] = single / rounded
                print(f"{cell:4} {width:5} {CHARACTERS / rounded:15,.0f} {single / rounded:25.2f} ({goal:.1f})", flush=True)
    width, *seconds = apart("dumps")
    evaluated, dumped, written, hashed = (1e6 * each / SEGMENTS / CHARACTERS for each in seconds)
    share = evaluated / (dumped - written - hashed)
    print(
        f"dump of all gates {dumped:.2f}, of which writing as many bytes takes {written:.2f} and hashing them {hashed:.2f};",
        end=" ",
    )
    print(f"without those two, {share:.0%} of the rate of evaluation, with them {evaluated / dumped:.0%}")
    ratios["dump: evaluation"] = evaluated / dumped
    compare_with_stored(ratios, store)


if __name__ == "__main__":
    if sys.argv[1:] in ([], ["--store"]):
        main(store="--store" in sys.argv)
    else:
        function, *words = sys.argv[1:]
        print(*globals()[function](*(int(word) if word.isdigit() else word for word in words)))
