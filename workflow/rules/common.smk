"""What the rules share: how a job is started, and the names of files and models in the configuration."""

import json
import os
import shlex
import sys
from pathlib import Path

from rnnscope.figures.catalogue import FIGURES, figures_for

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

def depth(model):
    """The number of layers of a model."""
    return int(model.split("-")[1])


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


def local_sources(wildcards):
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
    return expand(
        "results/{corpus}/figures/{name}.{format}",
        corpus=corpus,
        name=figures_for(dumped, list(filter(has_gates, dumped))),
        format=["svg", "png"],
    )


def figures_of_every_corpus(wildcards):
    """The first half of what `snakemake` makes."""
    return [path for corpus in config["run"] for path in figures(corpus)]


def page_of_every_corpus(wildcards):
    """The other half; without a dumped model there is nothing to walk through."""
    dumped = config["activations"]["models"]
    return [f"results/{corpus}/explorer.html" for corpus in config["run"] if dumped]


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
