"""How much of the past networks use, how long their states keep it, and what their units cause."""

from dataclasses import dataclass

from rnnscope.settings.base import COUNT, SEED, STRETCH, Section, setting

HOLDS = ("mean", "zero", "elsewhere")


@dataclass(frozen=True, kw_only=True)
class Context(Section):
    """Section `context`: the loss of networks that read only the last characters."""

    key = "context"
    is_optional = True
    models: list[str] = setting("networks whose past is cut off, replaced and shuffled", names="model")
    lengths: list[int] = setting("characters that the networks read before each target", **COUNT)
    targets: int = setting("test characters that are predicted at each length, the same for all models, at most", **STRETCH)
    shuffled: int = setting("characters before these that are read in a random order, at most", **COUNT)
    tolerance: float = setting(
        "nats per character: the effective context comes as close to the loss with the whole past", above=0
    )
    choice_seed: int = setting("seed of the choice of the targets and of the orders", **SEED)


@dataclass(frozen=True, kw_only=True)
class Timescales(Section):
    """Section `timescales`: how long states keep their past, and how far apart characters of the text depend on each other."""

    key = "timescales"
    is_optional = True
    places: int = setting("test characters after which the past is swapped for that of another stream, at most", **STRETCH)
    longest: int = setting(
        "characters that are read after a swap at most, and the largest distance of two characters of the text", **COUNT
    )
    choice_seed: int = setting("seed of the choice of the places, and of the shuffled texts", **SEED)


@dataclass(frozen=True, kw_only=True)
class Ablations(Section):
    """Section `ablations`: units that are held at a value while the network reads."""

    key = "ablations"
    is_optional = True
    models: list[str] = setting("networks whose units are held, one after another", names="model")
    holds: list[str] = setting("where a unit is held", choices=HOLDS)
    characters: int = setting("test characters that are read for each unit, at most", **STRETCH)
    group_sizes: list[int] = setting("how many of the best units of a feature are held together", **COUNT)
    controls: int = setting("units of like variance that a unit is compared with", **COUNT)
    control_groups: int = setting("random groups of as many such units that a group is compared with", **COUNT)
    choice_seed: int = setting("seed of these groups", **SEED)
