"""Which test characters a bootstrap draws together: whole streams, as far as there are enough of them.

What a model does not know of a passage costs it all through the passage, so that neighbouring characters are not
independent, and blocks of some hundreds of characters are not either. The test parts of two streams are far from each other in
the text. So a cluster is a whole stream (Cameron, Gelbach and Miller 2008, "Bootstrap-based improvements for inference with
clustered errors"); where there are too few streams, a block of one (Carlstein 1986, "The use of subseries values for estimating
the variance of a general statistic from a stationary sequence"), as long as the number of blocks allows.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from rnnscope.storage.declarations import Column

CLUSTERS = Column(
    "clusters",
    "text",
    "what the bootstrap draws for the intervals, such as `100 streams` or `40 blocks of 82 or 83 characters`. A value whose cases"
    " are in fewer than 10 of these has no interval: empty cells",
)


@dataclass(frozen=True)
class Clusters:
    """The clusters of the test characters.

    Parameters
    ----------
    streams, steps
        Shape of the test part.
    together
        Streams in one cluster.
    blocks
        Blocks that every stream is cut in; 1 for whole streams.
    """

    streams: int
    steps: int
    together: int = 1
    blocks: int = 1

    def __len__(self) -> int:
        return ceil(self.streams / self.together) * self.blocks

    def __str__(self) -> str:
        if self.together > 1:
            return f"{len(self)} groups of {self.together} streams"
        if self.blocks > 1:
            sizes = sorted({self.steps // self.blocks, ceil(self.steps / self.blocks)})
            return f"{len(self)} blocks of {' or '.join(map(str, sizes))} characters"
        return f"{len(self)} streams"

    @property
    def _first_steps(self) -> np.ndarray:
        """The first step of each block of a stream, int64: the blocks are as equal as possible."""
        return np.arange(self.blocks) * self.steps // self.blocks

    @property
    def numbers(self) -> np.ndarray:
        """The number of the cluster of each character, from 0: int64 (streams, steps)."""
        within = np.searchsorted(self._first_steps, np.arange(self.steps), side="right") - 1
        return np.arange(self.streams)[:, np.newaxis] // self.together * self.blocks + within

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over each cluster: (streams, steps) -> float64 (clusters,)."""
        of_blocks = np.add.reduceat(values, self._first_steps, axis=1, dtype=np.float64)
        return np.add.reduceat(of_blocks, np.arange(0, self.streams, self.together), axis=0).ravel()


def draw_clusters(shape: tuple[int, int], least: int) -> Clusters:
    """Return the largest clusters of which there are enough.

    Parameters
    ----------
    shape
        Streams and steps of the test part.
    least
        How many clusters are enough. A stream is cut in single characters at most.

    Returns
    -------
    Clusters
        Whole streams if there are `least`; otherwise the longest blocks of which there are `least`.
    """
    streams, steps = shape
    return Clusters(streams, steps, blocks=min(ceil(least / streams), steps))


def stream_groups(shape: tuple[int, int], together: int) -> Clusters:
    """Return groups of whole streams, `together` in each: what shares weights, or a start, is never in two clusters."""
    return Clusters(*shape, together=min(together, shape[0]))
