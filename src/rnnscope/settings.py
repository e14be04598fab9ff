"""The settings of every section of config.yaml: name, type, bounds, unit and meaning, each stated once.

A section is a frozen dataclass whose fields are declared with `setting`. Three things follow from it: the JSON Schema of
config.yaml (`rnnscope.settings_schema`), the command-line flags of the stages (`rnnscope.cli`) and what the workflow writes
on those command lines (`flags`). A key has the same name in all of them.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from rnnscope.errors import InputError


@dataclass(frozen=True)
class Setting:
    """What a key may hold.

    Parameters
    ----------
    meaning
        What it says, with its unit.
    minimum, maximum
        Bounds of a number, themselves allowed.
    above, below
        Bounds of a number, themselves not allowed.
    choices
        The values of a text; None for any.
    may_be_empty
        Whether a list may have no item.
    """

    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | None = None
    may_be_empty: bool = False

    def expectation(self, kind: Any) -> str:
        """Return what a value of this setting has to be, to complete the sentence "expected ..."."""
        if get_origin(kind) is list:
            items = self.expectation(get_args(kind)[0]).removeprefix("a ").replace("number", "numbers", 1)
            return f"a list of different {items}" + ("" if self.may_be_empty else ", at least one")
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}" if len(self.choices) > 1 else self.choices[0]
        if kind is str:
            return "a text"
        bounds = []
        if self.above is not None:
            bounds.append(f"above {self.above:g}")
        if self.minimum is not None and self.maximum is not None:
            bounds.append(f"from {self.minimum:g} to {self.maximum:g}")
        elif self.minimum is not None:
            bounds.append(f"of at least {self.minimum:g}")
        elif self.maximum is not None:
            bounds.append(f"at most {self.maximum:g}")
        if self.below is not None:
            bounds.append(f"below {self.below:g}")
        return " ".join(["a whole number" if kind is int else "a number", " and ".join(bounds)]).strip()

    def check(self, name: str, value: Any, kind: Any) -> None:
        """Check one value.

        Raises
        ------
        InputError
            If it is of another type or out of bounds: one line that names the key, the value and what was expected.
        """
        if not self._allows(value, kind):
            raise InputError(f"{name}: found {value!r}, expected {self.expectation(kind)}")

    def _allows(self, value: Any, kind: Any) -> bool:
        if get_origin(kind) is list:
            if not isinstance(value, list) or not (value or self.may_be_empty) or len(set(map(repr, value))) < len(value):
                return False
            return all(self._allows(item, get_args(kind)[0]) for item in value)
        if kind is str:
            return isinstance(value, str) and (self.choices is None or value in self.choices)
        if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)) or not math.isfinite(value):
            return False
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def setting(meaning: str, *, default: Any = MISSING, **bounds: Any) -> Any:
    """Declare a field of a section; `bounds` are those of `Setting`."""
    return field(default=default, metadata={"setting": Setting(meaning, **bounds)})


class Section:
    """Base of every section: its values are checked when it is made.

    `key` is the section's name in config.yaml. Where a stage needs only some keys of a section, they are a class of their
    own, which the whole section inherits: the others say which jobs there are, and must not make finished jobs stale.
    """

    key: ClassVar[str]

    def __post_init__(self) -> None:
        for name, (kind, declared) in settings_of(type(self)).items():
            declared.check(name, getattr(self, name), kind)


def settings_of(section: type) -> dict[str, tuple[Any, Setting]]:
    """Return the type and the declaration of every key of a section, in the order of its fields."""
    kinds = get_type_hints(section)
    return {item.name: (kinds[item.name], item.metadata["setting"]) for item in fields(section) if "setting" in item.metadata}


def flag_of(name: str) -> str:
    """Return the command-line flag of a key: `learning_rate` becomes `--learning-rate`."""
    return f"--{name.replace('_', '-')}"


def flags(section: type, values: Mapping[str, Any]) -> list[str]:
    """Return the words of a command line that give a stage the settings of a section.

    Parameters
    ----------
    section
        A subclass of `Section`.
    values
        Its section of the configuration, which may have more keys.
    """
    words = []
    for name in settings_of(section):
        value = values[name]
        words += [flag_of(name), *(map(str, value) if isinstance(value, list) else [str(value)])]
    return words


MODEL = "<cell>-<layers>-<size>, such as lstm-2-128"


@dataclass(frozen=True, kw_only=True)
class SplitSettings(Section):
    """Section `split`: how a text is laid out (paper section 1)."""

    key = "split"
    streams: int = setting("parallel streams that a text is laid out as: the rows of a minibatch", minimum=1, maximum=32767)
    sequence_length: int = setting("characters of a segment: the steps of truncated back-propagation", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Grid(Section):
    """Section `grid`: which recurrent networks there are (paper section 2)."""

    key = "grid"
    cells: list[str] = setting("cells of the grid", may_be_empty=True)
    layers: list[int] = setting("depths of the grid, layers", minimum=1, may_be_empty=True)
    sizes: list[int] = setting("parameter budgets of the grid, units of a 1-layer LSTM", minimum=1, may_be_empty=True)
    additional: list[str] = setting("models beside the grid", may_be_empty=True)


@dataclass(frozen=True, kw_only=True)
class Optimisation(Section):
    """Keys of section `training` that fix one training run (paper section 3); the defaults are the paper's."""

    key = "training"
    epochs: int = setting("passes over the train part", minimum=1, default=50)
    learning_rate: float = setting("RMSProp's learning rate in the first epochs", above=0, default=2e-3)
    rmsprop_alpha: float = setting("RMSProp's smoothing constant of the squared gradient", minimum=0, below=1, default=0.95)
    learning_rate_decay: float = setting("factor on the learning rate after an epoch", above=0, maximum=1, default=0.95)
    learning_rate_decay_after: int = setting("epochs before the first such factor", minimum=0, default=10)
    gradient_clip: float = setting("bound on each component of the gradient", above=0, default=5.0)
    seed: int = setting("seed of the initial parameters and of the dropout masks", minimum=0, maximum=2**32 - 1, default=1)

    def learning_rate_of(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 1 (paper section 3)."""
        return self.learning_rate * self.learning_rate_decay ** max(0, epoch - 1 - self.learning_rate_decay_after)


@dataclass(frozen=True, kw_only=True)
class Computing(Section):
    """Keys of section `training` that say where networks run."""

    key = "training"
    device: str = setting(
        "where networks run; auto takes CUDA where there is one", choices=("auto", "cpu", "cuda"), default="auto"
    )
    threads: int = setting("CPU threads of one run", minimum=1, default=1)


@dataclass(frozen=True, kw_only=True)
class Training(Optimisation, Computing):
    """Section `training`."""

    dropout: list[float] = setting(
        "candidates for the probability that a non-recurrent connection is dropped", minimum=0, below=1
    )


@dataclass(frozen=True, kw_only=True)
class NGrams(Section):
    """Section `ngrams`: n-gram models (paper section 4, T2)."""

    key = "ngrams"
    longest_context: int = setting("n-gram models see 1, 2, ... up to so many characters", minimum=1, maximum=1000)


@dataclass(frozen=True, kw_only=True)
class FeedForwardTraining(Section):
    """The key of section `nnn` that fixes one training run."""

    key = "nnn"
    sequence_length: int = setting("characters of every stream in a minibatch", minimum=1)


@dataclass(frozen=True, kw_only=True)
class FeedForward(FeedForwardTraining):
    """Section `nnn`: feed-forward networks that see the last n characters (paper section 4, T2)."""

    longest_context: int = setting("n-NNs see 1, 2, ... up to so many characters", minimum=1, maximum=1000)
    hidden_widths: list[int] = setting("candidates for the number of hidden units", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Snapshots(Section):
    """The key of section `dynamics` that fixes which snapshots are taken."""

    key = "dynamics"
    snapshots: int = setting("how many snapshots, evenly spaced in time", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Dynamics(Snapshots):
    """Section `dynamics`: snapshots of one model early in its training (paper section 4, F6)."""

    model: str = setting(f"model that is observed, {MODEL}")
    epochs: int = setting("first epochs of its training that are observed", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Precision(Section):
    """The key of section `activations` that fixes how a dump is written."""

    key = "activations"
    precision: str = setting("dtype of a stored value", choices=("float16", "float32"))


@dataclass(frozen=True, kw_only=True)
class Activations(Precision):
    """Section `activations`: dumps of every gate and state."""

    models: list[str] = setting("models whose gates and states are written", may_be_empty=True)


@dataclass(frozen=True, kw_only=True)
class Features(Section):
    """Section `features`: what a text is doing at each character (paper section 4, F2)."""

    key = "features"
    newline_within: int = setting("characters that newline_soon looks ahead", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Units(Section):
    """Section `units`: what all analyses of units read."""

    key = "units"
    characters: int = setting("test characters that are read at most: the first steps of all streams", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Cells(Section):
    """Section `cells`: which units go along with which feature (paper section 4, F2)."""

    key = "cells"
    best: int = setting("units kept in the table, of each model, quantity, feature and measure", minimum=1)
    permutations: int = setting("random shifts of the text against the features, for the chance baseline", minimum=1)
    seed: int = setting("seed of the shifts", minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class CellText(Section):
    """Section `cell_text`: snippets of test text in the colours of units (paper section 4, F2)."""

    key = "cell_text"
    lines: int = setting("lines of a snippet", minimum=1)
    columns: int = setting("characters of a line at most", minimum=20, maximum=110)
    random_units: int = setting("units drawn at random, shown after the best ones", minimum=0)
    seed: int = setting("seed of these units and of their snippet", minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class Candidates(Section):
    """Section `errors`: whose errors are analysed (paper section 4, F4 to F7)."""

    key = "errors"
    candidates: list[str] = setting("models, of which the one of the lowest validation loss is analysed")


@dataclass(frozen=True, kw_only=True)
class MinimumCount(Section):
    """The key of section `comparisons` that fixes what a table of means holds."""

    key = "comparisons"
    minimum_count: int = setting("cases of which a mean is shown, at least", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Comparisons(MinimumCount):
    """Section `comparisons`: comparisons of the models' predictions of the same test characters."""

    ngram: int = setting("characters of context of the n-gram model that networks are compared with", minimum=1)


@dataclass(frozen=True, kw_only=True)
class ModelMap(Section):
    """Section `model_map`: t-SNE of the models (paper section 4, F1)."""

    key = "model_map"
    perplexity: float = setting("effective number of neighbours by which t-SNE places a model", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Intervals(Section):
    """Section `intervals`: bootstrap intervals over blocks of neighbouring characters."""

    key = "intervals"
    block: int = setting("characters of a stream that are drawn together, at most", minimum=1)
    samples: int = setting("bootstrap samples behind a 95 % interval", minimum=2)
    seed: int = setting("seed of these samples", minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class Bootstrap(Section):
    """Section `bootstrap`: the standard deviation of a loss over independent characters (paper section 4, T1)."""

    key = "bootstrap"
    samples: int = setting("bootstrap samples of the test characters", minimum=2)
    seed: int = setting("seed of these samples", minimum=0, maximum=2**32 - 1)


ERROR_CLASSES = ("n-gram", "memory", "rare_words", "word_model", "punctuation", "boost")


@dataclass(frozen=True, kw_only=True)
class Oracles(Section):
    """Section `error_breakdown`: oracles remove errors one after another (paper section 4, F7)."""

    key = "error_breakdown"
    order: list[str] = setting("classes in their order of removal", choices=ERROR_CLASSES)
    longest_context: int = setting("n-gram: correct under a model of n = 1, 2, ... so many characters", minimum=1)
    memory: list[int] = setting("memory: in a word that occurs in the previous so many characters", minimum=1)
    rare_words: list[int] = setting("rare_words: in a word that occurs at most so often in the train part", minimum=0)
    boost: list[float] = setting("boost: correct if its probability were higher by so much", above=0, below=1)


@dataclass(frozen=True, kw_only=True)
class ErrorSnippets(Section):
    """Section `error_snippets`: pieces of text that show each class of errors."""

    key = "error_snippets"
    snippets: int = setting("snippets of each class", minimum=0)
    seed: int = setting("seed of their choice", minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class SizeBreakdown(Section):
    """Section `size_breakdown`: what the larger of two models gets right that the smaller does not (paper section 4, F8)."""

    key = "size_breakdown"
    smaller: str = setting(f"the smaller model, {MODEL}")
    larger: str = setting(f"the larger model, {MODEL}")


@dataclass(frozen=True, kw_only=True)
class DynamicEvaluation(Section):
    """Section `dynamic_evaluation`: a model that keeps learning from the test text."""

    key = "dynamic_evaluation"
    learning_rate: float = setting("learning rate of plain gradient descent on the mean loss of a segment", minimum=0)
    sequence_length: int = setting("characters of a segment: the weights change after each", minimum=1)
    streams: int = setting("streams that are read side by side and change the same weights", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Explorer(Section):
    """Section `explorer`: the page on which a person walks through the activations."""

    key = "explorer"
    characters: int = setting("characters of the test part on the page, from its first on", minimum=1)


SECTIONS: dict[str, type[Section]] = {
    section.key: section
    for section in (
        SplitSettings,
        Grid,
        Training,
        NGrams,
        FeedForward,
        Dynamics,
        Activations,
        Features,
        Units,
        Cells,
        CellText,
        Candidates,
        Comparisons,
        ModelMap,
        Intervals,
        Bootstrap,
        Oracles,
        ErrorSnippets,
        SizeBreakdown,
        DynamicEvaluation,
        Explorer,
    )
}
