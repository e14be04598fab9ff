rule ngrams:
    """Modified Kneser-Ney models of every context length in one pass over the text."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
    output:
        counts=table("ngram_counts"),
        predictions=predictions(NGRAMS),
        validation=predictions_of_validation(REFERENCE_NGRAMS),
    priority: BEFORE_LONG
    resources:
        **needs(mem_mb=scaled_with_text(1000, 100), runtime=scaled_with_text(30, 0.5)),
    params:
        **stage("ngrams.kneser_ney", NGrams, ReferenceNGram),
        split=subpath(input.train, parent=True),
        predictions_folder=lambda wildcards, output: Path(output.predictions[0]).parent,
    shell:
        "python -m {params.module} --split {params.split} {params.settings} --counts {output.counts} "
        "--predictions-folder {params.predictions_folder} 2> {log}"
