"""What jobs ask for: memory in MB, time in minutes, slots of a GPU, and the priority that starts the longest first."""

from pathlib import Path

# What a job that computes on `training: device` takes of a GPU; a profile says how many such jobs share one.
GPU_SLOTS = int(config["training"]["device"] == "cuda")
THREADS = config["training"]["threads"]


def text_megabytes(wildcards):
    """The size of a text in MB: as declared, else of its file, else 10."""
    file = Path(f"results/{wildcards.corpus}/corpus/text.bin")
    size = corpus_of(wildcards).get("bytes")
    if size is None:
        size = file.stat().st_size if file.exists() else 10_000_000
    return size / 1e6


def scaled_with_text(base, per_mb):
    """Memory or time that grows with the text; twice as much for a second try."""

    def resource(wildcards, attempt):
        return attempt * round(base + per_mb * text_megabytes(wildcards))

    return resource


def needs(mem_mb=scaled_with_text(1000, 30), runtime=5, **others):
    """The resources of a rule; one that names none takes these. Most jobs are small, so that clusters run them in groups."""
    return {"mem_mb": mem_mb, "runtime": runtime, **others}


# The priority of the longest jobs after training, and of what one of them waits for: what is short runs beside them.
LONG, BEFORE_LONG = 1, 2


def training_work(wildcards):
    """Multiplications for a character, of which a text has about 100 distinct ones.

    The cell and the depth hardly matter, since models of a size have about as many parameters. An n-NN takes as long as a
    recurrent network of five times its multiplications: it mostly looks up rows of its first layer.
    """
    name = ModelName.parse(wildcards.model)
    if name.is_recurrent:
        return 4 * name.size**2 + 100 * name.size
    return 500 * int(wildcards.candidate.removeprefix("width-"))


def training_minutes(epochs):
    """An hour, and two to four times what was measured on one core (docs/clusters.md); twice as much for a second try."""

    def resource(wildcards, attempt):
        seconds_a_character = (40_000 + training_work(wildcards)) / 8e9
        seconds = epochs * 1e6 * text_megabytes(wildcards) * seconds_a_character
        return attempt * round(60 + seconds / 60)

    return resource


def training_needs(epochs):
    """The resources of a job that trains a network for some epochs."""
    return needs(mem_mb=scaled_with_text(2000, 2), runtime=training_minutes(epochs), gpu=GPU_SLOTS)
