"""What a real model can do of what oracles do, tuned on the validation part.

Three kinds of methods: the network keeps learning from the text (`training.dynamic_evaluation`, with scaled steps), it is mixed
with a cache of the last characters (`training.neural_cache`), and it is mixed with an n-gram model. As the network itself, the
first two start afresh at the beginning of every stream of the test part. Chosen is what has the lowest loss on some streams of
the validation part. The network without the method is always a candidate, and where it is the best, the method's predictions are
its own.
"""

from itertools import product

import numpy as np

from rnnscope.analyses.errors.mixture import best_weight, mixed
from rnnscope.corpus.split_reader import Split
from rnnscope.models.network import Network
from rnnscope.settings.predictions import Realisable
from rnnscope.training.cross_entropy import correct_log_probabilities
from rnnscope.training.dynamic_evaluation import ScaledDescent, dynamic_predictions, gradient_roots
from rnnscope.training.neural_cache import cache_log_probabilities
from rnnscope.training.segments import to_device

NO_LEARNING = {"learning_rate": 0.0, "decay": 0.0}
Found = tuple[list[dict[str, float]], np.ndarray]


class Tuning:
    """The best network on the streams of the validation part that choose, and on the test part.

    Parameters
    ----------
    network
        The network, in evaluation mode.
    split
        The text.
    test_log_prob
        Its log-probabilities of the test characters, float32 (streams, steps).
    settings
        The candidates.
    """

    def __init__(self, network: Network, split: Split, test_log_prob: np.ndarray, settings: Realisable) -> None:
        self.network = network
        self.split = split
        self.settings = settings
        self.device = network.softmax.weight.device
        validation = split.part("validation")
        self.streams = spread_streams(len(validation), validation.shape[1] - 1, settings.characters)
        self.characters = {
            "validation": to_device(validation[self.streams], self.device),
            "test": to_device(split.part("test"), self.device),
        }
        plain = correct_log_probabilities(network, self.characters["validation"], split.sequence_length)
        self.log_prob = {"validation": plain.cpu().numpy().T, "test": test_log_prob}

    def dynamic_evaluation(self) -> Found:
        """Tune dynamic evaluation.

        Returns
        -------
        candidates : list of dict
            Their settings and losses.
        log_prob : ndarray of float, shape (streams, steps)
            Of the test characters under the best of them.
        """
        settings, network = self.settings, self.network
        train = self.split.part("train")
        steps = max(settings.sequence_length, settings.characters // len(train))
        beginnings = to_device(train[:, : steps + 1], self.device)
        roots = gradient_roots(network, beginnings, settings.sequence_length, settings.streams)
        trained = [weight.detach() for weight in network.parameters()]

        def read(part: str, learning_rate: float, decay: float) -> np.ndarray:
            update = ScaledDescent(trained, roots, learning_rate, decay)
            found, _ = dynamic_predictions(network, self.characters[part], settings.sequence_length, update, settings.streams)
            return found.cpu().numpy().T

        rows = [NO_LEARNING | {"validation_loss": mean_loss(self.log_prob["validation"])}]
        for learning_rate, decay in product(settings.learning_rates, settings.decays):
            values = {"learning_rate": learning_rate, "decay": decay}
            rows.append(values | {"validation_loss": mean_loss(read("validation", **values))})
        best = first_lowest(rows)
        if not best["learning_rate"]:
            return rows, self.log_prob["test"]
        return rows, read("test", best["learning_rate"], best["decay"])

    def cache(self, length: int) -> Found:
        """Tune, likewise, the mixture with a neural cache of some characters."""
        thetas = self.settings.thetas
        found = self._cached("validation", length, thetas)
        rows = [{"theta": theta} | self._weighed(of_theta) for theta, of_theta in zip(thetas, found, strict=True)]
        best = first_lowest(rows)
        (of_test,) = self._cached("test", length, [best["theta"]])
        return rows, mixed(self.log_prob["test"], of_test, best["weight"])

    def _cached(self, part: str, length: int, thetas: list[float]) -> np.ndarray:
        """The log-probabilities under caches, float32 (thetas, streams, steps)."""
        found = cache_log_probabilities(self.network, self.characters[part], length, thetas)
        return found.cpu().numpy().transpose(0, 2, 1)

    def mixture(self, validation: np.ndarray, test: np.ndarray) -> Found:
        """Tune, likewise, the mixture with a model, given its log-probabilities of the two parts, float (streams, steps)."""
        row = self._weighed(validation[self.streams])
        return [row], mixed(self.log_prob["test"], test, row["weight"])

    def _weighed(self, other: np.ndarray) -> dict[str, float]:
        """The best weight of another model on the validation part, and the loss of the mixture."""
        weight = best_weight(self.log_prob["validation"], other)
        return {"weight": weight, "validation_loss": mean_loss(mixed(self.log_prob["validation"], other, weight))}


def mean_loss(log_prob: np.ndarray) -> float:
    """Return the loss of log-probabilities, nats per character, averaged in float64."""
    return -float(np.mean(log_prob, dtype=np.float64))


def spread_streams(streams: int, steps: int, characters: int) -> np.ndarray:
    """Return the indices of whole streams of at most some characters together, at least one, evenly spread over the text."""
    count = min(max(1, characters // steps), streams)
    return np.arange(count) * streams // count


def first_lowest(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the row of the lowest loss, the first of equals; a loss that is no number counts as infinite."""
    losses = [row["validation_loss"] for row in rows]
    return rows[int(np.argmin(np.nan_to_num(losses, nan=np.inf, posinf=np.inf)))]
