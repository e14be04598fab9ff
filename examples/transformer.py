"""A causal character transformer of as many parameters as a 1-layer LSTM of 128 units, in plain torch.

    python examples/transformer.py --split results/war_and_peace/split --out data/war_and_peace/transformer.parquet

It reads a split, trains on its train part, keeps the epoch of the best validation loss, and writes its predictions of the test
part in the format of `external:` in config.yaml (docs/python.md). Like a recurrent network from a zero state, it knows of a
stream what is in its test part; of that, 128 to 255 characters before the predicted one (windows overlap by half, and only the
later half is scored), or all where there are fewer. 121,877 parameters on the 87 characters of War and Peace, where lstm-1-128
has 121,815. Vaswani et al. 2017, with the layer norms first (Xiong et al. 2020); nothing is tuned.
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import nn
from torch.nn import functional as F

CONTEXT, WIDTH, HEADS, BLOCKS, FEED_FORWARD = 256, 64, 4, 2, 255


class Block(nn.Module):
    """Causal self-attention and a feed-forward layer, each after a layer norm and added to what it read."""

    def __init__(self, dropout):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed_forward = nn.Sequential(nn.Linear(WIDTH, FEED_FORWARD), nn.GELU(), nn.Linear(FEED_FORWARD, WIDTH))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        """Return (B, T, width) from (B, T, width)."""
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.qkv(self.norms[0](x)).chunk(3, dim=2))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self.dropout(self.out(attended))
        return x + self.dropout(self.feed_forward(self.norms[1](x)))


class Transformer(nn.Module):
    """Logits of the next character at every position of a window; the softmax layer shares its weights with the embedding."""

    def __init__(self, vocabulary, dropout):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block(dropout) for _ in range(BLOCKS)))
        self.norm, self.bias = nn.LayerNorm(WIDTH), nn.Parameter(torch.zeros(vocabulary))
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.05)

    def forward(self, ids):
        """Return logits (B, T, K) from int64 ids (B, T)."""
        x = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
        return F.linear(self.norm(self.blocks(x)), self.embedding.weight, self.bias)


def train_epoch(network, optimizer, schedule, part, batch, generator):
    """Read every stream of a part once, in windows that begin at a random offset; return nats per character."""
    offset = int(torch.randint(CONTEXT, (1,), generator=generator))
    steps = (part.shape[1] - 1 - offset) // CONTEXT * CONTEXT
    inputs, targets = (part[:, offset + shift : offset + shift + steps].reshape(-1, CONTEXT) for shift in (0, 1))
    total = 0.0
    for rows in torch.randperm(len(inputs), generator=generator).split(batch):
        logits = network.train()(inputs[rows].long())
        loss = F.cross_entropy(logits.flatten(0, 1), targets[rows].long().flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item() * len(rows)
    return total / len(inputs)


@torch.inference_mode()
def predict(network, part):
    """Return the log-probability of each target of a part, nats, and the most likely id there, both (streams, steps)."""
    network.eval()
    steps, found = part.shape[1] - 1, torch.empty(part.shape[0], part.shape[1] - 1)
    likeliest = torch.empty(found.shape, dtype=torch.int64)
    for start in range(0, steps, CONTEXT // 2):
        end = min(start + CONTEXT, steps)
        scored = 0 if start == 0 else CONTEXT // 2
        if start + scored >= end:
            break
        log_p = network(part[:, start:end].long()).log_softmax(2)
        chosen = log_p.gather(2, part[:, start + 1 : end + 1].long().unsqueeze(2)).squeeze(2)
        found[:, start + scored : end] = chosen[:, scored:]
        likeliest[:, start + scored : end] = log_p[:, scored:].argmax(2)
    return found.numpy(), likeliest.numpy()


def main():
    """Train on a split and write the predictions of its test part."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch", type=int, default=32, help="windows of a minibatch")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="the highest, after a twentieth of the updates")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--characters", type=int, help="train on this many characters of each stream alone, the last ones")
    words = parser.parse_args()
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vocabulary = len(json.loads((words.split / "vocabulary.json").read_text())["bytes"])
    train, validation, test = (torch.from_numpy(np.load(words.split / f"{part}.npy")) for part in ("train", "validation", "test"))
    train = train[:, -words.characters - 1 :] if words.characters else train
    network = Transformer(vocabulary, words.dropout).to(device)
    print(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters", flush=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=words.learning_rate, betas=(0.9, 0.99), weight_decay=0.01)
    updates = words.epochs * math.ceil(len(train) * ((train.shape[1] - 1) // CONTEXT) / words.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, words.learning_rate, total_steps=updates + 1, pct_start=0.05)
    best, kept = math.inf, None
    for epoch in range(1, words.epochs + 1):
        start = time.time()
        train_loss = train_epoch(network, optimizer, schedule, train.to(device), words.batch, generator)
        validation_loss = -predict(network, validation.to(device))[0].mean(dtype=np.float64)
        if validation_loss < best:
            best, kept = validation_loss, copy.deepcopy(network.state_dict())
        print(f"epoch {epoch}: train {train_loss:.4f}, validation {validation_loss:.4f}, {time.time() - start:.0f} s", flush=True)
    network.load_state_dict(kept)
    log_prob, predicted = predict(network, test.to(device))
    print(f"test {-log_prob.mean(dtype=np.float64):.4f} nats per character", flush=True)
    streams, steps = log_prob.shape
    columns = {"stream": np.repeat(np.arange(streams), steps), "step": np.tile(np.arange(steps), streams)}
    words.out.parent.mkdir(parents=True, exist_ok=True)
    columns |= {"target": test[:, 1:].numpy().ravel(), "predicted": predicted.ravel(), "log_prob": log_prob.ravel()}
    pq.write_table(pa.table(columns), words.out)


if __name__ == "__main__":
    main()
