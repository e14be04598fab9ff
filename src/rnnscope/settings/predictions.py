"""What is compared of the models' predictions of the test characters (paper section 4, T1 and F1 to F8)."""

from dataclasses import dataclass
from typing import Any

from rnnscope.settings.base import COUNT, LONGEST_CONTEXT, LONGEST_TEXT, MOST, MOST_STREAMS, SEED, STRETCH, Section, setting
from rnnscope.settings.training import ReferenceNGram

ERROR_CLASSES = ("n-gram", "memory", "rare_words", "word_model", "punctuation", "boost")
READINGS = ("paper", "strict")
MOST_SAMPLES = 100_000  # each of them holds the sums of a table
# Far beyond any use, and far below what float32 cannot hold: the losses of every candidate are numbers.
RATE: dict[str, Any] = {"above": 0, "maximum": 1000}
LARGEST_THETA = 10_000
MOST_INTERSECTED = 16  # models whose errors are intersected: with each further one there are twice as many sets


@dataclass(frozen=True, kw_only=True)
class Candidates(Section):
    """Section `errors`: whose errors are analysed (paper section 4, F4 to F7)."""

    key = "errors"
    candidates: list[str] = setting("models, of which the one of the lowest validation loss is analysed", names="model")


@dataclass(frozen=True, kw_only=True)
class MinimumCount(Section):
    """The key of section `comparisons` that fixes what a table of means holds."""

    key = "comparisons"
    minimum_count: int = setting("closing delimiters of which a mean is shown, at least", **STRETCH)


@dataclass(frozen=True, kw_only=True)
class Comparisons(MinimumCount, ReferenceNGram):
    """Section `comparisons`: comparisons of the models' predictions of the same test characters."""


@dataclass(frozen=True, kw_only=True)
class ModelMap(Section):
    """Section `model_map`: t-SNE of the models (paper section 4, F1)."""

    key = "model_map"
    perplexity: float = setting("effective number of neighbours by which t-SNE places a model", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Resampling(Section):
    """The keys of section `intervals` for intervals whose clusters are given: whole streams, or groups of them."""

    key = "intervals"
    samples: int = setting("bootstrap samples behind a 95 % interval", minimum=2, maximum=MOST_SAMPLES)
    seed: int = setting("seed of these samples", **SEED)


@dataclass(frozen=True, kw_only=True)
class Intervals(Resampling):
    """Section `intervals`: bootstrap intervals over whole streams, or blocks of them where there are few streams."""

    clusters: int = setting(
        "clusters at least: whole streams, or where there are fewer the longest blocks of streams", minimum=10, maximum=MOST
    )


@dataclass(frozen=True, kw_only=True)
class Bootstrap(Section):
    """Section `bootstrap`: the standard deviation of a loss over independent characters (paper section 4, T1)."""

    key = "bootstrap"
    samples: int = setting("bootstrap samples of the test characters", minimum=2, maximum=MOST_SAMPLES)
    seed: int = setting("seed of these samples", **SEED)


@dataclass(frozen=True, kw_only=True)
class MemoryLengths(Section):
    """The key of section `error_breakdown` that says how far memory reaches: that of the oracle, and that of neural caches."""

    key = "error_breakdown"
    memory: list[int] = setting("memory: in a word that occurs in this many previous characters", **STRETCH)


@dataclass(frozen=True, kw_only=True)
class Oracles(MemoryLengths):
    """Section `error_breakdown`: oracles remove errors one after another (paper section 4, F7)."""

    key = "error_breakdown"
    order: list[str] = setting("classes in their order of removal", choices=ERROR_CLASSES)
    reading: str = setting("what the oracles memory and word_model know, which the paper does not state", choices=READINGS)
    longest_context: int = setting(
        "n-gram: correct under a model of n = 1, 2, ... up to this many characters", minimum=1, maximum=LONGEST_CONTEXT
    )
    rare_words: list[int] = setting(
        "rare_words: in a word that occurs at most this often in the train part", minimum=0, maximum=LONGEST_TEXT
    )
    boost: list[float] = setting("boost: correct if its probability were higher by this much", above=0, maximum=0.5)


@dataclass(frozen=True, kw_only=True)
class ErrorSnippets(Section):
    """Section `error_snippets`: pieces of text that show each class of errors."""

    key = "error_snippets"
    snippets: int = setting("snippets of each class", **COUNT)
    seed: int = setting("seed of their choice", **SEED)


@dataclass(frozen=True, kw_only=True)
class SizeBreakdown(Section):
    """Section `size_breakdown`: what the larger of two models gets right that the smaller does not (paper section 4, F8)."""

    key = "size_breakdown"
    is_optional = True
    smaller: str = setting("the smaller model", names="model or external")
    larger: str = setting("the larger model", names="model or external")


@dataclass(frozen=True, kw_only=True)
class DynamicEvaluation(Section):
    """Section `dynamic_evaluation`: a model that keeps learning from the test text."""

    key = "dynamic_evaluation"
    is_optional = True
    learning_rate: float = setting("learning rate of plain gradient descent on the mean loss of a segment", **RATE)
    sequence_length: int = setting("characters of a segment: the weights change after each", **COUNT)
    streams: int = setting("streams that are read side by side and change the same weights", minimum=1, maximum=MOST_STREAMS)


@dataclass(frozen=True, kw_only=True)
class StreamsTogether(Section):
    """The key of section `realisable` that says which streams one copy of the weights learns from."""

    key = "realisable"
    is_optional = True
    streams: int = setting("streams that are read side by side and change the same weights", minimum=1, maximum=MOST_STREAMS)


@dataclass(frozen=True, kw_only=True)
class Realisable(StreamsTogether):
    """Section `realisable`: candidates for what real models do of what oracles do; the validation part chooses."""

    learning_rates: list[float] = setting("candidates: learning rate of RMS-scaled dynamic evaluation", **RATE)
    decays: list[float] = setting("candidates: its decay towards the trained weights after each segment", minimum=0, maximum=1)
    sequence_length: int = setting("characters of a segment: the weights change after each", **COUNT)
    thetas: list[float] = setting("candidates: how much a neural cache prefers similar states", minimum=0, maximum=LARGEST_THETA)
    characters: int = setting(
        "characters of the validation part that choose, and of the train part that scale the steps, at most", **STRETCH
    )
