"""Which networks are trained again from other seeds."""

from dataclasses import dataclass

from rnnscope.settings.base import SEED, Section, setting

FEWEST_STREAMS = 4  # of the split: in each half of them at least two, of which one stands in for another as the control


@dataclass(frozen=True, kw_only=True)
class Seeds(Section):
    """Section `seeds`: networks that are trained again from other seeds, to see what of them comes back."""

    key = "seeds"
    is_optional = True
    models: list[str] = setting("networks that are trained again", names="model")
    values: list[int] = setting("their further seeds, beside training.seed", **SEED)
