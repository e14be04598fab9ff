rule ngrams:
    """Modified Kneser-Ney models of every horizon in one pass over the text."""
    input:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
    output:
        losses="results/{corpus}/analyses/ngram_losses.csv",
        predictions=expand(
            "results/{{corpus}}/predictions/ngram-{n}.parquet",
            n=range(1, config["ngrams"]["horizons"] + 1),
        ),
    log:
        "results/{corpus}/logs/ngrams.log",
    benchmark:
        "results/{corpus}/benchmarks/ngrams.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        split=subpath(input.train, parent=True),
        horizons=config["ngrams"]["horizons"],
        bootstrap_samples=config["bootstrap"]["samples"],
        seed=config["bootstrap"]["seed"],
        predictions=lambda wildcards, output: Path(output.predictions[0]).parent,
        source=source_of("rnnscope.baselines.kneser_ney"),
    shell:
        "python -m rnnscope.baselines.kneser_ney --split {params.split} --horizons 1-{params.horizons} "
        "--bootstrap-samples {params.bootstrap_samples} --seed {params.seed} "
        "--losses {output.losses} --predictions {params.predictions} 2> {log}"
