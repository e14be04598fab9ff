"""How much of the past networks use, and what their units cause."""

from dataclasses import dataclass

from rnnscope.settings.base import SEED, Section, setting


@dataclass(frozen=True, kw_only=True)
class Context(Section):
    """Section `context`: the loss of networks that read only the last characters."""

    key = "context"
    is_optional = True
    models: list[str] = setting("networks whose past is cut off, replaced and shuffled", names="model")
    lengths: list[int] = setting("characters that the networks read before each target", minimum=1)
    targets: int = setting("test characters that are predicted at each length, the same for all models, at most", minimum=1)
    shuffled: int = setting("characters before these that are read in a random order", minimum=1)
    tolerance: float = setting(
        "nats per character: the effective context comes as close to the loss with the whole past", above=0
    )
    choice_seed: int = setting("seed of the choice of the targets and of the orders", **SEED)
