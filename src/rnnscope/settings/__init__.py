"""The settings of every section of config.yaml: name, type, bounds, unit and meaning, each stated once.

A section is a frozen dataclass whose fields are declared with `setting`. Three things follow from it: the JSON Schema of
config.yaml (`rnnscope.configuration.schema`), the command-line flags of the stages (`rnnscope.cli`) and what the workflow
writes on those command lines (`flags`). A key has the same name in all of them.

A stage imports its sections from the module that declares them: a setting of another stage must not make its results stale.
"""

from rnnscope.settings.base import (
    Section,
    Setting,
    flag_of,
    flags,
    is_by_size,
    is_optional,
    required,
    setting,
    settings_of,
)
from rnnscope.settings.context import Ablations, Context, Timescales
from rnnscope.settings.corpus import (
    Corpus,
    Imported,
    SplitSettings,
)
from rnnscope.settings.predictions import (
    ERROR_CLASSES,
    READINGS,
    Bootstrap,
    Candidates,
    Comparisons,
    DynamicEvaluation,
    ErrorSnippets,
    Intervals,
    MinimumCount,
    ModelMap,
    Oracles,
    ReferenceNGram,
    Resampling,
    SizeBreakdown,
)
from rnnscope.settings.training import (
    Computing,
    Device,
    Dynamics,
    FeedForward,
    FeedForwardTraining,
    Grid,
    NGrams,
    Optimisation,
    Patience,
    Snapshots,
    Training,
)
from rnnscope.settings.units import (
    Activations,
    Cells,
    CellText,
    Explorer,
    Features,
    MemorySpan,
    Precision,
    Units,
)

__all__ = [
    "ERROR_CLASSES",
    "READINGS",
    "SECTIONS",
    "Ablations",
    "Activations",
    "Bootstrap",
    "Candidates",
    "CellText",
    "Cells",
    "Comparisons",
    "Computing",
    "Context",
    "Corpus",
    "Device",
    "DynamicEvaluation",
    "Dynamics",
    "ErrorSnippets",
    "Explorer",
    "Features",
    "FeedForward",
    "FeedForwardTraining",
    "Grid",
    "Imported",
    "Intervals",
    "MemorySpan",
    "MinimumCount",
    "ModelMap",
    "NGrams",
    "Optimisation",
    "Oracles",
    "Patience",
    "Precision",
    "ReferenceNGram",
    "Resampling",
    "Section",
    "Setting",
    "SizeBreakdown",
    "Snapshots",
    "SplitSettings",
    "Timescales",
    "Training",
    "Units",
    "flag_of",
    "flags",
    "is_by_size",
    "is_optional",
    "required",
    "setting",
    "settings_of",
]

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
        MemorySpan,
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
        Context,
        Timescales,
        Ablations,
        Explorer,
    )
}
