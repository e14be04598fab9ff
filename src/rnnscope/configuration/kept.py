"""An experiment whose models are taken over from where they were kept, instead of trained: it has those that there are.

`kept_models` of the configuration names a folder with `<corpus>/models/<model>/`, one folder a model, as in `results/`. The
folder of a model that was observed in its training has the table of what was seen, `dynamics.csv`, as well.
"""

import copy
import json
from collections.abc import Iterable
from math import log2
from pathlib import Path
from typing import Any

from rnnscope.configuration.checks import MODEL_KEYS, Configuration, check_compared, external_models, grid_models, value_of
from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.training.select import FILES as RUN_FILES

FILES = (*RUN_FILES, "evaluation.json")
DYNAMICS = "dynamics.csv"


def kept_models(folder: Path) -> list[str]:
    """Return the names of the models of which a folder has all files; what is kept without its weights is none.

    Raises
    ------
    InputError
        If a folder with these files is not named like a model that is trained.
    """
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [path.name for path in paths if all((path / name).is_file() for name in FILES)]
    for model in found:
        try:
            known = ModelName.parse(model)
        except ValueError as error:
            raise InputError(f"kept_models: {folder / model}: {error}") from None
        if not (known.is_recurrent or known.is_feed_forward):
            raise InputError(f"kept_models: {folder / model}: expected a recurrent network or an n-NN")
    return found


def with_kept_models(config: Configuration, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Reduce an experiment to the models that are kept.

    Parameters
    ----------
    config
        A configuration that `check_configuration` passed, with the key `kept_models`.
    folder
        What this key names.

    Returns
    -------
    changed : dict
        The configuration whose networks are those that are kept, in the order of its grid, then of their names; whose n-NNs
        are those of n = 1, 2, ... up to the first that is not kept; which names kept models only; and which has no section
        for what is not there: with a single model `size_breakdown`, without n-NNs `nnn`, and without n-NNs or a kept table of
        its model `dynamics`, since nothing is trained. (`seeds` stays, and trains.) In a list of models those that are not
        kept are left out. In place of a single model that is not kept, or of each model of a list of which none is, stands
        the kept one that is most like it: if possible of its cell, then of the nearest size, then of the nearest depth.
    remarks : list of str
        A line for everything that was changed.

    Raises
    ------
    InputError
        If there is more than one corpus, no network is kept or one model alone is left, or a folder is not named like a model.
    """
    if len(config["run"]) != 1:
        raise InputError(f"run: found {len(config['run'])} corpora, expected one, because they have other kept_models")
    models_folder = folder / config["run"][0] / "models"
    found = kept_models(models_folder)
    expected, networks = grid_models(config), [model for model in found if ModelName.parse(model).is_recurrent]
    if not networks:
        raise InputError(f"kept_models: found no network in {models_folder}, expected folders with {', '.join(FILES)}")
    networks = [model for model in expected if model in networks] + [model for model in networks if model not in expected]
    wanted = config["nnn"]["longest_context"] if "nnn" in config else 0
    contexts = _consecutive(ModelName.parse(model).context for model in found if model not in networks) if wanted else 0

    changed = copy.deepcopy(dict(config))
    changed["grid"] = {"cells": [], "layers": [], "sizes": [], "additional": networks}
    observed = value_of(config, "dynamics.model") if "dynamics" in config else ""
    if not (contexts and observed in networks and (models_folder / observed / DYNAMICS).is_file()):
        changed.pop("dynamics", None)  # to make the table would be to train
    if changed.get("imported"):
        changed["imported"] = {}
    if len([*networks, *external_models(config)]) == 1:
        changed.pop("size_breakdown", None)  # it compares two
    if contexts:
        changed["nnn"]["longest_context"] = contexts
    else:
        changed.pop("nnn", None)
    check_compared(changed)
    missing = [model for model in expected if model not in networks]
    missing += [f"nnn-{context}" for context in range(contexts + 1, wanted + 1)]
    remarks = [f"{models_folder}: {len(networks)} networks and {contexts} n-NNs"]
    remarks += [f"not kept, left out: {', '.join(missing)}"] if missing else []
    remarks += [f"imported, left out: {', '.join(config['imported'])}"] if config.get("imported") else []
    external = external_models(config)
    for key in MODEL_KEYS:
        section, _, name = key.partition(".")
        if section not in changed:
            continue
        before = value_of(config, key)
        others = [*networks, *external]
        if key == "size_breakdown.smaller":  # another than the larger one
            others = [model for model in others if model != nearest(config[section]["larger"], others)]
        after = _kept_of(before, others) if isinstance(before, list) else nearest(before, others)
        changed[section][name] = after
        remarks += [f"{key}: {json.dumps(after)} in place of {json.dumps(before)}"] if after != before else []
    return changed, remarks


def nearest(model: str, kept: list[str]) -> str:
    """Return the kept network that is most like a model; itself, if it is kept."""
    if model in kept:
        return model
    wanted = ModelName.parse(model)

    def distance(other: str) -> tuple[bool, float, int]:
        name = ModelName.parse(other)
        return name.kind != wanted.kind, abs(log2(name.size / wanted.size)), abs(name.layers - wanted.layers)

    return min((other for other in kept if ModelName.parse(other).is_recurrent), key=distance)


def _kept_of(models: list[str], kept: list[str]) -> list[str]:
    """The models of a list that are kept, or, if none is, those most like them."""
    return [model for model in models if model in kept] or list(dict.fromkeys(nearest(model, kept) for model in models))


def _consecutive(contexts: Iterable[int]) -> int:
    """The largest n such that 1, 2, ... n are all among some numbers; 0 without 1."""
    found, n = set(contexts), 0
    while n + 1 in found:
        n += 1
    return n
