rule features:
    """What the text is doing at every test character: inside quotes, how far in its line, ..."""
    input:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
    output:
        "results/{corpus}/analyses/features.parquet",
    log:
        "results/{corpus}/logs/features.log",
    benchmark:
        "results/{corpus}/benchmarks/features.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        split=subpath(input.train, parent=True),
        features=features_of,
        newline_within=config["features"]["newline_within"],
        source=source_of("rnnscope.analyses.features"),
    shell:
        "python -m rnnscope.analyses.features --split {params.split} --features {params.features} "
        "--newline-within {params.newline_within} --out {output} 2> {log}"


rule cells:
    """Figure F2: the units that tell each feature best, and what the best would get by chance."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=dumped_activations,
    output:
        table="results/{corpus}/analyses/cells.csv",
        baseline="results/{corpus}/analyses/cells_baseline.csv",
    log:
        "results/{corpus}/logs/cells.log",
    benchmark:
        "results/{corpus}/benchmarks/cells.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        activations=lambda wildcards, input: folder_flags(
            "--activations", input.activations
        ),
        settings=flags(config["cells"], "characters", "best", "permutations", "seed"),
        source=source_of("rnnscope.analyses.cells"),
    shell:
        "python -m rnnscope.analyses.cells --features {input.features} {params.activations} {params.settings} "
        "--out {output.table} --baseline {output.baseline} 2> {log}"
