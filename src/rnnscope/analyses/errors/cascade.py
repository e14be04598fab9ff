"""The cascade: oracles remove a model's errors one after another, and each class is what one of them removes (F7).

Every error is in exactly one class, that of the first oracle which gets it right; `remaining` is the class of the errors that
no oracle gets right. The order therefore determines the shares, and tables also say how much an oracle would remove alone.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnscope.analyses.errors import oracles
from rnnscope.analyses.errors.breakdown import Breakdown
from rnnscope.analyses.errors.errors import is_error
from rnnscope.analyses.errors.oracles import Oracle
from rnnscope.corpus.split_reader import Split
from rnnscope.corpus.split_text import SplitText
from rnnscope.settings.predictions import Oracles
from rnnscope.storage.predictions import predictions_path


class Cascade:
    """The oracles of one text, ready to remove the errors of any model.

    Parameters
    ----------
    text
        The text of the split.
    ngrams : dict of int to ndarray of bool, shape (test characters,)
        For each n, which characters the n-gram model gets right.
    settings
        The order of the oracles, and their levels.
    """

    def __init__(self, text: SplitText, ngrams: dict[int, np.ndarray], settings: Oracles) -> None:
        self.text = text
        self.settings = settings
        self._ngrams = ngrams
        reading, words = oracles.READING_OF[settings.reading], oracles.find_words(text)
        self.memory = oracles.memory_of(text, words, reading, max(settings.memory))
        fixed = (
            oracles.ngram_oracle(ngrams),
            oracles.memory_oracle(self.memory.distances, settings.memory),
            oracles.rare_word_oracle(oracles.training_counts(text, words), settings.rare_words),
            oracles.word_oracle(text, reading.carriage_return),
            oracles.punctuation_oracle(text),
        )
        self._fixed = {oracle.name: oracle for oracle in fixed}

    def under(self, reading: str) -> "Cascade":
        """Return the same cascade under one of `settings.READINGS`."""
        return (
            self
            if reading == self.settings.reading
            else Cascade(self.text, self._ngrams, replace(self.settings, reading=reading))
        )

    def oracles(self, log_prob: np.ndarray) -> list[Oracle]:
        """Return all oracles in their order for one model.

        Parameters
        ----------
        log_prob : ndarray of float, shape (test characters,)
            Its log-probabilities of the correct characters, nats.
        """
        boost = oracles.boost_oracle(log_prob, self.settings.boost)
        return [boost if name == boost.name else self._fixed[name] for name in self.settings.order]

    def breakdown(self, log_prob: np.ndarray) -> Breakdown:
        """Return the errors of a model, each in its class; `log_prob` as for `oracles`."""
        return Breakdown(is_error(log_prob), self.oracles(log_prob))


def read_cascade(split: Split, predictions_folder: Path, settings: Oracles) -> Cascade:
    """Read what the oracles know.

    Parameters
    ----------
    split
        The split whose test part the models predict.
    predictions_folder
        Holds ngram-<n>.parquet for n from 1 to the longest context.
    settings
        The oracles.

    Raises
    ------
    InputError
        If a file is missing, corrupt or of another text.
    """
    ngrams = {
        n: ~is_error(split.read_log_prob(predictions_path(predictions_folder, f"ngram-{n}")).ravel())
        for n in range(1, settings.longest_context + 1)
    }
    return Cascade(split.text, ngrams, settings)
