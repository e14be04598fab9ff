"""The claims that the paper makes in words, each with the test that decides it.

What varies in an interval is the test text; there is one network a model, so that no test knows the spread over seeds. A claim
about a direction counts differences that are significant (Holm's correction for all pairs of models) and larger than a chosen
bound, for and against; what a larger bound makes of it, as large as a second seed was seen to be, is beside it. That such a
claim does not hold is said only of a grid that has all networks of the paper's; that it holds in general, only of one that has
all sizes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, product

import numpy as np
import pandas as pd

from rnnscope.analyses.paper.estimates import Estimate
from rnnscope.settings.base import LONGEST_CONTEXT

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"
PAPER_GRID = set(product(("lstm", "rnn", "gru"), (1, 2, 3), (64, 128, 256)))  # cell, layers, size
SIZES = {size for _, _, size in PAPER_GRID}
COUNTS_FROM = 0.02  # nats per character: the bound from which on a difference of two losses counts, chosen
SEED_MOVED = 0.046  # nats per character: what a second seed changed at LSTM 3x64 of War and Peace; at RNN 1x128 it was 0.001
FEWEST = 5  # comparisons of one direction that rule the other one out: by chance all agree with probability 1/16
SHUFFLES, SEED = 999, 1  # of the types of networks, for the cluster of RNNs
CONSISTENTLY = 0.9  # of the test characters, or of units
NEARLY_NEVER = 0.05  # of the characters of all units together
SEVERAL = 3  # units
BEYOND = 60  # characters, from where the lead in closing braces has to hold
LARGEST_DEVIATION = 4e-3  # nats per character: the paper's bound on the standard deviation of a test loss
LONG_CONTEXT = 4  # characters of context from which on an n-NN has many

Verdict = tuple[str, str]


@dataclass(frozen=True)
class Tables:
    """What claims are decided on: tables of the analyses, and an estimate.

    Parameters
    ----------
    losses, differences, distances
        losses.csv, paired_differences.csv and model_distances.csv.
    leads
        By how much the paper's network gives a closing brace a higher probability than the 20-gram model, by the least distance
        of a bin (F5); empty without these models.
    dynamics
        dynamics.csv; empty where no model is observed in training.
    saturation
        saturation.csv; empty where no gates are dumped.
    ngram_share
        The share of n-gram errors in the errors that the larger network has fewer (F8); None without these networks.
    bound
        Nats per character above which a significant difference of two losses counts.
    """

    losses: pd.DataFrame
    differences: pd.DataFrame
    distances: pd.DataFrame
    leads: dict[int, Estimate]
    dynamics: pd.DataFrame
    saturation: pd.DataFrame
    ngram_share: Estimate | None
    bound: float = COUNTS_FROM


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Parameters
    ----------
    item
        The table or figure that it is about.
    text
        The claim, in our words.
    about
        The text of the paper that it is made of; empty for both.
    test
        What decides it.
    decide
        Returns what is found, in words, and whether the claim holds.
    has_numbers
        Whether the numbers that the paper prints or draws are enough to decide it on.
    """

    item: str
    text: str
    about: str
    test: str
    decide: Callable[[Tables], Verdict]
    has_numbers: bool = False


class Differences:
    """The significant differences of test loss that are above a bound.

    Parameters
    ----------
    tables
        With paired_differences.csv and the bound.
    """

    def __init__(self, tables: Tables) -> None:
        self._sign = {}
        for row in tables.differences.to_dict("records"):
            counts = row["separated"] and abs(row["difference"]) > tables.bound
            sign = int(np.sign(row["difference"])) if counts else 0
            self._sign[row["model"], row["other"]] = sign
            self._sign[row["other"], row["model"]] = -sign

    def sign(self, model: str, other: str) -> int:
        """Return -1 where the first model's loss is lower, 1 where it is higher, 0 where neither can be said."""
        return self._sign[model, other]

    def has(self, model: str, other: str) -> bool:
        """Return whether the two were compared."""
        return (model, other) in self._sign


def grid(losses: pd.DataFrame) -> dict[tuple[str, int, int], str]:
    """Return the recurrent networks by cell, layers and size."""
    columns = losses[["cell", "layers", "size", "model"]].itertuples(index=False)
    return {(cell, layers, size): model for cell, layers, size, model in columns}


def refuted(models: dict[tuple[str, int, int], str], outcome: str) -> str:
    """Return an outcome; undecided in place of `FAILS` if `models` lacks a network of the paper's grid."""
    return outcome if outcome != FAILS or models.keys() >= PAPER_GRID else OPEN


def general(models: dict[tuple[str, int, int], str], outcome: str, compared: int) -> str:
    """Return an outcome; undecided in place of `HOLDS` on few comparisons or not on all sizes of the paper's grid."""
    enough = compared >= FEWEST and {size for _, _, size in models} >= SIZES
    return outcome if outcome != HOLDS or enough else OPEN


def counted(signs: list[int]) -> str:
    """Describe signs of `Differences`, lower first."""
    return f"{signs.count(-1)} of {len(signs)} lower, {signs.count(1)} higher"


def deviations_are_small(tables: Tables) -> Verdict:
    """Compare the standard deviation of every test loss with the paper's bound."""
    deviations = tables.losses["independent_standard_deviation"]
    if deviations.empty:
        return "no networks", OPEN
    largest = float(deviations.max())
    return f"{largest:.4f} at most, of {len(deviations)} networks", HOLDS if largest < LARGEST_DEVIATION else FAILS


def long_contexts_overfit(tables: Tables) -> Verdict:
    """Compare each n-NN of a long context with the n-gram model of the same context."""
    differences = Differences(tables)
    pairs = {n: (f"ngram-{n}", f"nnn-{n}") for n in range(LONG_CONTEXT, LONGEST_CONTEXT + 1)}
    signs = {n: differences.sign(*pair) for n, pair in pairs.items() if differences.has(*pair)}
    if not signs:
        return f"no n-NN of at least {LONG_CONTEXT} characters", OPEN
    words = f"n-gram: {counted(list(signs.values()))} than the n-NN, n up to {max(signs)}"
    return words, FAILS if 1 in signs.values() else HOLDS if len(signs) > 1 and set(signs.values()) == {-1} else OPEN


def decide_lower(signs: list[int]) -> str:
    """Decide that losses are lower: most of them, none higher."""
    if not signs:
        return OPEN
    if 2 * signs.count(-1) > len(signs) and not signs.count(1):
        return HOLDS
    return FAILS if signs.count(1) >= signs.count(-1) and signs.count(1) else OPEN


def decide_mixed(signs: list[int]) -> str:
    """Decide that losses are sometimes lower and sometimes higher; many in one direction alone refute it."""
    if signs.count(-1) and signs.count(1):
        return HOLDS
    return FAILS if max(signs.count(-1), signs.count(1)) >= FEWEST else OPEN


def depth_helps(tables: Tables) -> Verdict:
    """Compare one layer with the better of more, by validation loss, for each cell and size."""
    models, differences = grid(tables.losses), Differences(tables)
    validation = dict(zip(tables.losses["model"], tables.losses["validation_loss"], strict=True))
    signs = []
    for (cell, layers, size), shallow in models.items():
        deeper = [name for (of_cell, depth, of_size), name in models.items() if (of_cell, of_size) == (cell, size) and depth > 1]
        if layers == 1 and deeper:
            signs.append(differences.sign(min(deeper, key=validation.__getitem__), shallow))
    return f"deeper: {counted(signs)}", general(models, refuted(models, decide_lower(signs)), len(signs))


def two_against_three(tables: Tables) -> Verdict:
    """Compare three layers with two, for each cell and size."""
    models, differences = grid(tables.losses), Differences(tables)
    signs = [
        differences.sign(models[cell, 3, size], two)
        for (cell, layers, size), two in models.items()
        if layers == 2 and (cell, 3, size) in models
    ]
    return f"three layers: {counted(signs)} than two", refuted(models, decide_mixed(signs))


def cells_compared(tables: Tables, cell: str, other: str) -> dict[int, list[int]]:
    """Return the signs of the differences of two cells at the same depth, by size."""
    models, differences = grid(tables.losses), Differences(tables)
    found: dict[int, list[int]] = {}
    for (of_cell, layers, size), model in models.items():
        if of_cell == cell and (other, layers, size) in models:
            found.setdefault(size, []).append(differences.sign(model, models[other, layers, size]))
    return found


def lstm_against_gru(tables: Tables) -> Verdict:
    """Compare LSTM and GRU at each depth and size."""
    signs = list(chain(*cells_compared(tables, "lstm", "gru").values()))
    return f"LSTM: {counted(signs)} than GRU", refuted(grid(tables.losses), decide_mixed(signs))


def rnn_is_beaten(tables: Tables) -> Verdict:
    """Compare LSTM and GRU with the RNN at each depth and size: one example to the contrary refutes it, whatever the grid."""
    by_size: dict[int, list[int]] = {}
    for cell in ("lstm", "gru"):
        for size, signs in cells_compared(tables, cell, "rnn").items():
            by_size.setdefault(size, []).extend(signs)
    words = [f"size {size}: {counted(signs)}" for size, signs in sorted(by_size.items())]
    every = list(chain(*by_size.values()))
    outcome = HOLDS if every and every.count(-1) == len(every) else FAILS if every.count(1) else OPEN
    return "; ".join(words) or "no such pairs", general(grid(tables.losses), outcome, len(every))


def disagreement_of(tables: Tables) -> Callable[[str, str], float]:
    """Return the function that gives the disagreement of two models."""
    rows = tables.distances[["model", "other", "disagreement"]].itertuples(index=False)
    found = {(model, other): value for model, other, value in rows}
    return lambda model, other: found[model, other]


def full_triples(tables: Tables) -> list[dict[str, str]]:
    """Return, for each depth and size that all three cells have, their networks by cell."""
    models = grid(tables.losses)
    shapes = sorted({(layers, size) for _, layers, size in models})
    triples = [{cell: models.get((cell, *shape), "") for cell in ("lstm", "gru", "rnn")} for shape in shapes]
    return [triple for triple in triples if all(triple.values())]


def lstm_and_gru_agree(tables: Tables) -> Verdict:
    """Compare how often LSTM and GRU disagree with how often either disagrees with the RNN, at each depth and size."""
    apart, triples = disagreement_of(tables), full_triples(tables)
    nearer = [apart(of["lstm"], of["gru"]) < min(apart(of["lstm"], of["rnn"]), apart(of["gru"], of["rnn"])) for of in triples]
    outcome = HOLDS if len(nearer) >= FEWEST and all(nearer) else FAILS if 2 * sum(nearer) < len(nearer) else OPEN
    return f"nearest to each other in {sum(nearer)} of {len(nearer)} depths and sizes", refuted(grid(tables.losses), outcome)


def rnns_cluster(tables: Tables) -> Verdict:
    """Compare the mean disagreement among RNNs, less that with other networks, with shuffled types of networks."""
    apart, triples = disagreement_of(tables), full_triples(tables)
    if len(triples) < FEWEST:
        return f"{len(triples)} depths and sizes with all three types", OPEN
    names = np.array([[triple[cell] for cell in ("rnn", "lstm", "gru")] for triple in triples])
    matrix = np.array([[apart(model, other) for other in names.ravel()] for model in names.ravel()])

    def contrast(columns: np.ndarray) -> float:
        """Mean disagreement among the networks of one column a row, less that with all others."""
        chosen = np.zeros(names.shape, dtype=bool)
        chosen[np.arange(len(names)), columns] = True
        inside = chosen.ravel()
        among = matrix[np.ix_(inside, inside)].sum() / (len(names) * (len(names) - 1))
        return float(among - matrix[np.ix_(inside, ~inside)].mean())

    random = np.random.default_rng(SEED)
    observed = contrast(np.zeros(len(names), dtype=int))
    shuffled = [contrast(random.integers(3, size=len(names))) for _ in range(SHUFFLES)]
    p = (1 + sum(value <= observed for value in shuffled)) / (1 + SHUFFLES)
    outcome = HOLDS if observed < 0 and p <= 0.05 else FAILS if observed >= 0 else OPEN
    words = f"disagreement of RNNs with each other less that with others: {observed:+.3f}; p = {p:.3f}"
    return words, refuted(grid(tables.losses), outcome)
