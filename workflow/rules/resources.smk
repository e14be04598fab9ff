"""What jobs ask for: memory in MB, time in minutes, slots of a GPU, and the priority that starts the longest first."""

from pathlib import Path

# What a job that computes on `training: device` takes of a GPU; how many such jobs share one is for a profile to say.
GPU_SLOTS = int(config["training"]["device"] == "cuda")


def work_of_model(wildcards):
    """Multiplications for a character, for about 100 distinct ones: the priority that starts the longest runs first.

    The cell and the depth hardly matter, since models of a size have about as many parameters.
    """
    size = int(wildcards.model.split("-")[2])
    return 4 * size * size + 100 * size


def work_of_nnn(wildcards):
    """The same of an n-NN, whose first layer multiplies nothing."""
    return 100 * int(wildcards.width)


def text_megabytes(wildcards):
    """The size of a text in MB: as declared, or of the file when it is here; 10 for want of both."""
    file = Path(f"results/{wildcards.corpus}/corpus/text.bin")
    size = config["corpora"][wildcards.corpus].get("bytes")
    if size is None:
        size = file.stat().st_size if file.exists() else 10_000_000
    return size / 1e6


def grows(least, for_each_megabyte):
    """What to ask for (MB, minutes) where it grows with the text; twice as much for a second try."""

    def asked(wildcards, attempt):
        text = text_megabytes(wildcards)
        return attempt * round(least + for_each_megabyte * text)

    return asked


def time_of_nnn(wildcards):
    """Multiplications of a recurrent network that takes as long as an n-NN, most of whose time goes to looking up."""
    return 5 * work_of_nnn(wildcards)


def minutes_of_training(work, epochs):
    """An hour, and two to four times what was measured on one core (docs/clusters.md); twice as much for a second try."""

    def asked(wildcards, attempt):
        seconds_a_character = (40_000 + work(wildcards)) / 8e9
        seconds = epochs * 1e6 * text_megabytes(wildcards) * seconds_a_character
        return attempt * round(60 + seconds / 60)

    return asked
