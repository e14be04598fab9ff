"""The n-NN: a feed-forward network that sees the last n characters and nothing before them (paper section 4, T2).

One hidden tanh layer over the concatenated one-hot codes of the n characters, and a linear softmax layer over the K
characters:

    h = tanh(b + sum_j W_j x_j),   p = softmax(V h + c),   j = 1 .. n, x_j one-hot of the character n + 1 - j positions back.

W_j x_j is one row of a table of W_j: the first layer looks up n rows and adds them, and no one-hot code is ever made.

Training uses the targets that have n characters before them in their own stream of the train part. Scored text (the
targets of the validation or the test part) is read as the n-grams read it: as one text, stream after stream, its first
n targets with shorter contexts. A missing character adds nothing to the sum.

Source: Bengio et al. 2003, "A neural probabilistic language model", with one-hot codes in place of learned features.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnscope.models.initialisation import draw_parameters
from rnnscope.progress import progress

CHARACTERS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Shape:
    """What fixes an n-NN's parameters.

    Parameters
    ----------
    n
        Characters of context.
    hidden_width
        Units of the tanh layer, H.
    vocabulary
        Number of characters, K.
    """

    n: int
    hidden_width: int
    vocabulary: int


class FeedForwardNetwork(nn.Module):
    """The n-NN: `table` (n, K, H) holds W_1 .. W_n, `bias` (H,) is b, `softmax` holds V and c.

    Parameters
    ----------
    shape
        Context, width and vocabulary.
    generator
        Draws the initial parameters; a CPU one, so that every device gets the same values.
    """

    kind: ClassVar = "feed-forward"
    dropout = 0.0

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.table = nn.Parameter(torch.empty(shape.n, shape.vocabulary, shape.hidden_width))
        self.bias = nn.Parameter(torch.empty(shape.hidden_width))
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)
        draw_parameters(self, generator)

    def forward(self, contexts: Tensor) -> Tensor:
        """Return logits (..., K) of the characters that follow `contexts`.

        Parameters
        ----------
        contexts
            int64 ids (..., n), the oldest first; K is a missing character.
        """
        n, K, H = self.table.shape
        # One table of n (K + 1) rows: after the K rows of each W_j, one of zeros for a missing character.
        rows = torch.cat((self.table, self.table.new_zeros(n, 1, H)), dim=1).flatten(0, 1)
        row_of = contexts + torch.arange(n, device=contexts.device) * (K + 1)
        h = torch.tanh(F.embedding_bag(row_of.reshape(-1, n), rows, mode="sum") + self.bias)
        return self.softmax(h).unflatten(0, contexts.shape[:-1])


def train_windows(part: Tensor, n: int) -> Tensor:
    """Return the n characters before each target, and the target itself: a view (streams, steps + 1 - n, n + 1) of `part`.

    `part` are ids (streams, steps + 1). Only targets with all n characters in their own row are used.
    """
    return part.unfold(1, n + 1, 1)


def scored_windows(part: Tensor, n: int, K: int) -> Tensor:
    """Return the n characters before each target of a part, and the target itself: integer ids (streams, steps, n + 1).

    `part` are ids (streams, steps + 1); its targets are one text, stream after stream. K is a character before the start of
    that text. The result is a view of one copy of the text: memory does not grow with n.
    """
    text = part[:, 1:].to(torch.int16 if torch.iinfo(torch.int16).max >= K else torch.int32)  # 8 bits do not hold a K of 256
    padded = torch.cat((text.new_full((n,), K), text.flatten()))
    return padded.unfold(0, n + 1, 1).unflatten(0, text.shape)


def minibatches(windows: Tensor, sequence_length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield contexts, int64 (streams, T, n), and targets, int64 (streams, T), of one minibatch after another.

    `windows` are ids (streams, steps, n + 1). T is `sequence_length`, or fewer at the end.
    """
    for minibatch in windows.split(sequence_length, dim=1):
        ids = minibatch.long()
        yield ids[..., :-1], ids[..., -1]


@torch.inference_mode()
def log_distributions(network: FeedForwardNetwork, windows: Tensor, sequence_length: int) -> Iterator[Tensor]:
    """Yield the log-probabilities (nats) of all K characters, (streams, T, K), of one minibatch after another.

    `windows` are those of `scored_windows`. Memory holds one minibatch.
    """
    network.eval()
    for contexts, _ in minibatches(windows, sequence_length):
        yield network(contexts).log_softmax(-1)


def correct_log_probabilities(network: FeedForwardNetwork, part: Tensor) -> Tensor:
    """Return the log-probability (nats) of every target of a part, (streams, steps). `part` are ids (streams, steps + 1)."""
    return predictions(network, part)[0]


def predictions(network: FeedForwardNetwork, part: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `correct_log_probabilities` does, and the most likely character, int32 ids of the same shape."""
    windows = scored_windows(part, network.shape.n, network.shape.vocabulary)
    targets = windows[..., -1:]
    length = max(1, CHARACTERS_AT_ONCE // len(part))
    # Filled in place: one small tensor a minibatch would fragment the heap and keep every minibatch's memory.
    found, predicted = network.bias.new_empty(targets.shape), torch.empty_like(targets, dtype=torch.int32)
    parts = (values.split(length, 1) for values in (targets, found, predicted))
    with progress("evaluation", targets.numel(), "characters") as advance:
        for log_distribution, target, log_prob, most_likely in zip(
            log_distributions(network, windows, length), *parts, strict=True
        ):
            log_prob.copy_(log_distribution.gather(2, target.long()))
            most_likely.copy_(log_distribution.argmax(2, keepdim=True))  # the first of equals
            advance(target.numel())
    return found.squeeze(2), predicted.squeeze(2)
