rule explorer:
    """The page on which a person walks through units and text."""
    input:
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        checkpoints=expand(
            "results/{{corpus}}/models/{model}/checkpoint.safetensors",
            model=config["activations"]["models"],
        ),
        activations=dumped_activations,
        cells="results/{corpus}/analyses/cells.csv",
    output:
        "results/{corpus}/explorer.html",
    log:
        "results/{corpus}/logs/explorer.log",
    benchmark:
        "results/{corpus}/benchmarks/explorer.tsv"
    group:
        "figures"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=5,
    params:
        split=subpath(input.test, parent=True),
        models_folder=lambda wildcards, input: Path(input.checkpoints[0]).parents[1],
        activations_folder=lambda wildcards, input: Path(input.activations[0]).parents[
            1
        ],
        models=config["activations"]["models"],
        settings=flags(config["explorer"], "characters"),
        title=lambda wildcards: config["corpora"][wildcards.corpus]["title"],
        source=source_of("rnnscope.explorer.page"),
    shell:
        "python -m rnnscope.explorer.page --split {params.split} --models-folder {params.models_folder} "
        "--activations-folder {params.activations_folder} --models {params.models} --cells {input.cells} "
        "{params.settings} --title {params.title:q} --out {output} 2> {log}"
