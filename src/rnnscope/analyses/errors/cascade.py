"""The cascade: oracles remove a model's errors one after another, and each class is what one of them removes (F7).

Every error falls in exactly one class, that of the first oracle which gets it right, and `remaining` takes what none does.
The order therefore shapes the shares; how much an oracle would remove on its own is told beside them.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.errors import oracles
from rnnscope.analyses.errors.errors import is_error
from rnnscope.analyses.errors.oracles import ALL, Oracle
from rnnscope.analyses.errors.whole_text import WholeText, read_aligned, read_whole_text
from rnnscope.errors import InputError

CLASSES = ("n-gram", "memory", "rare_words", "word_model", "punctuation", "boost")
REMAINING = "remaining"
NO_ERROR = -1


@dataclass(frozen=True)
class Settings:
    """Which oracles there are: their order of removal, and their levels in that of theirs."""

    order: list[str]  # different ones of CLASSES
    ngram_horizons: range  # n of the n-gram models
    memory: list[int]  # characters
    rare_words: list[int]  # occurrences in the training text
    boost: list[float]  # added probability


def add_settings_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command line the flags that `settings_of` reads, and those of the files that oracles come from."""
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--predictions-folder", type=Path, required=True, help="holds <model>.parquet and ngram-<n>.parquet")
    parser.add_argument("--order", nargs="+", choices=CLASSES, required=True, help="classes in their order of removal")
    parser.add_argument("--ngram-horizons", type=int, required=True, help="n-gram models of n = 1, 2, ... so many characters")
    parser.add_argument("--memory", type=int, nargs="+", required=True, help="lengths of the memory, characters")
    parser.add_argument("--rare-words", type=int, nargs="+", required=True, help="occurrences up to which a word is rare")
    parser.add_argument("--boost", type=float, nargs="+", required=True, help="amounts added to a probability")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that a parsed command line asks for. Raises InputError when a class is to be removed twice, or by nothing."""
    if len(set(arguments.order)) < len(arguments.order):
        raise InputError(f"--order: found {' '.join(arguments.order)}, expected every class at most once")
    if arguments.ngram_horizons < 1:
        raise InputError(f"--ngram-horizons: found {arguments.ngram_horizons}, expected at least 1")
    horizons = range(1, arguments.ngram_horizons + 1)
    return Settings(arguments.order, horizons, arguments.memory, arguments.rare_words, arguments.boost)


class Cascade:
    """The oracles of one text, ready to remove the errors of any model."""

    def __init__(self, whole: WholeText, ngrams: dict[int, np.ndarray], settings: Settings) -> None:
        """`ngrams`: for each n, which characters the n-gram model gets right, bool (test characters,)."""
        self.whole = whole
        self.settings = settings
        self.words = oracles.find_words(whole)
        self.distances = oracles.repeat_distances(whole, self.words, max(settings.memory))
        fixed = (
            oracles.ngram_oracle(ngrams),
            oracles.memory_oracle(self.distances, settings.memory),
            oracles.rare_word_oracle(oracles.training_counts(whole, self.words), settings.rare_words),
            oracles.word_oracle(whole),
            oracles.punctuation_oracle(whole),
        )
        self._fixed = {oracle.name: oracle for oracle in fixed}

    def oracles(self, log_prob: np.ndarray) -> list[Oracle]:
        """All oracles in their order, for the model that gives the correct characters `log_prob`, (test characters,), nats."""
        boost = oracles.boost_oracle(log_prob, self.settings.boost)
        return [boost if name == boost.name else self._fixed[name] for name in self.settings.order]

    def breakdown(self, log_prob: np.ndarray) -> "Breakdown":
        """The errors of a model, each in its class."""
        return Breakdown(is_error(log_prob), self.oracles(log_prob))


class Breakdown:
    """The errors of one model, each with the oracle and level that removes it.

    levels: the class and level of every step of the cascade in order, and at the end (REMAINING, "all"). removed_by:
    int16 (test characters,), the number of the step that removes a character's error; NO_ERROR where there is none.
    """

    def __init__(self, errors: np.ndarray, oracles: list[Oracle]) -> None:
        """`errors`: bool (test characters,)."""
        self.errors = errors
        self.oracles = oracles
        self.levels = [(oracle.name, level) for oracle in oracles for level in oracle.levels] + [(REMAINING, ALL)]
        self.removed_by = remove_in_order(errors, [mask for oracle in oracles for mask in oracle.levels.values()])

    @property
    def classes(self) -> list[str]:
        """The names of the classes in their order."""
        return list(dict.fromkeys(name for name, _ in self.levels))

    @property
    def class_of(self) -> np.ndarray:
        """The number, in `classes`, of the class of each error: int16 (test characters,); NO_ERROR where there is none."""
        number = [self.classes.index(name) for name, _ in self.levels]
        found: np.ndarray = np.array([*number, NO_ERROR], dtype=np.int16)[self.removed_by]  # the last one is also that of -1
        return found

    def table(self) -> pd.DataFrame:
        """How many errors each class and level has: columns class, level, removed, removed_share, alone, alone_share.

        A class has a row of level `all`, and after it one for each level that it has.
        """
        removed = np.bincount(self.removed_by[self.errors], minlength=len(self.levels))
        alone = self._alone()
        rows = []
        for name in self.classes:
            steps = [step for step, (of, _) in enumerate(self.levels) if of == name]
            rows.append((name, ALL, removed[steps].sum(), alone[name, ALL]))
            inner = [step for step in steps if self.levels[step] != (name, ALL)]
            rows += [(*self.levels[step], removed[step], alone[self.levels[step]]) for step in inner]
        table = pd.DataFrame(rows, columns=["class", "level", "removed", "alone"])
        for column, share in (("removed", 3), ("alone", 5)):
            table.insert(share, f"{column}_share", table[column] / max(self.errors.sum(), 1))
        return table

    def _alone(self) -> dict[tuple[str, str], int]:
        """How many of all errors each level, and each class, would remove if it came first."""
        alone = {(REMAINING, ALL): int(np.count_nonzero(self.class_of == self.classes.index(REMAINING)))}
        for oracle in self.oracles:
            removed = {level: self.errors & mask for level, mask in oracle.levels.items()}
            alone |= {(oracle.name, level): int(mask.sum()) for level, mask in removed.items()}
            alone[oracle.name, ALL] = int(np.logical_or.reduce(list(removed.values())).sum())
        return alone


def remove_in_order(errors: np.ndarray, masks: list[np.ndarray]) -> np.ndarray:
    """Which of some oracles' masks is the first to hold each error: int16 (test characters,).

    errors, masks: bool (test characters,). len(masks) where none holds it, NO_ERROR where there is no error.
    """
    removed_by = np.where(errors, np.int16(len(masks)), np.int16(NO_ERROR))
    for step in reversed(range(len(masks))):
        removed_by[errors & masks[step]] = step
    return removed_by


def read_cascade(arguments: argparse.Namespace) -> Cascade:
    """The oracles that a parsed command line asks for. Raises InputError when a file is missing, damaged or of another text."""
    settings = settings_of(arguments)
    ngrams = {
        n: ~is_error(read_aligned(arguments.predictions_folder / f"ngram-{n}.parquet", arguments.split))
        for n in settings.ngram_horizons
    }
    return Cascade(read_whole_text(arguments.split), ngrams, settings)
