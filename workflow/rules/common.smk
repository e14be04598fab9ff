"""What the rules share: the checked configuration, the names in it, and the state of a module's source."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path

import grimp
import yaml
from jsonschema import Draft202012Validator, ValidationError

# What a stage tells the user to type when it meets a damaged file: it alone is rebuilt then, and what was made from it
# stays, for the same content makes nothing stale.
REBUILD = " ".join(
    ["snakemake {}"]
    + [
        f"--configfile {shlex.quote(os.path.relpath(path))}"
        for path in workflow.overwrite_configfiles
    ]
)

# Jobs run the Python that runs Snakemake, whether or not its environment is activated, and end with Snakemake.
shell.prefix(
    f"export RNNSCOPE_STARTED_BY=$PPID RNNSCOPE_REBUILD={shlex.quote(REBUILD).replace('{}', '{{}}')}; "
    f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
)

# Every figure, and the tables that it shows, by the flag that it takes them with.
FIGURES = {
    "loss_table": {"table": "losses", "differences": "paired_differences"},
    "loss_against_parameters": {"table": "losses"},
    "learning_curves": {"table": "histories"},
    "horizons": {"table": "horizons", "losses": "losses"},
    "saturation": {"table": "saturation", "counts": "saturation_counts"},
    "cells": {"table": "cells", "baseline": "cells_baseline"},
    "cell_text": {"table": "cell_text"},
    "probes": {"table": "probes"},
    "memory_span": {"table": "memory_span", "summary": "memory_span_summary"},
    "dynamics": {"table": "dynamics"},
    "error_breakdown": {"table": "error_breakdown"},
    "error_snippets": {"table": "error_snippets"},
    "size_breakdown": {"table": "size_breakdown"},
    "dynamic_evaluation": {"table": "dynamic_evaluation"},
    "model_map": {"table": "model_map"},
    "model_distances": {"table": "model_distances", "merges": "model_merges"},
    "paired_differences": {"table": "paired_differences"},
    "error_overlap": {"table": "error_overlap"},
    "error_intersections": {"table": "error_intersections"},
    "character_gains": {"table": "character_gains"},
    "closing_delimiters": {"table": "closing_delimiters"},
}

# What a job that computes on `training: device` takes of a GPU; how many such jobs share one is for a profile to say.
GPU_SLOTS = int(config["training"]["device"] == "cuda")

# Those that show activations: without dumped models there are none.
OF_ACTIVATIONS = {"cells", "cell_text", "probes", "memory_span", "saturation"}


def refuse(key, message):
    """Stop before the first job, with one line for a mistake in the configuration."""
    sys.exit(f"configuration: {key}: {message}")


def refuse_error(error: ValidationError):
    """Tell a schema error: the key, what was found and what was expected."""
    key = ".".join(map(str, error.absolute_path)) or "top level"
    expected = error.schema.get("description", "what the schema says")
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        refuse(key, f"unknown key {unknown!r}, expected one of {', '.join(known)}")
    if error.validator == "required":
        missing = next(
            name for name in error.validator_value if name not in error.instance
        )
        refuse(key, f"no key {missing!r}, expected {', '.join(error.validator_value)}")
    refuse(key, f"found {json.dumps(error.instance)}, expected {expected}")


def check_configuration():
    """Hold the configuration to its schema, and then to what a schema cannot say."""
    path = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
    schema = Draft202012Validator(yaml.safe_load(path.read_text()))
    for error in schema.iter_errors(config):
        refuse_error(error)
    for corpus in config["run"]:
        if corpus not in config["corpora"]:
            known = ", ".join(config["corpora"])
            refuse("run", f"found {corpus!r}, expected keys of corpora: {known}")
    for corpus, settings in config["corpora"].items():
        total = sum(Decimal(str(fraction)) for fraction in settings["fractions"])
        if total != 1:
            key = f"corpora.{corpus}.fractions"
            refuse(key, f"found a sum of {total}, expected exactly 1")
        lists = config["features"]["lists"]
        if settings.get("features", "prose") not in lists:
            key = f"corpora.{corpus}.features"
            refuse(
                key,
                f"found {settings['features']!r}, expected one of {', '.join(lists)}",
            )
    if not models():
        refuse("grid", "found no model, expected one at least")
    for key in ("activations.models", "errors.candidates"):
        section, _, name = key.partition(".")
        for model in config[section][name]:
            if model not in models():
                refuse(key, f"found {model}, expected a model of the grid")
    for key in ("dynamics.model", "size_breakdown.smaller", "size_breakdown.larger"):
        section, _, name = key.partition(".")
        if config[section][name] not in models():
            refuse(key, f"found {config[section][name]}, expected a model of the grid")
    if config["comparisons"]["ngram"] > config["ngrams"]["horizons"]:
        found = f"found {config['comparisons']['ngram']}"
        refuse(
            "comparisons.ngram",
            f"{found}, expected at most ngrams.horizons, {config['ngrams']['horizons']}",
        )
    if config["dynamics"]["epochs"] > config["training"]["epochs"]:
        found = f"found {config['dynamics']['epochs']}"
        refuse(
            "dynamics.epochs",
            f"{found}, expected at most training.epochs, {config['training']['epochs']}",
        )


@cache
def models():
    """The names of all models, <cell>-<layers>-<size>: the grid's and the additional ones."""
    grid = config["grid"]
    named = [
        f"{cell}-{layers}-{size}"
        for cell, layers, size in product(grid["cells"], grid["layers"], grid["sizes"])
    ]
    return list(dict.fromkeys([*named, *grid["additional"]]))


def depth(model):
    """The number of layers of a model."""
    return int(model.split("-")[1])


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


def flags(settings, *names):
    """Command-line flags for some keys of a section: learning_rate becomes --learning-rate 0.002."""
    return [
        word
        for name in names
        for word in (f"--{name.replace('_', '-')}", str(settings[name]))
    ]


def recipe_flags(**changes):
    """The values of the optimisation that every network shares, and the device; some of them changed."""
    return flags(
        config["training"] | changes,
        "epochs",
        "learning_rate",
        "smoothing",
        "decay",
        "decay_after",
        "gradient_clip",
        "seed",
        "device",
    )


def text_flags(wildcards):
    """What the configuration says of a text: its sources, and what must hold of it."""
    corpus = config["corpora"][wildcards.corpus]
    declared = [name for name in ("bytes", "vocabulary", "sha256") if name in corpus]
    sources = [["--source", json.dumps(source)] for source in corpus["sources"]]
    return sum(sources, []) + flags(corpus, *declared)


def files_already_here(wildcards):
    """The files among a corpus's sources: a text that changes makes everything after it stale."""
    sources = config["corpora"][wildcards.corpus]["sources"]
    paths = [
        source.get("path", source.get("archive", {}).get("path")) for source in sources
    ]
    # Where other files lie in some storage (docs/clusters.md), these are local all the same, as the rule that reads them.
    return [local(path) for path in paths if path and Path(path).exists()]


def dropout_candidates(wildcards):
    """One trained checkpoint for each dropout candidate of a model."""
    return expand(
        "results/{corpus}/models/{model}/dropout-{dropout}/checkpoint.safetensors",
        corpus=wildcards.corpus,
        model=wildcards.model,
        dropout=config["training"]["dropout"],
    )


def width_candidates(wildcards):
    """One trained checkpoint for each hidden width of an n-NN."""
    return expand(
        "results/{corpus}/nnn/nnn-{n}/width-{width}/checkpoint.safetensors",
        corpus=wildcards.corpus,
        n=wildcards.n,
        width=config["nnn"]["hidden_widths"],
    )


def nnn_horizons():
    """The horizons of the n-NNs: 1, 2, ..."""
    return range(1, config["nnn"]["horizons"] + 1)


def cascade_ngrams():
    """The horizons of the n-gram oracle: 1, 2, ..., as far as there are n-gram models."""
    last = min(
        config["error_breakdown"]["ngram_horizons"], config["ngrams"]["horizons"]
    )
    return range(1, last + 1)


def cascade_flags():
    """How errors are broken down: the oracles, their order and their levels."""
    settings = config["error_breakdown"]
    lists = {
        "--order": settings["order"],
        "--ngram-horizons": [len(cascade_ngrams())],
        "--memory": settings["memory"],
        "--rare-words": settings["rare_words"],
        "--boost": settings["boost"],
    }
    return [str(word) for flag, values in lists.items() for word in (flag, *values)]


def has_gates(model):
    """Whether a model's cell has gates: the LSTM and the GRU do."""
    return not model.startswith("rnn")


def gated_activations(wildcards):
    """The activation dumps of every dumped model with gates, a file a layer."""
    return [
        f"results/{wildcards.corpus}/activations/{model}/layer-{layer}.parquet"
        for model in filter(has_gates, config["activations"]["models"])
        for layer in range(1, depth(model) + 1)
    ]


def dumped_activations(wildcards):
    """The activation dumps of every dumped model, a file a layer."""
    return [
        f"results/{wildcards.corpus}/activations/{model}/layer-{layer}.parquet"
        for model in config["activations"]["models"]
        for layer in range(1, depth(model) + 1)
    ]


def features_of(wildcards):
    """The features that the units are held against."""
    name = config["corpora"][wildcards.corpus].get("features", "prose")
    return config["features"]["lists"][name]


def predictions_of(names):
    """The predictions of some models."""
    return expand("results/{{corpus}}/predictions/{name}.parquet", name=names)


def nnns():
    """The names of the n-NNs."""
    return [f"nnn-{n}" for n in nnn_horizons()]


def nnn_summaries():
    """What the n-NNs' training runs say of themselves."""
    return expand("results/{{corpus}}/nnn/nnn-{n}/summary.json", n=nnn_horizons())


def reference_ngram():
    """The name of the n-gram model that networks are held against."""
    return f"ngram-{config['comparisons']['ngram']}"


def all_models():
    """The networks, the n-NNs, and the n-gram models of the same horizons and of the one that networks are held against."""
    horizons = [n for n in nnn_horizons() if n <= config["ngrams"]["horizons"]]
    ngrams = dict.fromkeys([*(f"ngram-{n}" for n in horizons), reference_ngram()])
    return [*models(), *ngrams, *nnns()]


def compared_models():
    """The models of which the best network and the best n-NN are held against the n-gram model."""
    return [*config["errors"]["candidates"], reference_ngram(), *nnns()]


def comparison_flags(*names):
    """Some values of the section, as flags."""
    return flags(config["comparisons"], *names)


def block_flags():
    """The values of the block bootstrap."""
    settings = config["comparisons"]
    renamed = settings | {"bootstrap_samples": settings["samples"]}
    return flags(renamed, "block", "bootstrap_samples", "seed")


def candidate_flags():
    """Which networks the best is chosen of, and the n-gram model that it is held against."""
    candidates = ["--candidates", *config["errors"]["candidates"]]
    return [*candidates, *comparison_flags("ngram")]


def folder_flags(flag, paths):
    """The flag with each of the folders that some files are in."""
    folders = dict.fromkeys(str(Path(path).parent) for path in paths)
    return [word for folder in folders for word in (flag, folder)]


def figures(corpus):
    """Every figure of a corpus that the dumped models allow; saturation needs a cell that has gates."""
    dumped = config["activations"]["models"]
    left_out = set() if any(map(has_gates, dumped)) else {"saturation"}
    left_out |= set() if dumped else OF_ACTIVATIONS
    return expand(
        "results/{corpus}/figures/{name}.{format}",
        corpus=corpus,
        name=[name for name in FIGURES if name not in left_out],
        format=["svg", "png"],
    )


def figures_of_every_corpus(wildcards):
    """The first half of what `snakemake` makes."""
    return [path for corpus in config["run"] for path in figures(corpus)]


def page_of_every_corpus(wildcards):
    """The other half; without a dumped model there is nothing to walk through."""
    dumped = config["activations"]["models"]
    return [f"results/{corpus}/explorer.html" for corpus in config["run"] if dumped]


@cache
def import_graph():
    return grimp.build_graph("rnnscope", cache_dir=None)


@cache
def source_of(module):
    """SHA-256 of a module's source and of that of every module of ours that it imports.

    The source of a module is its file and the files in its folder that it reads or compiles. As a rule's parameter it makes
    the rule's outputs stale when the source changed, and only then.
    """
    names = sorted({module} | import_graph().find_upstream_modules(module))
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\n".encode())
        module_file = source_file(name)
        for file in (module_file, *data_files(module_file.parent)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def data_files(folder):
    """The files in a folder of our source that its modules read or compile."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in (".cpp", ".html", ".css", ".js")
    )


def source_file(module):
    """The file of one of our modules."""
    stem = Path(workflow.basedir, "src", *module.split("."))
    return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")


check_configuration()

# What every breakdown of errors reads.
CASCADE_INPUTS = {
    "train": "results/{corpus}/split/train.npy",
    "validation": "results/{corpus}/split/validation.npy",
    "test": "results/{corpus}/split/test.npy",
    "vocabulary": "results/{corpus}/split/vocabulary.json",
    "ngrams": [
        f"results/{{corpus}}/predictions/ngram-{n}.parquet" for n in cascade_ngrams()
    ],
}


wildcard_constraints:
    corpus="|".join(config["corpora"]),
    model="|".join(models()),
    dropout=r"[0-9.e-]+",
    n=r"\d+",
    width=r"\d+",
