rule context:
    """How much of the past networks use: their losses after the last characters alone."""
    input:
        **split_files("train", "validation", "test", "vocabulary", "layout"),
        checkpoints=model_files(CONTEXT_MODELS, "checkpoint.safetensors"),
        predictions=predictions([*CONTEXT_MODELS, *NGRAMS, *NNNS]),
    output:
        table=table("context"),
        summary=table("context_summary"),
    priority: LONG
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(2000, 30), runtime=scaled_with_text(240, 10), gpu=GPU_SLOTS),
    params:
        **stage("analyses.context.context", Context, Resampling, Device),
        split=subpath(input.layout, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
        predictions_folder=folder_of("predictions"),
        finite=["--finite", *NGRAMS, *NNNS] if [*NGRAMS, *NNNS] else [],
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} "
        "--predictions-folder {params.predictions_folder} {params.settings} {params.finite} --threads {threads} "
        "--out {output.table} --out-summary {output.summary} 2> {log}"


rule timescales:
    """How fast every unit forgets by its gates."""
    input:
        activations=activation_files(DUMPED),
    output:
        table("timescales"),
    group:
        "tables"
    params:
        **stage("analyses.context.timescales", Resampling),
        activations=folders_of("activations"),
    shell:
        "python -m {params.module} --activations {params.activations} {params.settings} --out {output} 2> {log}"


rule swapped_states:
    """What is left of a swapped past in the state, character by character."""
    input:
        **split_files("test", "vocabulary", "layout"),
        checkpoints=model_files(DUMPED, "checkpoint.safetensors"),
    output:
        table=table("swapped_states"),
        halving=table("halving_distances"),
    threads: THREADS
    resources:
        **needs(mem_mb=2000, runtime=120, gpu=GPU_SLOTS),
    params:
        **stage("analyses.context.swapped_states", Timescales, Resampling, Device),
        split=subpath(input.layout, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
        models=DUMPED,
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} --models {params.models} "
        "{params.settings} --threads {threads} --out {output.table} --out-halving {output.halving} 2> {log}"


rule mutual_information:
    """How much two characters of the text depend on each other, by their distance."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
    output:
        table("mutual_information"),
    resources:
        **needs(mem_mb=scaled_with_text(1000, 60), runtime=scaled_with_text(20, 1)),
    params:
        **stage("analyses.context.mutual_information", Timescales),
        split=subpath(input.train, parent=True),
    shell:
        "python -m {params.module} --split {params.split} {params.settings} --out {output} 2> {log}"
