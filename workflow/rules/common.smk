"""What the rules share: the checked configuration, the names in it, and the state of a module's source."""

import hashlib
import json
import shlex
import sys
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path

import grimp
import yaml
from jsonschema import Draft202012Validator, ValidationError

# Jobs run the Python that runs Snakemake, whether or not its environment is activated.
shell.prefix(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; ")

# Every figure, and the tables that it shows, by the flag that it takes them with.
FIGURES = {
    "loss_table": {"table": "losses"},
    "loss_against_parameters": {"table": "losses"},
    "learning_curves": {"table": "histories"},
    "horizons": {"table": "horizons", "losses": "losses"},
    "saturation": {"table": "saturation"},
    "dynamics": {"table": "dynamics"},
}

# What a job that computes on `training: device` takes of a GPU; how many such jobs share one is for a profile to say.
GPU_SLOTS = int(config["training"]["device"] == "cuda")


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
    if not models():
        refuse("grid", "found no model, expected one at least")
    for key in ("activations.models", "errors.candidates"):
        section, _, name = key.partition(".")
        for model in config[section][name]:
            if model not in models():
                refuse(key, f"found {model}, expected a model of the grid")
    if config["dynamics"]["model"] not in models():
        found = f"found {config['dynamics']['model']}"
        refuse("dynamics.model", f"{found}, expected a model of the grid")
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
    return [path for path in paths if path and Path(path).exists()]


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


def folder_flags(flag, paths):
    """The flag with each of the folders that some files are in."""
    folders = dict.fromkeys(str(Path(path).parent) for path in paths)
    return [word for folder in folders for word in (flag, folder)]


def figures(corpus):
    """Every figure of a corpus; saturation needs a dump of a cell that has gates."""
    gated = any(map(has_gates, config["activations"]["models"]))
    return expand(
        "results/{corpus}/figures/{name}.{format}",
        corpus=corpus,
        name=[name for name in FIGURES if gated or name != "saturation"],
        format=["svg", "png"],
    )


def figures_of_every_corpus(wildcards):
    """What `snakemake` makes."""
    return [path for corpus in config["run"] for path in figures(corpus)]


@cache
def import_graph():
    return grimp.build_graph("rnnscope", cache_dir=None)


@cache
def source_of(module):
    """SHA-256 of a module's source and of that of every module of ours that it imports.

    As a rule's parameter it makes the rule's outputs stale when the source changed, and only then.
    """
    names = sorted({module} | import_graph().find_upstream_modules(module))
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\n".encode())
        for path in source_files(name):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files(module):
    """The source of one of our modules: Python, and beside it what it has compiled."""
    stem = Path(workflow.basedir, "src", *module.split("."))
    if stem.is_dir():
        return [stem / "__init__.py"]
    return [stem.with_suffix(".py"), *stem.parent.glob(f"{stem.name}.cpp")]


check_configuration()


wildcard_constraints:
    corpus="|".join(config["corpora"]),
    model="|".join(models()),
    dropout=r"[0-9.e-]+",
    n=r"\d+",
    width=r"\d+",
