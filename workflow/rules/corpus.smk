rule fetch_text:
    """Download, copy or assemble a text, and check that it is what the configuration says."""
    input:
        local_sources,
    output:
        text="results/{corpus}/corpus/text.bin",
        manifest="results/{corpus}/corpus/manifest.json",
    log:
        "results/{corpus}/logs/fetch_text.log",
    benchmark:
        "results/{corpus}/benchmarks/fetch_text.tsv"
    localrule: True  # the nodes of a cluster often have no way out to a text's source
    threads: 1
    resources:
        mem_mb=grows(1000, 2),
        runtime=grows(60, 1),
    params:
        text=text_flags,
        out=subpath(output.text, parent=True),
        source=source_of("rnnscope.corpus.fetch"),
    shell:
        "python -m rnnscope.corpus.fetch {params.text:q} --out {params.out} 2> {log}"


rule split_text:
    """Lay the text out as streams and cut every stream in train, validation and test."""
    input:
        text="results/{corpus}/corpus/text.bin",
    output:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        summary="results/{corpus}/split/split.json",
    log:
        "results/{corpus}/logs/split_text.log",
    benchmark:
        "results/{corpus}/benchmarks/split_text.tsv"
    group:
        "text"
    threads: 1
    resources:
        mem_mb=grows(1000, 5),
        runtime=5,
    params:
        layout=flags(config["split"], "streams", "steps"),
        fractions=lambda wildcards: ",".join(
            map(str, config["corpora"][wildcards.corpus]["fractions"])
        ),
        out=subpath(output.train, parent=True),
        source=source_of("rnnscope.corpus.split"),
    shell:
        "python -m rnnscope.corpus.split --text {input.text} {params.layout} "
        "--fractions {params.fractions} --out {params.out} 2> {log}"
