"""The names of files. Paths of a corpus have the wildcard {corpus}."""

import sys
from pathlib import Path

from rnnscope.configuration.kept import DYNAMICS
from rnnscope.corpus.letters import in_byte_order
from rnnscope.corpus.sources import local_files
from rnnscope.figures.catalogue import FIGURES, figures_for, numbered_heading, numbered_section
from rnnscope.settings.corpus import DEFAULT_ENCODING


wildcard_constraints:
    corpus="|".join(config["corpora"]),
    model="|".join([*MODELS, *NNNS]),
    run=SEED_FOLDER,
    candidate=r"dropout-[0-9.e-]+|width-\d+",


def local_sources(wildcards):
    """The files among a corpus's sources: a text that changes makes everything after it stale."""
    # With a storage provider for all other files (docs/clusters.md), these stay local, as does the rule that reads them.
    return [local(path) for path in source_paths(wildcards) if "{" not in path]


def source_paths(wildcards):
    """The paths of the files among a corpus's sources."""
    return [str(path) for source in corpus_of(wildcards)["sources"] for path in local_files(source)]


def imported_file(key):
    """An input: a file of a network that was trained elsewhere."""

    def path(wildcards):
        model, corpus = wildcards.model, wildcards.corpus
        return file_of_user("imported", model, key, corpus=corpus, taken_over=f"results/{corpus}/models/{model}/summary.json")

    return path


def external_file(wildcards):
    """An input: predictions that another program made."""
    name, corpus = wildcards.name, wildcards.corpus
    return file_of_user("external", name, corpus=corpus, taken_over=f"results/{corpus}/predictions/external-{name}.parquet")


def file_of_user(*keys, corpus, taken_over):
    """A file that the configuration names. If it is missing and was not taken over before, the run stops with one line.

    Snakemake would leave out every rule that needs it wherever there is an older output, and say that nothing is to be done.
    """
    given = config
    for key in keys:
        if key not in given:
            sys.exit(f"error: found no {keys[0]}.{key} in the configuration, expected one of {', '.join(given) or 'none'}")
        given = given[key]
    path = given.replace("{corpus}", corpus)
    another_rule_may_make_it = Path(workflow.main_snakefile).resolve() != (HOME / "Snakefile").resolve()
    if not (Path(path).is_file() or Path(taken_over).exists() or another_rule_may_make_it):
        sys.exit(f"configuration: {'.'.join(keys)}: {path}: no such file")
    return local(path)


def split_files(*names):
    """Some files of a split by name: its parts (train, validation, test), its vocabulary, its layout."""
    folder = "results/{corpus}/split"
    described = {"vocabulary": f"{folder}/vocabulary.json", "layout": f"{folder}/split.json"}
    return {name: described.get(name, f"{folder}/{name}.npy") for name in names}


def parts_before_test(wildcards):
    """The parts before the test part, where its letters depend on them: of bytes in another encoding than utf-8."""
    encoding = corpus_of(wildcards).get("encoding") or DEFAULT_ENCODING
    is_bytes = corpus_of(wildcards).get("characters", "bytes") == "bytes"
    needed = is_bytes and in_byte_order(b"", encoding) != "utf-8"
    return [f"results/{wildcards.corpus}/split/{part}.npy" for part in ("train", "validation")] if needed else []


def train_part_of_networks(wildcards):
    """The train part, whose loss is computed of recurrent networks; of an n-NN it is not."""
    return [] if wildcards.model in NNNS else f"results/{wildcards.corpus}/split/train.npy"


def table(name):
    """A table of an analysis."""
    return f"results/{{corpus}}/analyses/{name}.csv"


def model_files(models, *names):
    """Some files of each of some models, as selected."""
    return expand("results/{{corpus}}/models/{model}/{name}", model=models, name=names)


def run_files(folder=""):
    """What a training run of a model writes to a folder of its own, or as selected."""
    names = ("checkpoint.safetensors", "history.csv", "summary.json")
    return [f"results/{{corpus}}/models/{{model}}/{folder}{name}" for name in names]


def kept_files(*names):
    """An input: some files of a model that is taken over."""
    return lambda wildcards: [local(f"{KEPT}/{wildcards.corpus}/models/{wildcards.model}/{name}") for name in names]


def kept_dynamics(wildcards):
    """An input: what was seen of a model in its training."""
    return local(f"{KEPT}/{wildcards.corpus}/models/{OBSERVED}/{DYNAMICS}")


def candidate_files(wildcards):
    """The files of each training run of a model."""
    candidates = candidates_of(wildcards.model)
    return [path.format(**wildcards) for candidate in candidates for path in run_files(f"{candidate}/")]


def snapshot_files(model):
    """The weights of a model at each of the moments that are looked at."""
    count = value_of("dynamics", "snapshots", 0)
    return model_files([model], *(f"snapshots/snapshot-{index}.safetensors" for index in range(1, count + 1)))


def predictions(models):
    """The predictions of each of some models."""
    return expand("results/{{corpus}}/predictions/{model}.parquet", model=models)


def predictions_of_validation(models):
    """The predictions of the validation part of each of some models."""
    return predictions([f"validation/{model}" for model in models])


def activation_files(models):
    """The activation dumps of some models, a file a layer."""
    return [
        f"results/{{corpus}}/activations/{model}/layer-{layer}.parquet"
        for model in models
        for layer in range(1, ModelName.parse(model).layers + 1)
    ]


def folder_of(name, levels=1):
    """A parameter: the folder some levels above the files of a named input."""
    return lambda wildcards, input: Path(input[name][0]).parents[levels - 1]


def folders_of(name):
    """A parameter: the folders that the files of a named input are in."""
    return lambda wildcards, input: list(dict.fromkeys(str(Path(path).parent) for path in input[name]))


def named_inputs(wildcards, input):
    """A parameter: a flag for each named input."""
    return [word for flag, path in input.items() for word in (f"--{flag}", path)]


def figures_of(corpus):
    """The names of the figures of a corpus."""
    return figures_for({*AVAILABLE, "paper"} if corpus in OF_THE_PAPER else AVAILABLE)


def figures(suffixes=("svg", "png")):
    """The figures of all corpora that are run."""
    return [
        f"results/{corpus}/figures/{name}.{suffix}"
        for corpus in config["run"]
        for name in figures_of(corpus)
        for suffix in suffixes
    ]


def explorers():
    """The explorer's pages of all corpora that are run. Without a dumped model there is none."""
    return expand("results/{corpus}/explorer.html", corpus=config["run"]) if DUMPED else []


def figures_and_pages(wildcards):
    """Everything that a person looks at."""
    if left_out := [name for name in FIGURES if name not in figures_for({*AVAILABLE, "paper"})]:
        logger.warning(f"Sections of the configuration that are left out leave out these figures: {', '.join(left_out)}")
    return [*figures(), *explorers(), "results/index.html"]


def tables_of_corpora(*names):
    """Some tables of every corpus that is run."""
    return expand("results/{corpus}/analyses/{name}.csv", corpus=config["run"], name=names)
