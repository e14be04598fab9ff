"""The recurrent core: characters a second of training steps (forward, backward, RMSProp; 100 streams x 100 steps, one
thread), ours against torch.nn on one-hot input, run in turn.
"""

import statistics
import time

import torch
from torch.nn import functional as F

from rnnscope.models.network import Network, Shape

VOCABULARY, STREAMS, STEPS = 87, 100, 100


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


if __name__ == "__main__":
    compare_training()
