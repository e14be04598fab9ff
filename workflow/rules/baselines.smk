rule ngrams:
    """Modified Kneser-Ney models of every horizon in one pass over the text."""
    input:
        train="results/{corpus}/split/train.npy",
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
        mem_mb=grows(1000, 100),
        runtime=grows(30, 0.5),
    params:
        split=subpath(input.train, parent=True),
        horizons=config["ngrams"]["horizons"],
        bootstrap_samples=config["bootstrap"]["samples"],
        seed=config["bootstrap"]["seed"],
        predictions=lambda wildcards, output: Path(output.predictions[0]).parent,
        source=source_of("rnnscope.ngrams.kneser_ney"),
    shell:
        "python -m rnnscope.ngrams.kneser_ney --split {params.split} --horizons 1-{params.horizons} "
        "--bootstrap-samples {params.bootstrap_samples} --seed {params.seed} "
        "--losses {output.losses} --predictions {params.predictions} 2> {log}"


rule train_nnn:
    """Train one n-NN of one hidden width; keep the epoch of the best validation loss."""
    input:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
    output:
        checkpoint="results/{corpus}/nnn/nnn-{n}/width-{width}/checkpoint.safetensors",
        history="results/{corpus}/nnn/nnn-{n}/width-{width}/history.csv",
        summary="results/{corpus}/nnn/nnn-{n}/width-{width}/summary.json",
    log:
        "results/{corpus}/logs/train_nnn/nnn-{n}-width-{width}.log",
    benchmark:
        "results/{corpus}/benchmarks/train_nnn/nnn-{n}-width-{width}.tsv"
    priority: work_of_nnn
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(1500, 2),
        runtime=minutes_of_training(time_of_nnn, config["training"]["epochs"]),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.train, parent=True),
        steps=config["nnn"]["steps"],
        recipe=recipe_flags(),
        out=subpath(output.checkpoint, parent=True),
        source=source_of("rnnscope.training.train_neural"),
    shell:
        "python -m rnnscope.training.train_neural --split {params.split} --n {wildcards.n} "
        "--hidden-width {wildcards.width} --steps {params.steps} {params.recipe} --threads {threads} "
        "--out {params.out} 2> {log}"


rule select_width:
    """Of an n-NN's hidden widths, keep the one of the best validation loss."""
    input:
        width_candidates,
    output:
        checkpoint="results/{corpus}/nnn/nnn-{n}/checkpoint.safetensors",
        history="results/{corpus}/nnn/nnn-{n}/history.csv",
        summary="results/{corpus}/nnn/nnn-{n}/summary.json",
    log:
        "results/{corpus}/logs/select_width/nnn-{n}.log",
    benchmark:
        "results/{corpus}/benchmarks/select_width/nnn-{n}.tsv"
    group:
        "evaluations"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        candidates=lambda wildcards, input: folder_flags("--candidate", input),
        out=subpath(output.checkpoint, parent=True),
        source=source_of("rnnscope.training.select"),
    shell:
        "python -m rnnscope.training.select {params.candidates} --out {params.out} 2> {log}"


rule evaluate_nnn:
    """The losses of an n-NN, and its probability of every character of the test part."""
    input:
        validation="results/{corpus}/split/validation.npy",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        checkpoint="results/{corpus}/nnn/nnn-{n}/checkpoint.safetensors",
    output:
        predictions="results/{corpus}/predictions/nnn-{n}.parquet",
        losses="results/{corpus}/nnn/nnn-{n}/evaluation.json",
    log:
        "results/{corpus}/logs/evaluate_nnn/nnn-{n}.log",
    benchmark:
        "results/{corpus}/benchmarks/evaluate_nnn/nnn-{n}.tsv"
    group:
        "evaluations"
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(1500, 10),
        runtime=grows(10, 0.5),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.test, parent=True),
        device=flags(config["training"], "device"),
        source=source_of("rnnscope.training.evaluate_neural"),
    shell:
        "python -m rnnscope.training.evaluate_neural --split {params.split} --checkpoint {input.checkpoint} "
        "{params.device} --threads {threads} "
        "--predictions {output.predictions} --losses {output.losses} 2> {log}"
