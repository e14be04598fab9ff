"""The training runs of the models of `seeds`: where each leaves its files, and which seed it has."""

PREFIX = "seed-"
FOLDER = rf"{PREFIX}\d+"  # of a further run, below that of its model


def runs_of(model: str, seeds: list[int]) -> list[str]:
    """Return the folders of a model's runs below that of all models: of the chosen one, then of those from further seeds."""
    return [model, *(f"{model}/{PREFIX}{seed}" for seed in seeds)]


def seed_of(folder: str) -> int:
    """Return the seed of a further run, by the last part of its folder."""
    return int(folder.removeprefix(PREFIX))
