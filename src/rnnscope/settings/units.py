"""What is written of the gates and states of networks, and what their units are compared with (paper section 4, F2)."""

from dataclasses import dataclass

from rnnscope.settings.base import COUNT, MOST, SEED, STRETCH, Section, setting


@dataclass(frozen=True, kw_only=True)
class Precision(Section):
    """The key of section `activations` that fixes how a dump is written."""

    key = "activations"
    is_optional = True
    precision: str = setting("dtype of a stored value", choices=("float16", "float32"))


@dataclass(frozen=True, kw_only=True)
class Activations(Precision):
    """Section `activations`: dumps of every gate and state."""

    models: list[str] = setting("models whose gates and states are written", names="model", may_be_empty=True)


@dataclass(frozen=True, kw_only=True)
class Features(Section):
    """Section `features`: what a text is doing at each character (paper section 4, F2)."""

    key = "features"
    newline_within: int = setting("characters that newline_soon looks ahead", **COUNT)


@dataclass(frozen=True, kw_only=True)
class Units(Section):
    """Section `units`: what all analyses of units read."""

    key = "units"
    characters: int = setting("test characters that are read at most: the first steps of all streams", **STRETCH)


@dataclass(frozen=True, kw_only=True)
class Cells(Section):
    """Section `cells`: which units go along with which feature (paper section 4, F2)."""

    key = "cells"
    best: int = setting("units kept in the table, of each model, quantity, feature and measure", **COUNT)
    permutations: int = setting("random shifts of the text against the features, for the chance baseline", **COUNT)
    seed: int = setting("seed of the shifts", **SEED)


@dataclass(frozen=True, kw_only=True)
class MemorySpan(Section):
    """Section `memory_span`: the control of how long units keep a feature (paper section 4, F2)."""

    key = "memory_span"
    restart_steps: int = setting("characters that the network reads when it starts again from the zero state", **COUNT)
    restart_cases: int = setting(
        "characters with a feature, and as many without it, at which it is asked, at most, for each unit", **STRETCH
    )


@dataclass(frozen=True, kw_only=True)
class CellText(Section):
    """Section `cell_text`: snippets of test text in the colours of units (paper section 4, F2)."""

    key = "cell_text"
    lines: int = setting("lines of a snippet", minimum=1, maximum=100)
    columns: int = setting("characters of a line at most", minimum=20, maximum=110)
    random_units: int = setting("units drawn at random, shown after the best ones", minimum=0, maximum=MOST)
    seed: int = setting("seed of these units and of their snippet", **SEED)


@dataclass(frozen=True, kw_only=True)
class Explorer(Section):
    """Section `explorer`: the page on which a person walks through the activations."""

    key = "explorer"
    characters: int = setting("test characters on the page at most: whole streams, or the beginning of one", **STRETCH)
