"""How often a 95 % interval holds the true mean of series that are correlated like the losses of a text.

    python tests/benchmarks/coverage.py

The series have mean 0: in each stream, the sum of an AR(1) process with a memory of some characters (words), one with a
longer memory (passages), and noise. 1,000 texts are drawn of each kind; they share the draws of the bootstrap.
"""

import numpy as np

from rnnscope.analyses.losses.bootstrap import interval, resampled_means
from rnnscope.analyses.losses.clusters import Clusters, draw_clusters

TEXTS, SAMPLES, LEAST = 1000, 1000, 40
WORD = 5  # characters
KINDS = [(100, 3300, 300), (100, 3300, 1000), (64, 400, 50), (40, 3300, 300), (20, 3300, 100), (4, 30_000, 300)]


def cluster_sums(streams, steps, memory, divisions):
    """The sums of the clusters of every text under each of several divisions: float64 (clusters, texts) of each."""
    random = np.random.default_rng(1)
    carried = np.exp(-1 / np.array([WORD, memory], np.float32))[:, np.newaxis, np.newaxis]
    fresh = np.sqrt(1 - carried**2)
    state = random.standard_normal((2, streams, TEXTS), dtype=np.float32)
    sums = [np.zeros((len(clusters), TEXTS)) for clusters in divisions]
    numbers = [clusters.numbers for clusters in divisions]
    for step in range(steps):
        if step:
            state = carried * state + fresh * random.standard_normal(state.shape, dtype=np.float32)
        values = state.sum(axis=0) + random.standard_normal(state.shape[1:], dtype=np.float32)
        for of_division, number in zip(sums, numbers, strict=True):
            of_division[number[:, step]] += values  # in one step, every stream is in a cluster of its own
    return sums


def coverage(sums, clusters):
    """The share of the texts whose interval has the true mean, 0."""
    sizes = clusters.sums(np.ones((clusters.streams, clusters.steps)))[:, np.newaxis]
    _, resampled = resampled_means(np.stack([np.broadcast_to(sizes, sums.shape), sums], axis=1), SAMPLES, seed=1)
    low, high = interval(resampled[:, 0], len(clusters))
    return ((low <= 0) & (high >= 0)).mean()


def main():
    print(f"{'streams':>8}{'steps':>8}{'memory':>8}   {'drawn':34}{'coverage':>9}{'of blocks of 500':>18}")
    for streams, steps, memory in KINDS:
        divisions = [draw_clusters((streams, steps), LEAST), Clusters(streams, steps, blocks=-(-steps // 500))]
        found = map(coverage, cluster_sums(streams, steps, memory, divisions), divisions)
        print(f"{streams:8}{steps:8}{memory:8}   {divisions[0]!s:34}" + "{:9.1%}{:18.1%}".format(*found), flush=True)


if __name__ == "__main__":
    main()
