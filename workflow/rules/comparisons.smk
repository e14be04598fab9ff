rule model_distances:
    """How far apart the models' predictions are: distances and dendrogram, companions of figure F1."""
    input:
        predictions=predictions_of(all_models()),
    output:
        distances="results/{corpus}/analyses/model_distances.csv",
        merges="results/{corpus}/analyses/model_merges.csv",
    log:
        "results/{corpus}/logs/model_distances.log",
    benchmark:
        "results/{corpus}/benchmarks/model_distances.tsv"
    group:
        "tables"
    threads: 1
    resources:
        # Four bytes a model for every test character: 0.5 MB for each MB of a text that has an eighth for testing.
        mem_mb=grows(1000, max(20, 0.5 * len(all_models()))),
        runtime=5,
    params:
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        models=all_models(),
        source=source_of("rnnscope.analyses.comparisons.model_distances"),
    shell:
        "python -m rnnscope.analyses.comparisons.model_distances --predictions-folder {params.predictions_folder} "
        "--models {params.models} --out-distances {output.distances} --out-merges {output.merges} 2> {log}"


rule model_map:
    """Figure F1: the models on a map, those that predict alike side by side."""
    input:
        "results/{corpus}/analyses/model_distances.csv",
    output:
        "results/{corpus}/analyses/model_map.csv",
    log:
        "results/{corpus}/logs/model_map.log",
    benchmark:
        "results/{corpus}/benchmarks/model_map.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        perplexity=comparison_flags("perplexity"),
        source=source_of("rnnscope.analyses.comparisons.model_map"),
    shell:
        "python -m rnnscope.analyses.comparisons.model_map --distances {input} {params.perplexity} --out {output} 2> {log}"


rule paired_differences:
    """The difference in test loss of every two models, with its interval."""
    input:
        predictions=predictions_of(all_models()),
    output:
        "results/{corpus}/analyses/paired_differences.csv",
    log:
        "results/{corpus}/logs/paired_differences.log",
    benchmark:
        "results/{corpus}/benchmarks/paired_differences.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        models=all_models(),
        bootstrap=block_flags(),
        source=source_of("rnnscope.analyses.losses.paired_differences"),
    shell:
        "python -m rnnscope.analyses.losses.paired_differences --predictions-folder {params.predictions_folder} "
        "--models {params.models} {params.bootstrap} --out {output} 2> {log}"


rule error_overlap:
    """Figure F4: whose errors are whose."""
    input:
        losses="results/{corpus}/analyses/losses.csv",
        summaries=nnn_summaries(),
        predictions=predictions_of([*models(), reference_ngram(), *nnns()]),
    output:
        overlap="results/{corpus}/analyses/error_overlap.csv",
        intersections="results/{corpus}/analyses/error_intersections.csv",
    log:
        "results/{corpus}/logs/error_overlap.log",
    benchmark:
        "results/{corpus}/benchmarks/error_overlap.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        candidates=candidate_flags(),
        nnn=lambda wildcards, input: folder_flags("--nnn", input.summaries),
        models=models(),
        source=source_of("rnnscope.analyses.errors.error_overlap"),
    shell:
        "python -m rnnscope.analyses.errors.error_overlap --predictions-folder {params.predictions_folder} "
        "--losses {input.losses} {params.candidates} {params.nnn} --models {params.models} "
        "--out-overlap {output.overlap} --out-intersections {output.intersections} 2> {log}"


rule character_gains:
    """Figure F4: which characters the best network predicts better than an n-gram model."""
    input:
        losses="results/{corpus}/analyses/losses.csv",
        vocabulary="results/{corpus}/split/vocabulary.json",
        predictions=predictions_of([*config["errors"]["candidates"], reference_ngram()]),
    output:
        "results/{corpus}/analyses/character_gains.csv",
    log:
        "results/{corpus}/logs/character_gains.log",
    benchmark:
        "results/{corpus}/benchmarks/character_gains.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        split=subpath(input.vocabulary, parent=True),
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        candidates=candidate_flags(),
        minimum_count=comparison_flags("minimum_count"),
        bootstrap=block_flags(),
        source=source_of("rnnscope.analyses.comparisons.character_gains"),
    shell:
        "python -m rnnscope.analyses.comparisons.character_gains --split {params.split} "
        "--predictions-folder {params.predictions_folder} --losses {input.losses} {params.candidates} "
        "{params.minimum_count} {params.bootstrap} --out {output} 2> {log}"


rule closing_delimiters:
    """Figure F5: how surely models close what was opened, by how long ago that was."""
    input:
        losses="results/{corpus}/analyses/losses.csv",
        summaries=nnn_summaries(),
        features="results/{corpus}/analyses/features.parquet",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        predictions=predictions_of(compared_models()),
    output:
        "results/{corpus}/analyses/closing_delimiters.csv",
    log:
        "results/{corpus}/logs/closing_delimiters.log",
    benchmark:
        "results/{corpus}/benchmarks/closing_delimiters.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        split=subpath(input.test, parent=True),
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        candidates=candidate_flags(),
        nnn=lambda wildcards, input: folder_flags("--nnn", input.summaries),
        minimum_count=comparison_flags("minimum_count"),
        bootstrap=block_flags(),
        source=source_of("rnnscope.analyses.comparisons.closing_delimiters"),
    shell:
        "python -m rnnscope.analyses.comparisons.closing_delimiters --split {params.split} --features {input.features} "
        "--predictions-folder {params.predictions_folder} --losses {input.losses} {params.candidates} {params.nnn} "
        "{params.minimum_count} {params.bootstrap} --out {output} 2> {log}"
