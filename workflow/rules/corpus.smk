rule fetch_text:
    """Download, copy or assemble a text, and check that it is what the configuration says."""
    input:
        local_sources,
    output:
        text="results/{corpus}/corpus/text.bin",
        manifest="results/{corpus}/corpus/manifest.json",
    localrule: True  # the nodes of a cluster often have no access to the internet
    resources:
        **needs(mem_mb=scaled_with_text(1000, 2), runtime=scaled_with_text(60, 1)),
    params:
        **stage("corpus.fetch"),
        text=text_flags,
        digests=digests_of(source_paths),
        out=subpath(output.text, parent=True),
    shell:
        "python -m {params.module} {params.text:q} --out {params.out} 2> {log}"


rule split_text:
    """Lay the text out as streams and cut every stream in train, validation and test."""
    input:
        text="results/{corpus}/corpus/text.bin",
    output:
        **split_files("train", "validation", "test", "vocabulary", "layout"),
    group:
        "text"
    params:
        **stage("corpus.split", SplitSettings),
        fractions=fractions,
        characters=character_flags,
        out=subpath(output.train, parent=True),
    shell:
        "python -m {params.module} --text {input.text} {params.settings} --fractions {params.fractions} {params.characters} "
        "--out {params.out} 2> {log}"
