"""The n-NN: a feed-forward network that sees the last n characters and nothing before them (paper section 4, T2).

One hidden tanh layer over the concatenated one-hot codes of the n characters, and a linear softmax layer over the K
characters (the model of Bengio et al. 2003, "A neural probabilistic language model", with one-hot codes in place of
learned features):

    h = tanh(b + sum_j W_j x_j),   p = softmax(V h + c),   j = 1 .. n, x_j one-hot of the character n + 1 - j places back.

W_j x_j is one row of a table of W_j: the first layer looks up n rows and adds them, and no one-hot code is ever made.

Training uses the targets that have n characters before them in their own stream of the train part. Scored text (the
targets of the validation or the test part) is read as the n-grams read it: as one text, stream after stream, its first
n targets with what context there is. A missing character adds nothing to the sum.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnscope.errors import InputError
from rnnscope.models.initialisation import draw_parameters
from rnnscope.progress import progress
from rnnscope.storage.files import corrupt_file_error
from rnnscope.storage.tensors import load_tensors, save_tensors

CHARACTERS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Shape:
    """What fixes an n-NN's parameters: the horizon n, the hidden width H and the vocabulary K."""

    n: int
    hidden_width: int
    vocabulary: int


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself: its shape, the epoch and the vocabulary's bytes."""

    shape: Shape
    epoch: int
    vocabulary: list[int]


class FeedForwardNetwork(nn.Module):
    """The n-NN: `table` (n, K, H) holds W_1 .. W_n, `bias` (H,) is b, `softmax` holds V and c."""

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        """Draw all parameters with `generator` (a CPU one, so that devices agree)."""
        super().__init__()
        self.shape = shape
        self.table = nn.Parameter(torch.empty(shape.n, shape.vocabulary, shape.hidden_width))
        self.bias = nn.Parameter(torch.empty(shape.hidden_width))
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)
        draw_parameters(self, generator)

    def forward(self, contexts: Tensor) -> Tensor:
        """Logits (..., K) of the characters that follow `contexts`, int64 ids (..., n), oldest first; K is a missing one."""
        n, K, H = self.table.shape
        # One table of n (K + 1) rows: after the K rows of each W_j, one of zeros for a missing character.
        rows = torch.cat((self.table, self.table.new_zeros(n, 1, H)), dim=1).flatten(0, 1)
        row_of = contexts + torch.arange(n, device=contexts.device) * (K + 1)
        h = torch.tanh(F.embedding_bag(row_of.reshape(-1, n), rows, mode="sum") + self.bias)
        logits: Tensor = self.softmax(h).unflatten(0, contexts.shape[:-1])
        return logits


def train_windows(part: Tensor, n: int) -> Tensor:
    """The n characters before each target, and the target itself: a view (streams, steps + 1 - n, n + 1) of `part`.

    `part` are ids (streams, steps + 1). A target has all its n characters in its own row: the others are left out.
    """
    return part.unfold(1, n + 1, 1)


def scored_windows(part: Tensor, n: int, K: int) -> Tensor:
    """The n characters before each target of a part, and the target itself: int16 ids (streams, steps, n + 1).

    `part` are ids (streams, steps + 1); its targets are one text, stream after stream. K stands for a character
    before the start of that text. A view of one copy of the text: memory does not grow with n.
    """
    text = part[:, 1:].to(torch.int16)  # K may be 256, which 8 bits do not hold
    padded = torch.cat((text.new_full((n,), K), text.flatten()))
    windows: Tensor = padded.unfold(0, n + 1, 1).unflatten(0, text.shape)
    return windows


def minibatches(windows: Tensor, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield contexts, int64 (streams, steps, n), and targets, int64 (streams, steps), of one segment after another.

    `windows` are ids (streams, total steps, n + 1); the last segment may be shorter.
    """
    for piece in windows.split(steps, dim=1):
        ids = piece.long()
        yield ids[..., :-1], ids[..., -1]


@torch.inference_mode()
def log_distributions(network: FeedForwardNetwork, windows: Tensor, steps: int) -> Iterator[Tensor]:
    """Yield the log-probabilities (nats) of all K characters, (streams, steps, K), of one segment after another.

    `windows` are those of `scored_windows`. Memory holds one segment.
    """
    network.eval()
    for contexts, _ in minibatches(windows, steps):
        yield network(contexts).log_softmax(-1)


def correct_log_probabilities(network: FeedForwardNetwork, part: Tensor) -> Tensor:
    """Log-probability (nats) of every target of a part, (streams, steps). `part` are ids (streams, steps + 1)."""
    windows = scored_windows(part, network.shape.n, network.shape.vocabulary)
    targets = windows[..., -1:]
    steps = max(1, CHARACTERS_AT_ONCE // len(part))
    # Filled in place: kept as one small tensor a segment, they would hold the heap of every segment in memory.
    found = network.bias.new_empty(targets.shape)
    segments = zip(log_distributions(network, windows, steps), targets.split(steps, 1), found.split(steps, 1), strict=True)
    with progress("evaluation", targets.numel(), "characters") as advance:
        for log_distribution, target, place in segments:
            place.copy_(log_distribution.gather(2, target.long()))
            advance(target.numel())
    return found.squeeze(2)


def mean_loss(network: FeedForwardNetwork, part: Tensor) -> float:
    """Cross-entropy in nats per character, averaged in float64, of a part's targets. `part` are ids (streams, steps + 1)."""
    return -correct_log_probabilities(network, part).double().mean().item()


def save_checkpoint(path: Path, weights: dict[str, Tensor], description: Description) -> None:
    """Write an n-NN's weights and description, whole or not at all."""
    save_tensors(path, weights, asdict(description))


def load_checkpoint(path: Path, vocabulary: np.ndarray, device: torch.device | str = "cpu") -> FeedForwardNetwork:
    """Rebuild the n-NN of a checkpoint that was trained on the characters `vocabulary`, uint8 (K,).

    Raises InputError naming the file when it is damaged, is no n-NN's or was trained on other characters.
    """
    weights, stored = load_tensors(path)
    try:
        description = Description(**{**stored, "shape": Shape(**stored["shape"])})
        network = FeedForwardNetwork(description.shape)
        network.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise corrupt_file_error(path, f"weights or metadata do not fit an n-NN ({reason})") from None
    if description.vocabulary != vocabulary.tolist():
        raise InputError(
            f"{path}: trained on {len(description.vocabulary)} other characters; expected the {len(vocabulary)} of this split"
        )
    return network.to(device).eval()
