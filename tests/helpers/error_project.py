"""A split of a small text with the predictions of two models and two n-gram models, as the analyses of errors find them."""

import json

import numpy as np
from helpers.plain_cascade import PlainText

from rnnscope.corpus.split import Layout, cut_parts
from rnnscope.corpus.text import ByteText, distinct_bytes
from rnnscope.storage.predictions import write_predictions

PROSE = (
    b'"Mary," said \xc3\x89mile to Mary, "I never saw this, nor that!"\r\nThen Mary and this old man left; he saw Mary again.\r\n'
)
STREAMS, STEPS, SEGMENTS = 3, 20, (4, 2, 3)
NAMES = ("lstm-1-4", "lstm-1-8", "ngram-1", "ngram-2")
ORDER = ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost"]
OF_SETTINGS = {"memory": [10, 60], "rare_words": [0, 3], "boost": [0.2, 0.4]}
LEVELS = OF_SETTINGS | {"word_model": ["space or quote", "newline"]}
WORDS = [*("--order", *ORDER), *("--longest-context", "2"), *("--memory", "10", "60"), *("--rare-words", "0", "3")]
WORDS += ["--boost", "0.2", "0.4", "--reading", "strict"]


class ErrorProject:
    """split/, predictions/ and best_models.csv in a folder; the best network is lstm-1-8."""

    def __init__(self, folder, names=NAMES):
        self.folder = folder
        row = STEPS * sum(SEGMENTS)
        text = (PROSE * (STREAMS * row // len(PROSE) + 1))[: STREAMS * row]
        self.plain = PlainText(text, STREAMS, row, STEPS * SEGMENTS[0], STEPS * SEGMENTS[2])
        data = np.frombuffer(text, dtype=np.uint8)
        self.vocabulary = distinct_bytes(data)
        (folder / "split").mkdir()
        for name, ids in cut_parts(ByteText(data), Layout(STREAMS, STEPS, SEGMENTS)):
            np.save(folder / f"split/{name}.npy", ids)
            self.test = ids
        (folder / "split/vocabulary.json").write_text(json.dumps({"bytes": self.vocabulary.tolist()}))
        random = np.random.default_rng(1)
        shape = (STREAMS, self.test.shape[1] - 1)
        powers = [0.9, 0.8, *(0.6 for _ in names[2:])]
        probabilities = {name: random.uniform(0.02, power, shape) for name, power in zip(names, powers, strict=True)}
        self.log_prob = {name: np.log(values).astype(np.float32) for name, values in probabilities.items()}
        for name, values in self.log_prob.items():
            write_predictions(folder / f"predictions/{name}.parquet", self.test, values, self.test[:, 1:])
        rows = ["network,lstm-1-8,1.4", "ngram,ngram-2,", "nnn,nnn-2,1.5", "best lstm,lstm-1-8,1.4"]
        self.best = folder / "best_models.csv"
        self.best.write_text("\n".join(["role,model,validation_loss", *rows]) + "\n")

    @property
    def words(self):
        """The flags that every breakdown takes."""
        return ["--split", self.folder / "split", "--predictions-folder", self.folder / "predictions", *WORDS]

    def classes(self, log_prob, reading="strict"):
        """The class of every test character under a model, one oracle after another; None where it is right."""
        steps = [(name, level) for name in ORDER for level in {"n-gram": [1, 2], **LEVELS}.get(name, ["all"])]
        found = []
        for index, character in enumerate(self.plain.characters()):
            of_model = float(log_prob.ravel()[index])
            ngrams = {n: float(self.log_prob[f"ngram-{n}"].ravel()[index]) for n in (1, 2)}
            right = [name for name, level in steps if self.plain.is_right(name, level, character, of_model, ngrams, reading)]
            found.append((right or ["remaining"])[0] if np.exp(of_model) < 0.5 else None)
        return found
