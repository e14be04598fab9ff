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
    group:
        "text"
    threads: 1
    resources:
        mem_mb=grows(1000, 50),
        runtime=5,
    params:
        split=subpath(input.train, parent=True),
        features=features_of,
        newline_within=config["features"]["newline_within"],
        source=source_of("rnnscope.analyses.units.features"),
    shell:
        "python -m rnnscope.analyses.units.features --split {params.split} --features {params.features} "
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
        source=source_of("rnnscope.analyses.units.cells"),
    shell:
        "python -m rnnscope.analyses.units.cells --features {input.features} {params.activations} {params.settings} "
        "--out {output.table} --baseline {output.baseline} 2> {log}"


rule probes:
    """What a linear read-out of a whole layer tells of each feature."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=dumped_activations,
        cells="results/{corpus}/analyses/cells.csv",
    output:
        "results/{corpus}/analyses/probes.csv",
    log:
        "results/{corpus}/logs/probes.log",
    benchmark:
        "results/{corpus}/benchmarks/probes.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        activations=lambda wildcards, input: folder_flags(
            "--activations", input.activations
        ),
        characters=flags(config["cells"], "characters"),
        source=source_of("rnnscope.analyses.units.probes"),
    shell:
        "python -m rnnscope.analyses.units.probes --features {input.features} {params.activations} "
        "--cells {input.cells} {params.characters} --out {output} 2> {log}"


rule memory_span:
    """How long the best units hold their features, against the steps of back-propagation."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=dumped_activations,
        cells="results/{corpus}/analyses/cells.csv",
        split="results/{corpus}/split/split.json",
    output:
        table="results/{corpus}/analyses/memory_span.csv",
        summary="results/{corpus}/analyses/memory_span_summary.csv",
    log:
        "results/{corpus}/logs/memory_span.log",
    benchmark:
        "results/{corpus}/benchmarks/memory_span.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        activations=lambda wildcards, input: folder_flags(
            "--activations", input.activations
        ),
        split=subpath(input.split, parent=True),
        characters=flags(config["cells"], "characters"),
        source=source_of("rnnscope.analyses.units.memory_span"),
    shell:
        "python -m rnnscope.analyses.units.memory_span --features {input.features} {params.activations} "
        "--cells {input.cells} --split {params.split} {params.characters} --out {output.table} "
        "--summary {output.summary} 2> {log}"


rule cell_text:
    """Figure F2: snippets of the test text with the values of the best units, and of some drawn at random."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=dumped_activations,
        cells="results/{corpus}/analyses/cells.csv",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
    output:
        "results/{corpus}/analyses/cell_text.csv",
    log:
        "results/{corpus}/logs/cell_text.log",
    benchmark:
        "results/{corpus}/benchmarks/cell_text.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        activations=lambda wildcards, input: folder_flags(
            "--activations", input.activations
        ),
        split=subpath(input.test, parent=True),
        characters=flags(config["cells"], "characters"),
        settings=flags(config["cell_text"], "lines", "columns", "random_units", "seed"),
        source=source_of("rnnscope.analyses.units.cell_text"),
    shell:
        "python -m rnnscope.analyses.units.cell_text --features {input.features} --split {params.split} "
        "{params.activations} --cells {input.cells} {params.characters} {params.settings} --out {output} 2> {log}"
