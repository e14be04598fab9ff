rule features:
    """What the text is doing at every test character: inside quotes, how far in its line, ..."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
    output:
        table="results/{corpus}/analyses/features.parquet",
        changes=table("feature_changes"),
    group:
        "text"
    resources:
        **needs(mem_mb=scaled_with_text(1000, 50)),
    params:
        **stage("analyses.units.features", Features),
        split=subpath(input.train, parent=True),
        features=features_of,
    shell:
        "python -m {params.module} --split {params.split} --features {params.features} {params.settings} --out {output.table} "
        "--out-changes {output.changes} 2> {log}"


rule saturation:
    """Figure F3: how much of the test text every gate unit is left- or right-saturated."""
    input:
        activations=activation_files(GATED),
    output:
        table=table("saturation"),
        counts=table("saturation_counts"),
    group:
        "tables"
    params:
        **stage("analyses.units.saturation"),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --activations {params.activations} --out {output.table} --counts {output.counts} 2> {log}"


rule cells:
    """Figure F2: the units that detect each feature best, and what the best would reach by chance."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=activation_files(DUMPED),
    output:
        table=table("cells"),
        baseline=table("cells_baseline"),
    priority: LONG
    resources:
        **needs(mem_mb=2000, runtime=120),
    params:
        **stage("analyses.units.cells", Units, Cells),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --features {input.features} --activations {params.activations} {params.settings} "
        "--out {output.table} --baseline {output.baseline} 2> {log}"


rule probes:
    """How well a linear probe of a whole layer predicts each feature."""
    input:
        features="results/{corpus}/analyses/features.parquet",
        activations=activation_files(DUMPED),
        cells=table("cells"),
    output:
        table("probes"),
    resources:
        **needs(mem_mb=4000, runtime=120),
    params:
        **stage("analyses.units.probes", Units),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --features {input.features} --activations {params.activations} --cells {input.cells} "
        "{params.settings} --out {output} 2> {log}"


rule memory_span:
    """How long the best units carry their features, beside the same network restarted, and the length of back-propagation."""
    input:
        **split_files("test", "vocabulary", "layout"),
        checkpoints=model_files(DUMPED, "checkpoint.safetensors"),
        features="results/{corpus}/analyses/features.parquet",
        activations=activation_files(DUMPED),
        cells=table("cells"),
    output:
        table=table("memory_span"),
        summary=table("memory_span_summary"),
    threads: THREADS
    resources:
        **needs(mem_mb=2000, runtime=60, gpu=GPU_SLOTS),
    params:
        **stage("analyses.units.memory_span", Units, MemorySpan, Resampling, Device),
        split=subpath(input.layout, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --features {input.features} --activations {params.activations} "
        "--models-folder {params.models_folder} --cells {input.cells} --split {params.split} {params.settings} "
        "--threads {threads} --out {output.table} --summary {output.summary} 2> {log}"


rule cell_text:
    """Figure F2: snippets of the test text with the values of the best units, and of some drawn at random."""
    input:
        **split_files("test", "vocabulary"),
        before=parts_before_test,
        features="results/{corpus}/analyses/features.parquet",
        activations=activation_files(DUMPED),
        cells=table("cells"),
        baseline=table("cells_baseline"),
    output:
        table("cell_text"),
    resources:
        **needs(mem_mb=1000, runtime=60),
    params:
        **stage("analyses.units.cell_text", Units, CellText),
        split=subpath(input.test, parent=True),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --features {input.features} --activations {params.activations} --cells {input.cells} "
        "--baseline {input.baseline} --split {params.split} {params.settings} --out {output} 2> {log}"
